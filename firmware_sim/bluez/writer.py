"""How is a flood put on the bus without breaking the connection?

dbus-fast takes a full socket for a dead one (its writer does not expect EAGAIN) and closes. So we hand it one message
at a time, and only while the socket has room: Linux calls a unix socket writable when most of its buffer is free.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
from collections import deque
from typing import Final

from dbus_fast import Message
from dbus_fast.aio.message_bus import MessageBus

from firmware_sim.errors import BusUnavailable

AGAIN_S: Final = 0.002  # until a full socket is looked at again; dbus-daemon empties one in about a millisecond


class Writer:
    """An unbounded queue before one bus; `drained` is its back-pressure."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._queue: deque[Message] = deque()
        if bus._sock is None:  # noqa: SLF001  it offers no other way to ask for room, nor one for bytes
            raise BusUnavailable("the bus is not connected")
        self._socket = bus._sock  # noqa: SLF001  the same
        self._room = select.poll()
        self._room.register(self._socket, select.POLLOUT)
        self._in_flight: asyncio.Future[None] | None = None
        self._pouring = False
        self._timer: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()

    def send(self, message: Message) -> None:
        """Send now or when there is room; a message to a bus that has gone is lost."""
        self._queue.append(message)
        if self._timer is None:
            self._flush()

    async def drained(self) -> None:
        """Return when the bus has taken all that was sent."""
        while self._queue and self._bus.connected:
            self._empty.clear()
            await self._empty.wait()

    async def pour(self, raw: bytes) -> None:
        """Send many messages that are bytes already, as one; what is sent meanwhile comes after them."""
        await self.drained()
        if self._in_flight is not None:
            await asyncio.wait([self._in_flight])
        self._pouring = True
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, raw)
        except OSError:
            return  # the bus has gone
        finally:
            self._pouring = False
            if self._timer is None:
                self._flush()

    async def until_gone(self) -> None:
        """Wait for the connection's end, whoever ended it: a bus that dies takes bluetoothd along, as in life."""
        with contextlib.suppress(OSError, EOFError):
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast leaves it without types

    def close(self) -> None:
        """Forget what was not sent."""
        self._queue.clear()
        self._empty.set()
        if self._timer is not None:
            self._timer.cancel()

    def _flush(self) -> None:
        self._timer = None
        if not self._bus.connected:
            self._queue.clear()
        while self._queue:
            if not self._has_room():
                self._timer = asyncio.get_running_loop().call_later(AGAIN_S, self._flush)
                return
            self._in_flight = self._bus.send(self._queue.popleft())
            self._in_flight.add_done_callback(_done)
        self._empty.set()

    def _has_room(self) -> bool:
        taken = self._in_flight is None or self._in_flight.done()
        return taken and not self._pouring and bool(self._room.poll(0))


def _done(sending: asyncio.Future[None]) -> None:
    """A message that the bus did not take is lost with the bus, which `until_gone` tells."""
    if not sending.cancelled():
        sending.exception()
