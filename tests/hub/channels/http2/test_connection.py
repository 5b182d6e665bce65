"""One connection, byte by byte: h2 plays the peer, and no socket is opened."""

from __future__ import annotations

import asyncio

import h2.events as h2e
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

from hub.channels.http2.connection import Connection
from hub.channels.http2.outcome import InDoubt, NotProcessed, Response
from hub.channels.http2.stream import Header

HEAD: list[Header] = [(b":method", b"POST"), (b":scheme", b"https"), (b":authority", b"h"), (b":path", b"/")]


class Wire(asyncio.Transport):
    """Keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        """As a TLS transport of Python 3.11.2 does."""
        if self.closed:
            raise AttributeError("'NoneType' object has no attribute '_abort'")
        self.closed = True


class Pair:
    """A connection of ours and a peer."""

    def __init__(self, *, max_streams: int = 100) -> None:
        self.ours = Connection(asyncio.get_running_loop())
        self.wire = Wire()
        self.peer = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self.peer.local_settings = Settings(
            client=False, initial_values={SettingCodes.MAX_CONCURRENT_STREAMS: max_streams}
        )
        self.peer.initiate_connection()
        self.events: list[h2e.Event] = []
        self.ours.connection_made(self.wire)

    async def exchange(self) -> None:
        """Let both sides say all that they have to say."""
        for _ in range(3):
            await asyncio.sleep(0)
            self.events += self.peer.receive_data(bytes(self.wire.written))
            self.wire.written.clear()
            self.ours.data_received(self.peer.data_to_send())
            await asyncio.sleep(0)

    def ask(self) -> asyncio.Task[Response]:
        return asyncio.create_task(self._ask())

    async def _ask(self) -> Response:
        await self.ours.take_slot()
        return await self.ours.request(HEAD, b"body")

    def say_goaway(self, last: int, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        self.ours.data_received(GoAwayFrame(0, last_stream_id=last, error_code=int(code)).serialize())

    def answer(self, stream_id: int) -> None:
        self.peer.send_headers(stream_id, [(b":status", b"200")], end_stream=True)


async def a_pair(*, max_streams: int = 100) -> Pair:
    pair = Pair(max_streams=max_streams)
    await pair.exchange()
    return pair


async def test_goaway_fails_the_streams_above_and_lets_those_below_finish() -> None:
    pair = await a_pair()
    below, above = pair.ask(), pair.ask()
    await pair.exchange()

    pair.say_goaway(1)
    pair.answer(1)
    await pair.exchange()

    assert (await below).status == 200
    with pytest.raises(NotProcessed) as refused:
        await above
    assert refused.value.again
    assert pair.wire.closed


async def test_a_graceful_goaway_fails_nothing_until_the_last_stream_is_named() -> None:
    pair = await a_pair()
    first, second = pair.ask(), pair.ask()
    await pair.exchange()

    pair.say_goaway(2**31 - 1)
    await asyncio.sleep(0)

    assert not pair.ours.accepting
    assert not first.done()
    pair.say_goaway(1)
    with pytest.raises(NotProcessed):
        await second
    pair.answer(1)
    await pair.exchange()
    assert (await first).status == 200


async def test_goaway_with_an_error_is_not_tried_again_at_once() -> None:
    pair = await a_pair()
    asked = pair.ask()
    await pair.exchange()

    pair.say_goaway(0, ErrorCodes.ENHANCE_YOUR_CALM)

    with pytest.raises(NotProcessed, match="ENHANCE_YOUR_CALM") as refused:
        await asked
    assert not refused.value.again


async def test_after_a_goaway_a_lost_connection_leaves_what_was_below_in_doubt() -> None:
    pair = await a_pair()
    asked = pair.ask()
    await pair.exchange()

    pair.say_goaway(1)
    pair.ours.connection_lost(None)

    with pytest.raises(InDoubt):
        await asked


async def test_a_request_of_which_no_byte_left_was_not_processed() -> None:
    pair = await a_pair()
    alone, after = pair.ask(), pair.ask()
    await asyncio.sleep(0)  # both are made; the bytes of one who finds somebody under way would leave in the next turn
    pair.ours.connection_lost(ConnectionResetError())

    with pytest.raises(NotProcessed):
        await after
    with pytest.raises(InDoubt):
        await alone


async def test_a_refused_stream_was_not_processed() -> None:
    pair = await a_pair()
    asked = pair.ask()
    await pair.exchange()

    pair.peer.reset_stream(1, ErrorCodes.REFUSED_STREAM)
    await pair.exchange()

    with pytest.raises(NotProcessed) as refused:
        await asked
    assert refused.value.again


async def test_no_more_streams_than_the_peer_allows_are_open_at_once() -> None:
    pair = await a_pair(max_streams=2)
    asked = [pair.ask() for _ in range(3)]
    await pair.exchange()

    assert pair.ours.streams == 2
    pair.answer(1)
    await pair.exchange()
    assert asked[0].done()
    assert pair.ours.streams == 2
    assert sum(isinstance(event, h2e.RequestReceived) for event in pair.events) == 3
    for each in asked:
        each.cancel()
    await asyncio.gather(*asked, return_exceptions=True)


async def test_who_waits_for_a_stream_is_told_when_the_connection_ends() -> None:
    pair = await a_pair(max_streams=1)
    asked = [pair.ask() for _ in range(3)]
    await pair.exchange()

    pair.ours.connection_lost(None)
    results = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(result) for result in results] == [InDoubt, NotProcessed, NotProcessed]


async def test_who_waits_and_gives_up_takes_no_slot_along() -> None:
    pair = await a_pair(max_streams=1)
    first, second, third = pair.ask(), pair.ask(), pair.ask()
    await pair.exchange()

    second.cancel()
    await asyncio.sleep(0)
    pair.answer(1)
    await pair.exchange()
    pair.answer(3)
    await pair.exchange()

    assert (await first).status == 200
    assert (await third).status == 200


async def test_a_peer_that_breaks_http2_leaves_doubt_and_no_open_connection() -> None:
    pair = await a_pair()
    asked = pair.ask()
    await pair.exchange()

    pair.ours.data_received(b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x")  # data of no stream

    with pytest.raises(InDoubt):
        await asked
    assert pair.wire.closed


async def test_one_that_closed_before_it_was_ready_is_cut_without_a_fault() -> None:
    pair = Pair()

    pair.ours.retire("we are closing")
    pair.ours.cut()
    pair.ours.cut()

    assert pair.wire.closed
