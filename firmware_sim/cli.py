"""`innkeeper-sim`: a venue to try things in, without a radio, a guest, or Apple."""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import version
from types import ModuleType
from typing import Final

from firmware_sim import record
from firmware_sim.demo import command as demo
from firmware_sim.demo import walk as world
from firmware_sim.load import command as load
from firmware_sim.logs import set_up_logs
from firmware_sim.providers import command as providers

COMMANDS: Final[dict[str, tuple[ModuleType, str]]] = {
    "demo": (demo, "the whole system on simulated parts, and its story"),
    "record": (record, "a simulated venue's readings, a labelled walk, and the truth, as files"),
    "load": (load, "a crowd at a hub's door: enrols tags, publishes sightings as fast as told, prints rates"),
    "providers": (providers, "APNs, FCM and SMTP endpoints that log what they accept"),
    "world": (world, "the demo's radios and walkers; the demo starts it"),
}


def main() -> None:
    """Run the command that the arguments name, and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; the exit code: 0 done, 1 the thing asked about is wrong, 2 wrong usage."""
    args = _parser().parse_args(arguments)
    set_up_logs(args.log_format)
    code: int = COMMANDS[args.command][0].run(args)
    return code


class _Parser(argparse.ArgumentParser):
    """One line for a wrong argument, and where help is."""

    def error(self, message: str) -> None:  # type: ignore[override]  # argparse's own never returns; nor does this
        self.exit(2, f"{self.prog}: {message}; `{self.prog} --help` lists what is right\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="innkeeper-sim", description=__doc__)
    parser.add_argument("--version", action="version", version=f"innkeeper-sim {version('innkeeper')}")
    parser.add_argument("--log-format", choices=("text", "json"), default="text")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, (module, help_) in COMMANDS.items():
        module.add_arguments(commands.add_parser(name, help=help_, description=help_))
    return parser
