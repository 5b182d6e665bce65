"""`innkeeper hub`: runs the hub until it is told to stop."""

from __future__ import annotations

import asyncio
import os
from contextlib import nullcontext

import typer

from hub.app.interpreter import bind_to, kept_awake, prepare_interpreter
from hub.app.serve import serve
from hub.cli.admin import Config
from hub.config.hub_toml import read_config


def add_to(app: typer.Typer) -> None:
    """Put the command on the program."""
    app.command("hub")(hub)


def hub(config: Config) -> None:
    """Run the hub. SIGTERM or Ctrl-C ends it in order; SIGHUP reads the venues again, a broken set keeps the old."""
    settings = read_config(config, cores=os.sched_getaffinity(0))
    prepare_interpreter()
    if settings.hub.core is not None:
        bind_to(settings.hub.core)
    with kept_awake() if settings.hub.awake else nullcontext():
        asyncio.run(serve(settings))
