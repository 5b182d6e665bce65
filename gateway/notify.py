"""How does systemd know that we are well? The protocol of sd_notify(3): a datagram to the socket that it names."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

PATIENCE_S: Final = 1300.0  # a little more than the watchdog's own, which ends in good order
DEFAULT_S: Final = 10.0  # between two words, where systemd asks for no watchdog


class Notifier:
    """Silent where no systemd listens."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        wanted = environment.get("WATCHDOG_USEC", "")
        mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._watchdog_s = int(wanted) / 1e6 if wanted.isdecimal() and mine and int(wanted) else None

    @property
    def every_s(self) -> float:
        """How often to say something: well within what the watchdog allows."""
        return DEFAULT_S if self._watchdog_s is None else min(DEFAULT_S, self._watchdog_s / 3)

    def say(self, **words: str) -> None:
        """`READY="1"`, `STATUS="…"` and the like."""
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        text = "\n".join(f"{name}={value}" for name, value in words.items())
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
            door.setblocking(False)  # noqa: FBT003  the standard library's own signature
            door.sendto(text.encode(), address)

    async def run(
        self, well: Callable[[], Awaitable[str]], status: Callable[[], str], *, now: Callable[[], float]
    ) -> None:
        """Say READY, then how we are, and that we are alive.

        `well` says why we are not. For PATIENCE_S we mend that ourselves, or end; then systemd is left to do it.
        """
        self.say(READY="1", STATUS=status())
        well_at = now()
        while True:
            fault = await well()
            if not fault:
                well_at = now()
            alive = {"WATCHDOG": "1"} if now() - well_at < PATIENCE_S else {}
            self.say(STATUS=f"{status()}; {fault}" if fault else status(), **alive)
            await asyncio.sleep(self.every_s)
