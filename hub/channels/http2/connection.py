"""What happens on one HTTP/2 connection, from its first byte to its last?

Requests of many tasks share it. What they write in one turn of the loop leaves in one piece; one that finds nobody
under way leaves at once. When the connection ends, each request is told whether any byte of it had left: if none, it
was certainly not processed; if some, nobody can know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, cast

import h2.events as h2e
from h2.errors import ErrorCodes
from h2.exceptions import H2Error, NoAvailableStreamIDError
from h2.settings import SettingCodes, Settings

from hub.channels.http2.machine import PatientConnection, error_name, said
from hub.channels.http2.outcome import InDoubt, NotProcessed, Response
from hub.channels.http2.slots import Slots
from hub.channels.http2.stream import Header, Stream

MAX_STREAMS: Final = 1000
# What APNs allows. More in flight would only wait at the peer, in doubt instead of in our own queue.

CREDIT: Final = 16 * 1024 * 1024
# The connection's receive window: a thousand answers of 16 KiB, so that none waits for credit.

FORGET_EVERY: Final = 512  # streams; h2 keeps a closed stream until it is asked to count

SILENT_AFTER_S: Final = 5.0
# A request was given up, and for this long the peer said nothing at all, to nobody: the way to it is probably dead.


class Connection(asyncio.Protocol):
    """One connection. `request` may be called by many tasks; `ready` is done when the peer's settings are known."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._h2 = PatientConnection()
        self._transport: asyncio.Transport | None = None
        self._streams: dict[int, Stream] = {}
        self._unflushed: list[Stream] = []  # since the last turn: no byte of theirs has left
        self._starved: list[int] = []  # streams whose body waits for credit
        self._slots = Slots()
        self._flushing = False
        self._pong: asyncio.Future[None] | None = None
        self._end: str | None = None  # why no new stream is opened
        self.ready: asyncio.Future[None] = loop.create_future()
        self.heard_at = loop.time()  # when the peer last said anything

    @property
    def accepting(self) -> bool:
        """Whether new requests may be made on it."""
        return self._end is None

    @property
    def has_room(self) -> bool:
        """Whether a request could be made without waiting."""
        return self._end is None and self._slots.free

    @property
    def streams(self) -> int:
        """How many requests are under way."""
        return len(self._streams)

    async def take_slot(self) -> None:
        """Wait until the peer allows another stream. Raises NotProcessed when it never will."""
        await self._slots.take()

    async def request(self, headers: Sequence[Header], body: bytes) -> Response:
        """Make one request, on a slot that was taken. A cancelled call resets its stream."""
        stream_id, stream = self._open(headers, body)
        try:
            return await stream.answer
        except asyncio.CancelledError:
            self._abandon(stream_id, stream)
            raise
        finally:
            self._close_stream(stream_id)

    async def ping(self) -> None:
        """Wait until the peer answers a ping. Raises NotProcessed when the connection ends instead."""
        if self._end is not None:
            raise NotProcessed(self._end, again=True)
        if self._pong is None or self._pong.done():
            self._pong = self._loop.create_future()
            self._h2.ping(b"innkeepr")
            self._flush_soon()
        await asyncio.shield(self._pong)

    def retire(self, why: str) -> None:
        """Open no more streams; close when those under way have finished."""
        if self._end is None:
            self._end = why
            self._slots.end(why)
        if not self.ready.done():
            self.ready.set_exception(NotProcessed(why, again=True))
            self.ready.exception()  # nobody may be waiting for it
        if not self._streams:
            self.close()

    def close(self) -> None:
        """Close now."""
        if self._transport is not None:
            self._transport.close()

    def cut(self) -> None:
        """Close now, whatever is still to be written."""
        # A TLS transport that is closing has nothing left to abort; told to, that of Python 3.11.2 (Debian 12) raises.
        if self._transport is not None and not self._transport.is_closing():
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TLS handshake is done."""
        self._transport = cast("asyncio.Transport", transport)
        self._h2.local_settings = Settings(client=True, initial_values={SettingCodes.ENABLE_PUSH: 0})
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CREDIT)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self.heard_at = self._loop.time()
        try:
            for event in self._h2.receive_data(data):
                act = _ACTS.get(type(event))
                if act is not None:
                    act(self, event)
        except H2Error as exc:
            self._die(f"the peer broke HTTP/2: {type(exc).__name__}")
            return
        self._flush_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._transport_gone(f"the connection was lost: {type(exc).__name__}" if exc else "the peer closed")

    # streams

    def _open(self, headers: Sequence[Header], body: bytes) -> tuple[int, Stream]:
        if self._end is not None:
            self._slots.give()
            raise NotProcessed(self._end, again=True)
        stream = Stream(answer=self._loop.create_future())
        try:
            stream_id = self._h2.send_request(headers, body)
            if stream_id is None:
                stream_id = self._h2.get_next_available_stream_id()
                self._h2.send_headers(stream_id, headers, end_stream=not body)
                stream.unsent = memoryview(body)
        except NoAvailableStreamIDError as exc:
            self._slots.give()
            self.retire("all stream ids are used")
            raise NotProcessed("all stream ids are used", again=True) from exc
        self._streams[stream_id] = stream
        self._h2.opened += 1
        self._unflushed.append(stream)
        if stream.unsent:
            self._send_body(stream_id, stream)
        if len(self._streams) == 1:
            self._flush()  # alone, it waits for no others of this turn
        else:
            self._flush_soon()
        return stream_id, stream

    def _send_body(self, stream_id: int, stream: Stream) -> None:
        """As much of the body as there is credit for; the rest waits."""
        while len(stream.unsent) > 0:
            credit = min(self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size)
            if credit <= 0:
                self._starved.append(stream_id)
                return
            piece, stream.unsent = stream.unsent[:credit], stream.unsent[credit:]
            self._h2.send_data(stream_id, piece, end_stream=len(stream.unsent) == 0)

    def _close_stream(self, stream_id: int) -> None:
        self._streams.pop(stream_id, None)
        self._h2.opened -= 1
        if stream_id % (2 * FORGET_EVERY) == 1:
            self._h2.forget_closed_streams()
        self._slots.give()
        if self._end is not None and not self._streams:
            self.close()

    def _abandon(self, stream_id: int, stream: Stream) -> None:
        """The caller waits no longer: tell the peer, and trust a silent connection no more."""
        if stream.answer.done() and not stream.answer.cancelled():
            return  # the answer came in the same moment
        self._reset(stream_id)
        if stream.written and self._loop.time() - self.heard_at > SILENT_AFTER_S:
            self.retire("the peer fell silent")

    def _reset(self, stream_id: int) -> None:
        try:
            self._h2.reset_stream(stream_id, ErrorCodes.CANCEL)
        except H2Error:
            return  # the stream or the connection has ended meanwhile
        self._flush_soon()

    # events

    def _on_response(self, event: h2e.ResponseReceived) -> None:
        stream = self._streams.get(event.stream_id or 0)
        if stream is not None:
            stream.take_headers(cast("Sequence[Header]", event.headers))

    def _on_data(self, event: h2e.DataReceived) -> None:
        stream_id = event.stream_id or 0
        if event.flow_controlled_length:
            self._h2.acknowledge_received_data(event.flow_controlled_length, stream_id)
        stream = self._streams.get(stream_id)
        if stream is not None and not stream.take_data(event.data or b""):
            stream.finish()
            self._reset(stream_id)

    def _on_end(self, event: h2e.StreamEnded) -> None:
        stream = self._streams.get(event.stream_id or 0)
        if stream is not None:
            stream.finish()

    def _on_reset(self, event: h2e.StreamReset) -> None:
        stream = self._streams.get(event.stream_id or 0)
        if stream is None:
            return
        if event.error_code == ErrorCodes.REFUSED_STREAM:
            stream.fail(NotProcessed("the peer refused the stream", again=True))
        else:
            stream.fail(InDoubt(f"the peer reset the stream: {error_name(event.error_code)}"))

    def _on_goaway(self, event: h2e.ConnectionTerminated) -> None:
        """Streams above the last one were not processed; the others may still be answered."""
        orderly = event.error_code == ErrorCodes.NO_ERROR
        why = f"the peer says GOAWAY {error_name(event.error_code)}{said(event.additional_data)}"
        last = event.last_stream_id or 0
        for stream_id, stream in self._streams.items():
            if stream_id > last:
                stream.fail(NotProcessed(why, again=orderly))
        self.retire(why)

    def _on_settings(self, event: h2e.RemoteSettingsChanged) -> None:
        self._slots.set_limit(min(MAX_STREAMS, self._h2.remote_settings.max_concurrent_streams))
        if not self.ready.done():
            self.ready.set_result(None)
        if SettingCodes.INITIAL_WINDOW_SIZE in event.changed_settings:
            self._feed()

    def _on_credit(self, _event: h2e.WindowUpdated) -> None:
        if self._starved:
            self._feed()

    def _feed(self) -> None:
        """Credit has come: the bodies that wait go on, in their order."""
        starved, self._starved = self._starved, []
        for stream_id in starved:
            stream = self._streams.get(stream_id)
            if stream is not None and not stream.answer.done():
                self._send_body(stream_id, stream)

    def _on_pong(self, _event: h2e.PingAckReceived) -> None:
        if self._pong is not None and not self._pong.done():
            self._pong.set_result(None)

    # bytes

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._transport is None or self._transport.is_closing():
            return
        data = self._h2.data_to_send()
        if data:
            self._transport.write(data)
            for stream in self._unflushed:
                stream.written = True
            self._unflushed.clear()

    def _die(self, why: str) -> None:
        """The peer cannot be understood any more."""
        self._flush()  # h2 has written its GOAWAY
        self.cut()
        self._transport_gone(why)

    def _transport_gone(self, why: str) -> None:
        for stream in self._streams.values():
            stream.fail(InDoubt(why) if stream.written else NotProcessed(why, again=True))
        if self._pong is not None and not self._pong.done():
            self._pong.set_exception(NotProcessed(why, again=True))
            self._pong.exception()  # nobody may be waiting for it
        self.retire(why)


_ACTS: Final[dict[type[h2e.Event], Callable[[Connection, object], None]]] = cast(
    "dict[type[h2e.Event], Callable[[Connection, object], None]]",
    {
        h2e.ResponseReceived: Connection._on_response,  # noqa: SLF001  this class's own table of events
        h2e.DataReceived: Connection._on_data,  # noqa: SLF001  the same
        h2e.StreamEnded: Connection._on_end,  # noqa: SLF001  the same
        h2e.StreamReset: Connection._on_reset,  # noqa: SLF001  the same
        h2e.ConnectionTerminated: Connection._on_goaway,  # noqa: SLF001  the same
        h2e.RemoteSettingsChanged: Connection._on_settings,  # noqa: SLF001  the same
        h2e.WindowUpdated: Connection._on_credit,  # noqa: SLF001  the same
        h2e.PingAckReceived: Connection._on_pong,  # noqa: SLF001  the same
    },
)
