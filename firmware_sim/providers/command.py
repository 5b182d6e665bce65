"""`innkeeper-sim providers`: what does it take, and what does it say?"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from typing import Final

from firmware_sim.providers.authority import BadDirectory, RelayOptions
from firmware_sim.providers.stand import PortTaken, open_providers

PORTS: Final = 4
LAST_PORT: Final = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--port", type=_port, required=True, metavar="N", help="APNs; FCM, SMTP, control on N+1 to N+3")
    parser.add_argument("--dir", type=Path, required=True, metavar="D", help="gets ca.pem, keys and hub.toml.part")
    parser.add_argument("--log", type=Path, required=True, metavar="FILE", help="one JSON line an accepted request")
    parser.add_argument("--smtp-security", choices=("tls", "starttls", "none"), default="starttls", help="of the relay")
    parser.add_argument("--smtp-login", action="store_true", help="the relay wants the login that stands in D")


def run(args: argparse.Namespace) -> int:
    """Stand until told to stop; 0, or 1 when a port or a file cannot be had."""
    try:
        asyncio.run(
            _stand(args.port, args.dir, args.log, RelayOptions(security=args.smtp_security, login=args.smtp_login))
        )
    except (PortTaken, BadDirectory) as exc:
        return _failed(str(exc))
    except OSError as exc:
        return _failed(f"{exc.filename or args.dir}: {(exc.strerror or str(exc)).lower()}")
    except KeyboardInterrupt:
        pass
    return 0


async def _stand(port: int, directory: Path, log: Path, smtp: RelayOptions) -> None:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        async with open_providers(port, directory, log, smtp=smtp):
            sys.stdout.write(
                f"providers ready: apns https://127.0.0.1:{port}, fcm https://127.0.0.1:{port + 1}, "
                f"smtp 127.0.0.1:{port + 2}, behaviour http://127.0.0.1:{port + 3}/behaviour\n"
            )
            sys.stdout.flush()
            await asyncio.get_running_loop().create_future()


def _failed(line: str) -> int:
    sys.stderr.write(f"innkeeper-sim providers: {line}\n")
    return 1


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= LAST_PORT - PORTS + 1:
        raise argparse.ArgumentTypeError(f"found {text!r}; right would be 1 to {LAST_PORT - PORTS + 1}")
    return int(text)
