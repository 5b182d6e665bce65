"""The commands about gateways: who they are, how they do, and who is let in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from hub.cli import answers
from hub.cli.admin import AsJson, Config, ask

Named = Annotated[str, typer.Argument(metavar="VENUE/GATEWAY", help="Where there is one venue, GATEWAY will do.")]


def add_to(app: typer.Typer) -> None:
    """Put the commands on the program."""
    group = typer.Typer(name="gateway", help="The gateways of the venues.", no_args_is_help=True, rich_markup_mode=None)
    for command in (gateway_add, gateway_list, gateway_revoke, gateway_rotate):
        group.command(command.__name__.removeprefix("gateway_"))(command)
    app.add_typer(group)


def gateway_add(config: Config, gateway: Named, as_json: AsJson = False) -> None:
    """Make a gateway's password for the broker and print it, this once; a revocation is undone."""
    answer = ask(config, "gateway add", {"gateway": gateway})
    _print(answer, as_json, [answer["secret"]])
    _tell_the_broker(answer["passwd"])


def gateway_list(config: Config, venue: Annotated[str | None, typer.Option()] = None, as_json: AsJson = False) -> None:
    """List the gateways, and when each was last heard."""
    answer = ask(config, "gateway list", {"venue": venue})
    _print(answer, as_json, answers.gateways(answer["gateways"]))


def gateway_rotate(config: Config, gateway: Named, as_json: AsJson = False) -> None:
    """Make another password and print it, this once; the old one opens no new session."""
    answer = ask(config, "gateway rotate", {"gateway": gateway})
    _print(answer, as_json, [answer["secret"]])
    _tell_the_broker(answer["passwd"])


def gateway_revoke(config: Config, gateway: Named, as_json: AsJson = False) -> None:
    """Hear a gateway no more, from this moment on, and take its password from it."""
    answer = ask(config, "gateway revoke", {"gateway": gateway})
    _print(answer, as_json, [f"{answer['user']} is revoked"])
    _tell_the_broker(answer["passwd"])


def _tell_the_broker(passwd: str) -> None:
    typer.echo(f"its hash stands in {passwd}; mosquitto reads it when it is told to (SIGHUP)", err=True)


def _print(answer: Mapping[str, Any], as_json: bool, lines: list[str]) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False) if as_json else "\n".join(lines))
