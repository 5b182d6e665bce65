"""How does a simulated provider serve HTTP/2, and how does it go away?

GOAWAY is written past h2, which would close its state machine: streams up to the last one are still answered, those
above it are ignored, as a real server does, and the connection is closed when the last has been answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, cast

import h2.events as h2e
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import H2Error
from h2.settings import SettingCodes, Settings
from hpack import Encoder, HeaderTuple, NeverIndexedHeaderTuple
from hyperframe.frame import GoAwayFrame

from firmware_sim.providers.clock import Now, utc_now
from firmware_sim.providers.message import Answer, Ending, Reply, Request

MAX_STREAMS: Final = 1000
LINGER_S: Final = 2.0
# After the last answer of a connection that went away: closed at once, with requests in it that nobody read, TCP would
# reset it, and the client's system would throw away the answers that it had not read yet.

FORGET_EVERY: Final = 512  # streams
CREDIT: Final = 16 * 1024 * 1024  # bytes; pushes are small, none shall wait

Header = tuple[bytes, bytes]
Text = bytes | str


@dataclass(slots=True, kw_only=True)
class Incoming:
    """A request that is coming in."""

    headers: Sequence[Header]
    body: bytearray = field(default_factory=bytearray)

    def whole(self, came: datetime) -> Request:
        """The request, when its last byte has come."""
        named = {name.decode(): value.decode() for name, value in self.headers}
        path, _, _query = named[":path"].partition("?")
        return Request(method=named[":method"], path=path, headers=named, body=bytes(self.body), came=came)


class PlainEncoder(Encoder):
    """Writes header texts as they are; Huffman's code is slow in Python, at both ends."""

    def encode(
        self,
        headers: Iterable[HeaderTuple | tuple[Text, Text] | tuple[Text, Text, bool | None]] | dict[Text, Text],
        huffman: bool = False,  # noqa: FBT001, FBT002  hpack's signature
    ) -> bytes:
        """As hpack's, without Huffman's code."""
        return super().encode(headers, huffman=huffman)


class CountedConnection(H2Connection):
    """A server's connection whose owner counts the open streams; h2 walks over all of them at each new one."""

    def __init__(self) -> None:
        super().__init__(H2Configuration(client_side=False, header_encoding=None, validate_outbound_headers=False))
        self.encoder = PlainEncoder()
        self.opened = 0
        self.ever = 0

    @property
    def open_inbound_streams(self) -> int:
        """How many streams are open; now and then those that ended are let go of."""
        self.ever += 1
        if self.ever % FORGET_EVERY == 0:
            self._open_streams(1)
        return self.opened


