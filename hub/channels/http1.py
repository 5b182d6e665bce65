"""How is one POST made over HTTP/1.1, to one address, so that certain failure and doubt are told apart?

A connection of its own for each request: a webhook gets few, and a kept connection that the peer has closed meanwhile
would turn certainty into doubt. Until the request's first byte is written, every failure is certain. A redirect is an
answer like any other and is not followed. What is read is bounded; the caller bounds the time.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import h11

from hub.channels.http2.outcome import InDoubt, NotProcessed, Response

MAX_ANSWER: Final = 64 * 1024  # bytes of a body; an id is a few dozen
CONNECT_WITHIN_S: Final = 2.0  # TLS included
_READ: Final = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the request goes."""

    address: str  # in numbers: nothing is resolved here
    port: int
    host: str  # as the URL says it: for the Host header and the certificate
    path: str  # with its query
    tls: ssl.SSLContext | None

    @property
    def authority(self) -> str:
        """As the request says it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 80 if self.tls is None else 443
        return host if self.port == usual else f"{host}:{self.port}"


async def post(place: Place, headers: Mapping[str, str], body: bytes, *, by: float | None = None) -> Response:
    """Make one POST, once, on a connection that is there by that moment of the loop's time.

    By itself CONNECT_WITHIN_S from now, and never later. Raises NotProcessed or InDoubt.
    """
    machine = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_ANSWER)
    request = _request(machine, place, headers, body)
    reader, writer = await _connected(place, by)
    try:
        writer.write(request)
        await writer.drain()
        return await _answer(reader, machine)
    except (OSError, EOFError, h11.RemoteProtocolError) as exc:
        raise InDoubt(f"after the request: {type(exc).__name__}") from exc
    finally:
        writer.transport.abort()


async def _connected(place: Place, by: float | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    deadline = asyncio.get_running_loop().time() + CONNECT_WITHIN_S
    try:
        async with asyncio.timeout_at(deadline if by is None else min(by, deadline)):
            return await asyncio.open_connection(
                place.address, place.port, ssl=place.tls, server_hostname=place.host if place.tls else None
            )
    except OSError as exc:  # refused, silent, TLS: no byte of the request was written
        raise NotProcessed(f"cannot connect: {type(exc).__name__}") from exc


def _request(machine: h11.Connection, place: Place, headers: Mapping[str, str], body: bytes) -> bytes:
    named = [("host", place.authority), *headers.items(), ("content-length", str(len(body))), ("connection", "close")]
    parts = (
        h11.Request(method="POST", target=place.path, headers=named),
        h11.Data(data=body),
        h11.EndOfMessage(),
    )
    return b"".join(machine.send(part) or b"" for part in parts)


async def _answer(reader: asyncio.StreamReader, machine: h11.Connection) -> Response:
    head: h11.Response | None = None
    body = bytearray()
    while True:
        event = machine.next_event()
        if event is h11.NEED_DATA:
            machine.receive_data(await reader.read(_READ))
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            raise EOFError
        if head is not None and (isinstance(event, h11.EndOfMessage) or len(body) > MAX_ANSWER):
            # An answer that is too long is an answer all the same: its status says what became of the request.
            named = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
            return Response(status=head.status_code, headers=named, body=bytes(body[:MAX_ANSWER]))
