"""Which connection does a request take, and when is it tried again?

There is one connection an origin. When it stops accepting (GOAWAY, lost, silent), the next request opens another,
while the old one finishes what is under way. A request is tried again only when it certainly was not processed, and
only until START_WITHIN_S: after that the caller is told so while its own deadline still runs, so that waiting for a
connection never turns into doubt.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from hpack import HeaderTuple, NeverIndexedHeaderTuple

from hub.channels.http2.connection import Connection
from hub.channels.http2.outcome import NotProcessed, Response
from hub.channels.http2.stream import Header

START_WITHIN_S: Final = 4.0
# Connecting and waiting for a stream, tries included. Who withdraws her consent gets nothing more after 5 s, and it was
# asked about just before.

HANDSHAKE_WITHIN_S: Final = 3.0

QUIET_AFTER_S: Final = 30.0
# A connection that said nothing for so long is asked by a ping before it is used: network equipment forgets quiet
# connections without a word, and a request into one of those would end in doubt.

PONG_WITHIN_S: Final = 2.0

HTTPS_PORT: Final = 443

ONCE: Final = frozenset({"apns-id", "apns-collapse-id", "apns-expiration"})
# Of one message or one guest, as the path is: not to be remembered by the peer's header table. That keeps them out of
# it, and keeps in it what every request repeats.

MAX_TRIES: Final = 20
# A peer that goes away every 300 requests refuses a thousand at once three times over; one that refuses all is left.


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where requests go: `https://host:port`."""

    host: str
    port: int

    @property
    def authority(self) -> str:
        """As the request says it."""
        return self.host if self.port == HTTPS_PORT else f"{self.host}:{self.port}"


def read_origin(url: str) -> Origin:
    """The origin of an https URL. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError(f"found {url!r}; right would be https://host or https://host:port")
    return Origin(host=parts.hostname, port=parts.port or HTTPS_PORT)


class Http2Client:
    """Requests to one origin. Made by `open_http2`."""

    def __init__(self, origin: Origin, tls: ssl.SSLContext) -> None:
        self._origin = origin
        self._tls = tls
        self._current: Connection | None = None
        self._retired: set[Connection] = set()
        self._opening = asyncio.Lock()
        self._tries = 0  # to connect, ever
        self._last_failure: NotProcessed | None = None  # of the last try to connect
        self._fixed = (
            (b":method", b"POST"),
            (b":scheme", b"https"),
            (b":authority", origin.authority.encode("ascii")),
        )

    async def post(self, path: str, headers: Mapping[str, str], body: bytes, *, by: float | None = None) -> Response:
        """Make one POST, once, and begin it by that moment of the loop's time; by itself START_WITHIN_S from now.

        The caller bounds the whole call. Raises NotProcessed or InDoubt.
        """
        if by is not None and asyncio.get_running_loop().time() > by:
            raise NotProcessed("it was too late to begin")
        wanted = self._head(path, headers)
        tried = 0
        deadline = by  # reckoned only when the first try fails: most do not
        while True:
            tried += 1
            connection = self._current
            if connection is None or not connection.has_room or self._is_quiet(connection):
                deadline = deadline or asyncio.get_running_loop().time() + START_WITHIN_S
                connection = await self._connection_with_room(deadline)
            else:
                await connection.take_slot()
            try:
                return await connection.request(wanted, body)
            except NotProcessed as failure:
                now = asyncio.get_running_loop().time()
                deadline = deadline or now + START_WITHIN_S
                if not failure.again or tried == MAX_TRIES or now > deadline:
                    raise

    def close(self) -> None:
        """Close every connection; what is under way fails."""
        for connection in (self._current, *self._retired):
            if connection is not None:
                connection.retire("we are closing")
                connection.close()

    def _head(self, path: str, headers: Mapping[str, str]) -> list[Header]:
        head: list[Header] = [*self._fixed, NeverIndexedHeaderTuple(b":path", path.encode("ascii"))]
        for name, value in headers.items():
            kind = NeverIndexedHeaderTuple if name in ONCE else HeaderTuple
            head.append(kind(name.encode("ascii"), value.encode("ascii")))
        return head

    def _is_quiet(self, connection: Connection) -> bool:
        return asyncio.get_running_loop().time() - connection.heard_at > QUIET_AFTER_S

    async def _connection_with_room(self, deadline: float) -> Connection:
        """A connection and a slot on it, by the deadline."""
        try:
            async with asyncio.timeout_at(deadline):
                while True:
                    connection = await self._connection()
                    with contextlib.suppress(NotProcessed):
                        await connection.take_slot()
                        return connection
        except TimeoutError as exc:
            raise NotProcessed("no stream was free in time") from exc

    async def _connection(self) -> Connection:
        """The connection in use, or a new one; one task opens, the others wait for what it finds."""
        tries = self._tries
        async with self._opening:
            if self._current is not None and self._current.accepting and await self._is_alive(self._current):
                return self._current
            if self._tries > tries and self._last_failure is not None:
                raise NotProcessed(str(self._last_failure)) from self._last_failure
            self._tries += 1
            self._last_failure = None
            try:
                opened = await self._open()
            except NotProcessed as failure:
                self._last_failure = failure
                raise
            self._replace(opened)
            return opened

    async def _is_alive(self, connection: Connection) -> bool:
        if not self._is_quiet(connection):
            return True
        try:
            async with asyncio.timeout(PONG_WITHIN_S):
                await connection.ping()
        except (TimeoutError, NotProcessed):
            connection.retire("no answer to a ping")
            return False
        return True

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            transport, connection = await loop.create_connection(
                lambda: Connection(loop),
                self._origin.host,
                self._origin.port,
                ssl=self._tls,
                server_hostname=self._origin.host,
                ssl_handshake_timeout=HANDSHAKE_WITHIN_S,
            )
        except OSError as exc:  # refused, DNS, TLS: no byte of a request was written
            raise NotProcessed(f"cannot connect: {type(exc).__name__}") from exc
        spoken = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        if spoken != "h2":
            connection.cut()
            raise NotProcessed("the peer does not speak HTTP/2")
        try:
            await connection.ready
        except BaseException:
            connection.cut()
            raise
        return connection

    def _replace(self, opened: Connection) -> None:
        self._retired = {old for old in (*self._retired, self._current) if old is not None and old.streams}
        self._current = opened


@contextlib.asynccontextmanager
async def open_http2(origin: Origin, tls: ssl.SSLContext) -> AsyncIterator[Http2Client]:
    """A client of one origin; connects at the first request."""
    tls.set_alpn_protocols(["h2"])
    client = Http2Client(origin, tls)
    try:
        yield client
    finally:
        client.close()
