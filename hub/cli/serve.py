"""`innkeeper hub`: runs the hub until it is told to stop."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

import typer

from hub.app.serve import serve
from hub.cli.admin import Config
from hub.config.hub_toml import read_config

SWITCH_S: Final = 0.0005
# The store's thread asks for the interpreter after each statement, and a busy event loop lets it wait for so long. With
# Python's own 5 ms, a guest's push left twice as late.


def add_to(app: typer.Typer) -> None:
    """Put the command on the program."""
    app.command("hub")(hub)


def hub(config: Config) -> None:
    """Run the hub. SIGTERM or Ctrl-C ends it in order; SIGHUP reads the venues again, a broken set keeps the old."""
    sys.setswitchinterval(SWITCH_S)
    asyncio.run(serve(read_config(config)))
