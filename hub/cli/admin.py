"""The commands that ask a hub: tokens, imports, the outbox, and why.

They speak to the hub that runs, over its socket; without one they take its lock and ask the store themselves, so that
there is never a second writer. Every one prints text for people, or with `--json` what the hub answered.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from hub.cli import answers
from hub.config.hub_toml import read_config
from hub.control.client import call
from hub.control.commands import IMPORTS, LISTED
from hub.errors import BadRequest, HubNotRunning
from hub.identity.token import Role
from hub.outbox.message import State

Config = Annotated[Path, typer.Option("--config", help="The hub's hub.toml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what a program would read.")]

SOCKET = "hub.sock"


def add_to(app: typer.Typer) -> None:
    """Put the commands on the program."""
    for name, help_, commands in (
        ("token", "Who may ask the hub's API for what.", (token_create, token_list, token_revoke)),
        ("import", "Guests, tags and reservations from CSV files.", (import_guests, import_tags, import_reservations)),
        ("guest", "One guest's data.", (guest_export, guest_erase)),
    ):
        group = typer.Typer(name=name, help=help_, no_args_is_help=True, rich_markup_mode=None)
        for command in commands:
            group.command(command.__name__.removeprefix(f"{name}_"))(command)
        app.add_typer(group)
    app.command("why")(why)


_NOT_YET_GONE: Final = (
    "; while another process reads the database, bytes of that are left in its log: the hub empties it afterwards"
)


def ask(config: Path, command: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """What the hub answers, or what its store answers where no hub runs."""
    read = read_config(config)
    try:
        return call(read.hub.data_dir / SOCKET, command, args)
    except HubNotRunning:
        # Loaded here alone: the store's libraries take a second, and a running hub has them loaded already.
        from hub.app.offline import ask_the_store  # noqa: PLC0415  see above

        return asyncio.run(ask_the_store(read, command, dict(args)))


def _print(answer: Mapping[str, Any], as_json: bool, lines: list[str]) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False) if as_json else "\n".join(lines))


def token_create(
    config: Config,
    role: Annotated[Role, typer.Option(help="What it may do.")],
    name: Annotated[str, typer.Option(help="Who will hold it.")],
    venue: Annotated[str | None, typer.Option(help="The one venue that it may see; none: all.")] = None,
    guest: Annotated[str | None, typer.Option(help="The one guest that an app's token may write about.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print its secret, this once: only its hash is kept."""
    args = {"role": role.value, "name": name, "venue": venue, "guest": guest}
    answer = ask(config, "token create", args)
    _print(answer, as_json, [answer["secret"]])


def token_list(config: Config, as_json: AsJson = False) -> None:
    """List the tokens, without their secrets."""
    answer = ask(config, "token list", {})
    _print(answer, as_json, answers.tokens(answer["tokens"]))


def token_revoke(config: Config, token: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    """Make a token useless from now on."""
    answer = ask(config, "token revoke", {"id": token})
    _print(answer, as_json, [f"{token} is revoked"])


def import_guests(config: Config, file: Path, as_json: AsJson = False) -> None:
    """Take guests from a CSV file: all of it, or with a line a fault nothing."""
    _import("guests", config, file, as_json)


def import_tags(config: Config, file: Path, as_json: AsJson = False) -> None:
    """Take tags, and whose they are, from a CSV file: all of it, or nothing."""
    _import("tags", config, file, as_json)


def import_reservations(config: Config, file: Path, as_json: AsJson = False) -> None:
    """Take reservations from a CSV file: all of it, or nothing."""
    _import("reservations", config, file, as_json)


def _import(kind: str, config: Path, file: Path, as_json: bool) -> None:
    assert kind in IMPORTS  # noqa: S101  ours, above
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise BadRequest(f"{file}: cannot be read: {(exc.strerror or str(exc)).lower()}") from exc
    except UnicodeDecodeError as exc:
        raise BadRequest(f"{file}: found bytes that are not UTF-8; right would be a CSV file in UTF-8") from exc
    answer = ask(config, f"import {kind}", {"text": text, "file": str(file)})
    _print(
        answer,
        as_json,
        [f"{file}: " + (", ".join(f"{count} {what}" for what, count in answer.items()) or f"no {kind}")],
    )


def outbox_list(
    config: Config,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    venue: Annotated[str | None, typer.Option()] = None,
    guest: Annotated[str | None, typer.Option()] = None,
    limit: Annotated[int, typer.Option(help="How many, the newest first.")] = LISTED,
    as_json: AsJson = False,
) -> None:
    """List messages, the newest first."""
    wanted = {"state": state and state.value, "venue": venue, "guest": guest, "limit": limit}
    answer = ask(config, "outbox list", wanted)
    _print(answer, as_json, answers.messages(answer["messages"]))


def outbox_show(config: Config, message: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    """Show one message with its whole why and its attempts."""
    answer = ask(config, "outbox show", {"id": message})
    _print(answer, as_json, answers.story(answer["message"]))


def why(
    config: Config, subject: Annotated[str, typer.Argument(metavar="MESSAGE-OR-GUEST")], as_json: AsJson = False
) -> None:
    """Say why a message was sent or not, or all that was decided about a guest, newest first."""
    answer = ask(config, "why", {"id": subject})
    lines = answers.story(answer["message"]) if "message" in answer else answers.decisions(answer["decisions"])
    _print(answer, as_json, lines)


def guest_export(config: Config, guest: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Print all that is held about a guest, as JSON."""
    typer.echo(json.dumps(ask(config, "guest export", {"id": guest}), ensure_ascii=False, indent=2))


def guest_erase(config: Config, guest: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Delete all that is held about a guest; counts stay, without the person."""
    answer = ask(config, "guest erase", {"id": guest})
    typer.echo(f"{guest} is erased" if answer["done"] else f"{guest} is erased{_NOT_YET_GONE}")
