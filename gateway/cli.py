"""What can a person ask of a gateway? `run`, `scan`, `record`, `check`.

Exit codes: 0 done, 1 what was asked about is wrong, 2 wrong usage or configuration.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from gateway import config, daemon, logs, onsite
from gateway.errors import ConfigError, GatewayError
from gateway.loop import new_loop
from gateway.versions import version_of


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code."""
    args = arguments().parse_args(argv)
    logs.set_up(args.log_format)
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(_do(args))
    except ConfigError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    except GatewayError as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    except KeyboardInterrupt:
        return 130  # as a shell says of SIGINT


class _Parser(argparse.ArgumentParser):
    """One line for wrong usage, and where help is."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; `{self.prog} --help` lists what is right\n")


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = _Parser(
        prog="innkeeper-gateway", description="Hears the beacons of guests and tells the hub, under pseudonyms."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version_of('innkeeper')}")
    parser.add_argument("--log-format", choices=("text", "json"), default="text")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="hear and tell, until stopped")
    run.add_argument("--config", type=Path, required=True, metavar="FILE", help="gateway.toml")

    check = commands.add_parser("check", help="is it well configured, can it hear, can it reach the broker?")
    check.add_argument("--config", type=Path, required=True, metavar="FILE", help="gateway.toml")
    check.add_argument("--seconds", type=float, default=10.0, help="how long to listen at most")

    scan = commands.add_parser("scan", help="what is heard now")
    record = commands.add_parser("record", help="what is heard, to a recording")
    record.add_argument("file", type=Path, metavar="F", help="JSON Lines; must not exist yet")
    record.add_argument("--gateway", default="here", help="the id that stands in the recording, without --config")
    record.add_argument("--tag", action="append", default=[], help="this tag alone; may be said again for others")
    for command in (scan, record):
        command.add_argument("--config", type=Path, metavar="FILE", help="gateway.toml, for its [radio]")
        command.add_argument("--adapter", default="hci0", help="name or Bluetooth address, without --config")
        command.add_argument("--seconds", type=float, help="end by itself after this long")
    return parser


async def _do(args: argparse.Namespace) -> int:
    if args.command == "run":
        await daemon.serve(config.load(args.config), daemon.stop_on_signals())
        return 0
    if args.command == "check":
        return await onsite.check(config.load(args.config), within_s=args.seconds, say=_say)
    only = onsite.tags_of(getattr(args, "tag", ()))
    gateway, ears, vendors = onsite.ears(args.config, args.adapter, getattr(args, "gateway", "here"))
    stop = daemon.stop_on_signals()
    if args.command == "scan":
        known = None if args.config is None else await onsite.wishes(config.load(args.config))
        live = sys.stdout.isatty()
        return await onsite.scan(ears, vendors, stop, within_s=args.seconds, say=_say, wishes=known, live=live)
    return await onsite.record(ears, vendors, gateway, args.file, stop, within_s=args.seconds, say=_say, only=only)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
