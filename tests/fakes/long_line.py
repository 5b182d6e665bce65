"""A TCP connection that may go dead without a word, as when a switch loses power: both ends believe in it still."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self


class LongLine:
    """Between a client and a port on loopback; `dies` and nothing passes, nothing is closed."""

    def __init__(self, port: int) -> None:
        self.port = 0  # to be dialled
        self._to = port
        self._dead = False
        self._pumps: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def dies(self) -> None:
        """Whoever dials afterwards hears nothing either."""
        self._dead = True

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        for one, other in ((reader, far_writer), (far_reader, writer)):
            pump = asyncio.create_task(self._pump(one, other))
            self._pumps.add(pump)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                if self._dead:
                    await asyncio.Event().wait()  # until we are cancelled
                writer.write(data)
                await writer.drain()
        except OSError:
            return
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
