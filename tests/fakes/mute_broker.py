"""A broker on a real socket that answers CONNECT, SUBSCRIBE and PINGREQ, and while it is mute confirms no PUBLISH.

It speaks as much MQTT 5 as one gateway needs; of what it takes, `takes` is told. For a real one, see broker.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Callable
from typing import Final, Self

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 8, 12, 14
_CONNACK: Final = bytes.fromhex("2003000000")
_PINGRESP: Final = bytes.fromhex("d000")


class MuteBroker:
    """`async with` listens. The first `mute_sessions` are mute; it may be raised at any moment."""

    def __init__(self, takes: Callable[[str, bytes], None]) -> None:
        self.mute_sessions = 0
        self.port = 0
        self.sessions = self.pings = 0
        self._takes = takes
        self._writer: asyncio.StreamWriter | None = None  # of the last session

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        if self._writer is not None:
            self._writer.close()

    def say(self, topic: str, payload: bytes) -> None:
        """Publish to the gateway, with QoS 0."""
        if self._writer is not None:
            self._writer.write(_packet(PUBLISH, _text(topic) + b"\0" + payload))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        self._writer = writer
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                first, body = await _read(reader)
                if first >> 4 == DISCONNECT:
                    break
                writer.write(self._answer(first >> 4, body))
        writer.close()

    def _answer(self, kind: int, body: bytes) -> bytes:
        if kind == CONNECT:
            return _CONNACK
        if kind == SUBSCRIBE:
            return _packet(9, body[:2] + b"\0" + b"\1" * _filters(body[3:]))
        if kind == PINGREQ:
            self.pings += 1
            return _PINGRESP
        return self._publish(body) if kind == PUBLISH else b""

    def _publish(self, body: bytes) -> bytes:
        """With QoS 1; the properties are skipped: they are few."""
        (size,) = struct.unpack_from("!H", body)
        topic, packet, rest = body[2 : 2 + size].decode(), body[2 + size : 4 + size], body[4 + size :]
        self._takes(topic, rest[1 + rest[0] :])
        return b"" if self.sessions <= self.mute_sessions else _packet(4, packet)


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    (first,) = await reader.readexactly(1)
    size = shift = 0
    while True:
        (byte,) = await reader.readexactly(1)
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return first, await reader.readexactly(size)


def _packet(kind: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while size >= 0x80:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([kind << 4, *length, size]) + body


def _text(text: str) -> bytes:
    return struct.pack("!H", len(text.encode())) + text.encode()


def _filters(body: bytes) -> int:
    """How many there are in what follows on a SUBSCRIBE's properties."""
    count = at = 0
    while at < len(body):
        (size,) = struct.unpack_from("!H", body, at)
        at += 2 + size + 1
        count += 1
    return count