class Http2Server(asyncio.Protocol):
    """One connection."""

    def __init__(self, answer: Answer, goaway_every: Callable[[], int | None], now: Now = utc_now) -> None:
        self._answer = answer
        self._now = now
        self._came = now()  # the bytes that are being read
        self._goaway_every = goaway_every
        self._h2 = CountedConnection()
        self._incoming: dict[int, Incoming] = {}
        self._answering: set[int] = set()
        self._unsent: dict[int, bytes] = {}  # bodies that wait for credit
        self._last: int | None = None  # the last stream that is served, once GOAWAY was said
        self._leaving = False
        self._served = 0
        self._flushing = False
        self._transport: asyncio.Transport
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._transport = cast("asyncio.Transport", transport)
        self._h2.local_settings = Settings(
            client=False, initial_values={SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS}
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CREDIT)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._came = self._now()
        try:
            for event in self._h2.receive_data(data):
                self._act(event)
        except H2Error:
            self._flush()
            self._transport.close()
            return
        self._flush_soon()

    def _act(self, event: h2e.Event) -> None:
        if isinstance(event, h2e.RequestReceived):
            self._incoming[event.stream_id or 0] = Incoming(headers=cast("Sequence[Header]", event.headers))
            self._h2.opened = len(self._incoming) + len(self._answering)
        elif isinstance(event, h2e.DataReceived):
            self._h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
            if event.stream_id in self._incoming:
                self._incoming[event.stream_id].body += event.data or b""
        elif isinstance(event, h2e.StreamEnded):
            self._serve(event.stream_id or 0)
        elif isinstance(event, h2e.StreamReset):
            self._incoming.pop(event.stream_id or 0, None)
            self._answered(event.stream_id or 0)
        elif isinstance(event, h2e.WindowUpdated | h2e.RemoteSettingsChanged):
            for stream_id in list(self._unsent):
                self._send_body(stream_id)

    def _serve(self, stream_id: int) -> None:
        incoming = self._incoming.pop(stream_id, None)
        if incoming is None or (self._last is not None and stream_id > self._last):
            return
        self._answering.add(stream_id)
        reply = self._answer(incoming.whole(self._came))
        self._served += 1
        every = self._goaway_every()
        if every is not None and self._last is None and self._served % every == 0:
            self._say_goaway(stream_id)
        self._give(stream_id, reply)

    def _give(self, stream_id: int, reply: Reply) -> None:
        """Answer as the reply says."""
        if reply.delay:
            now = Reply(
                status=reply.status, headers=reply.headers, body=reply.body, ending=reply.ending, drip=reply.drip
            )
            self._loop.call_later(reply.delay.total_seconds(), self._give, stream_id, now)
        elif stream_id not in self._answering:
            return
        elif reply.ending is Ending.CUT:
            self._transport.abort()
        elif reply.ending is Ending.RESET:
            self._h2.reset_stream(stream_id, ErrorCodes.INTERNAL_ERROR)
            self._answered(stream_id)
        elif reply.ending is Ending.ANSWER:
            self._send(stream_id, reply)
        self._flush_soon()

    def _send(self, stream_id: int, reply: Reply) -> None:
        headers: list[Header] = [(b":status", b"%d" % reply.status)]
        headers += [NeverIndexedHeaderTuple(name.encode(), value.encode()) for name, value in reply.headers.items()]
        self._h2.send_headers(stream_id, headers, end_stream=not reply.body)
        if not reply.body:
            self._answered(stream_id)
        elif reply.drip:
            self._drip(stream_id, reply.body, reply.drip.total_seconds())
        else:
            self._unsent[stream_id] = reply.body
            self._send_body(stream_id)

    def _drip(self, stream_id: int, body: bytes, pause_s: float) -> None:
        if stream_id in self._answering and not self._transport.is_closing():
            self._h2.send_data(stream_id, body[:1], end_stream=len(body) == 1)
            self._flush_soon()
            if len(body) == 1:
                self._answered(stream_id)
            else:
                self._loop.call_later(pause_s, self._drip, stream_id, body[1:], pause_s)

    def _send_body(self, stream_id: int) -> None:
        """As much of the body as there is credit for; the rest waits."""
        body = self._unsent.pop(stream_id)
        while body:
            credit = min(self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size)
            if credit <= 0:
                self._unsent[stream_id] = body
                return
            piece, body = body[:credit], body[credit:]
            self._h2.send_data(stream_id, piece, end_stream=not body)
        self._answered(stream_id)

    def _answered(self, stream_id: int) -> None:
        self._answering.discard(stream_id)
        self._unsent.pop(stream_id, None)
        if self._last is not None and not self._answering and not self._leaving:
            self._leaving = True
            self._loop.call_later(LINGER_S, self._leave)

    def _say_goaway(self, stream_id: int) -> None:
        self._flush()
        self._last = stream_id
        frame = GoAwayFrame(0, last_stream_id=stream_id, error_code=int(ErrorCodes.NO_ERROR))
        self._transport.write(frame.serialize())

    def _leave(self) -> None:
        self._flush()
        self._transport.close()

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if not self._transport.is_closing():
            data = self._h2.data_to_send()
            if data:
                self._transport.write(data)
