"""How does a person call the hub, and what is she told when something is wrong?

Exit codes: 0 done; 1 the thing asked about is wrong (a failing example, a server out of reach, a directory in use);
2 wrong usage or configuration. Every error is one line a fault on standard error, without a traceback.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Annotated, Final

import typer
from typer._click.exceptions import (  # typer carries its click inside, and names these two nowhere else
    ClickException,
    NoArgsIsHelpError,
)

from hub.app.logs import LogFormat, set_up_logs
from hub.errors import BadConfig, BadRequest, HubError

DONE, WRONG, USAGE = 0, 1, 2

SUBJECTS: Final = {  # each command, and the module that knows it: all in the order of `--help`
    "init": "hub.cli.init",
    "check": "hub.cli.check",
    "try": "hub.cli.tryout",
    "hub": "hub.cli.serve",
    "token": "hub.cli.admin",
    "import": "hub.cli.admin",
    "gateway": "hub.cli.gateways",
    "outbox": "hub.cli.delivery",
    "consent": "hub.cli.delivery",
    "backup": "hub.cli.delivery",
    "restore": "hub.cli.delivery",
    "guest": "hub.cli.admin",
    "why": "hub.cli.admin",
    "presence": "hub.cli.presence",
    "pause": "hub.cli.journeys",
    "resume": "hub.cli.journeys",
    "drain": "hub.cli.journeys",
    "stop": "hub.cli.journeys",
    "move": "hub.cli.journeys",
    "backtest": "hub.cli.backtest",
}


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"innkeeper {version('innkeeper')}")
        raise typer.Exit


def root(
    log_format: Annotated[LogFormat, typer.Option(help="How log lines are written.")] = LogFormat.TEXT,
    version: Annotated[  # noqa: ARG001  its callback answers
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Greets people where they are."""
    set_up_logs(log_format)


def build(arguments: list[str]) -> typer.Typer:
    """The program, with the commands that these arguments may mean.

    Only the named command's module is loaded: the store, the web and the rules take a second and more, which nobody
    who asks a running hub for a token should wait for.
    """
    app = typer.Typer(
        name="innkeeper",
        help="Greets people where they are. `innkeeper init hotel DIR` lays out a venue to begin with.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(root)
    for subject in _subjects(arguments):
        subject.add_to(app)
    return app


def _subjects(arguments: list[str]) -> list[ModuleType]:
    """The modules of the commands that these arguments may mean, loaded."""
    named = next((SUBJECTS[argument] for argument in arguments if argument in SUBJECTS), None)
    return [import_module(module) for module in dict.fromkeys([named] if named else SUBJECTS.values())]


def main() -> None:
    """Run the command that the arguments name, and leave with its exit code."""
    gc.disable()  # what modules make stays to the end: to look through it over and over is a quarter of the start
    _subjects(sys.argv[1:])
    gc.freeze()
    gc.enable()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; the exit code."""
    try:
        outcome = build(arguments)(args=arguments, standalone_mode=False, prog_name="innkeeper")
    except NoArgsIsHelpError as exc:
        typer.echo(exc.format_message())
        return USAGE
    except ClickException as exc:
        return _tell(_usage(exc), USAGE)
    except (BadConfig, BadRequest) as exc:
        return _tell(str(exc), USAGE)
    except (HubError, typer.Abort) as exc:
        return _tell(str(exc) or "interrupted", WRONG)
    except BrokenPipeError:  # the reader has gone away: `innkeeper … | head`
        sys.stderr.close()
        return WRONG
    return outcome if isinstance(outcome, int) else DONE


def _usage(fault: ClickException) -> str:
    message = " ".join(fault.format_message().replace("Value error, ", "").split())
    message = message.replace(". Did you mean", "; did you mean").rstrip(".")
    return (
        f"{message[:1].lower()}{message[1:]}{'' if message[-1:] == '?' else ';'} `innkeeper --help` lists what is right"
    )


def _tell(message: str, code: int) -> int:
    for line in message.splitlines():
        typer.echo(f"innkeeper: {line}" if not _has_place(line) else line, err=True)
    return code


def _has_place(line: str) -> bool:
    """A fault that already begins with `file:line:column:` stands alone, so that an editor can follow it."""
    parts = line.split(":", 3)
    return len(parts) > 3 and parts[1].isdigit() and parts[2].isdigit()  # noqa: PLR2004  file, line, column, rest
