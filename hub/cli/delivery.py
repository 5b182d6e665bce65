"""The commands about delivery: the outbox by hand, the ledger of consents, backup and restore."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.admin import AsJson, Config, ask, outbox_list, outbox_show
from hub.config.hub_toml import read_config

Answer = Mapping[str, Any]
MessageId = Annotated[str, typer.Argument(metavar="ID")]


def add_to(app: typer.Typer) -> None:
    """Put the commands on the program."""
    for name, help_, commands in (
        ("outbox", "The messages.", (outbox_list, outbox_show, outbox_retry, outbox_pause, outbox_resume)),
        ("consent", "The ledger of consents.", (consent_check,)),
    ):
        group = typer.Typer(name=name, help=help_, no_args_is_help=True, rich_markup_mode=None)
        for command in commands:
            group.command(command.__name__.removeprefix(f"{name}_"))(command)
        app.add_typer(group)
    app.command("backup")(backup)
    app.command("restore")(restore)


def _print(answer: Answer, as_json: bool, lines: list[str]) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False) if as_json else "\n".join(lines))


def outbox_retry(
    config: Config,
    message: MessageId,
    accept_duplicate: Annotated[
        bool, typer.Option("--accept-duplicate", help="Of one that is possibly delivered: she may get it twice.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Have a dead letter tried again, while it is still worth sending and a fresh message might go."""
    answer = ask(config, "outbox retry", {"id": message, "accept_duplicate": accept_duplicate})
    held = f": {answer['held']}" if answer["held"] else ""
    _print(answer, as_json, [f"{message} was {answer['was']} and is tried again{held}"])


def outbox_pause(config: Config, as_json: AsJson = False) -> None:
    """Send nothing from now on, by any channel, whatever is decided; after a restart too."""
    _print(ask(config, "outbox pause", {}), as_json, ["nothing is sent until `innkeeper outbox resume`"])


def outbox_resume(config: Config, as_json: AsJson = False) -> None:
    """Send what is still worth sending; the rest has expired meanwhile."""
    _print(ask(config, "outbox resume", {}), as_json, ["messages are sent"])


def consent_check(config: Config, as_json: AsJson = False) -> None:
    """Look whether any statement was changed, put in or taken out. The hash is for you to note: compare it later."""
    answer = ask(config, "consent check", {})
    _print(answer, as_json, [f"{answer['statements']} statements, all as they were; the last hash is {answer['head']}"])


def backup(config: Config, file: Path) -> None:
    """Write all that is held, keys and secrets too, into one file that only you may read."""
    ask(config, "backup", {"file": str(file.absolute())})
    typer.echo(f"{file} holds all of it, secrets too: keep it as such")


def restore(config: Config, file: Path) -> None:
    """Put a backup in the place of what is held; no hub may run. Nothing is sent again, and nobody erased returns."""
    # Loaded here alone: the store's libraries take a second, and the other commands do without.
    from hub.app.restoring import restore_from  # noqa: PLC0415  see above

    for line in restore_from(read_config(config), file):
        typer.echo(line)
