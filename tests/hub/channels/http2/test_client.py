"""The client against a real HTTP/2 server over TLS, which goes away, refuses, resets, cuts and stays silent."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from firmware_sim.providers.authority import lay_out
from firmware_sim.providers.clock import utc_now
from firmware_sim.providers.http2_server import Http2Server
from firmware_sim.providers.message import Ending, Reply, Request
from hub.channels.http2 import client as http2_client
from hub.channels.http2.client import Http2Client, Origin, open_http2, read_origin
from hub.channels.http2.outcome import InDoubt, NotProcessed
from hub.channels.http2.stream import MAX_BODY
from tests.fakes.sim_providers import client_context, free_port, keys

OK = Reply(status=200, headers={"x-it": "works"}, body=b"fine")


@dataclass(kw_only=True)
class Peer:
    """A server, and what reached it."""

    port: int
    reply: Callable[[Request], Reply] = lambda _request: OK
    goaway_every: int | None = None
    served: list[Request]
    connections: list[Http2Server]

    def answer(self, request: Request) -> Reply:
        self.served.append(request)
        return self.reply(request)

    def bodies(self) -> Counter[bytes]:
        return Counter(request.body for request in self.served)


@contextlib.asynccontextmanager
async def a_peer(alpn: str = "h2") -> AsyncIterator[Peer]:
    port = free_port(in_a_row=1)
    authority = lay_out(keys(), port=port, now=utc_now)
    peer = Peer(port=port, served=[], connections=[])

    def connect() -> Http2Server:
        peer.connections.append(Http2Server(peer.answer, lambda: peer.goaway_every))
        return peer.connections[-1]

    server = await asyncio.get_running_loop().create_server(connect, "127.0.0.1", port, ssl=authority.tls(alpn))
    try:
        yield peer
    finally:
        server.close()
        for each in peer.connections:
            with contextlib.suppress(AttributeError):  # its handshake failed
                each._transport.abort()


@contextlib.asynccontextmanager
async def a_client(port: int) -> AsyncIterator[Http2Client]:
    async with open_http2(Origin(host="127.0.0.1", port=port), client_context(keys())) as client:
        yield client


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with a_peer() as peer:
        yield peer


@pytest.fixture
async def client(peer: Peer) -> AsyncIterator[Http2Client]:
    async with a_client(peer.port) as client:
        yield client


async def test_client_carries_path_headers_and_body_and_brings_back_the_answer(peer: Peer, client: Http2Client) -> None:
    response = await client.post("/a/b", {"x-mine": "1", "apns-id": "7"}, b"hello")

    assert (response.status, response.headers["x-it"], response.body) == (200, "works", b"fine")
    (request,) = peer.served
    assert (request.method, request.path, request.body) == ("POST", "/a/b", b"hello")
    assert (request.headers["x-mine"], request.headers["apns-id"]) == ("1", "7")
    assert request.headers[":authority"] == f"127.0.0.1:{peer.port}"


async def test_a_request_that_is_too_late_to_begin_is_certainly_not_made(peer: Peer, client: Http2Client) -> None:
    now = asyncio.get_running_loop().time()
    await client.post("/", {}, b"in time", by=now + 4)

    with pytest.raises(NotProcessed, match="too late"):
        await client.post("/", {}, b"late", by=now)

    assert set(peer.bodies()) == {b"in time"}


async def test_client_makes_many_requests_over_one_connection(peer: Peer, client: Http2Client) -> None:
    peer.reply = lambda _request: Reply(status=200, delay=timedelta(milliseconds=50))

    async with asyncio.timeout(30):
        await asyncio.gather(*(client.post("/", {}, b"%d" % n) for n in range(300)))

    assert len(peer.connections) == 1
    assert len(peer.bodies()) == 300


async def test_client_gives_flow_control_credit_back_and_waits_for_its_own(peer: Peer, client: Http2Client) -> None:
    peer.reply = lambda request: Reply(status=200, body=request.body[:30_000])
    big = bytes(200_000)  # three times the window that a stream begins with

    responses = [await client.post("/", {}, big) for _ in range(20)]

    assert all(len(response.body) == 30_000 for response in responses)
    assert all(request.body == big for request in peer.served)


async def test_no_push_is_lost_or_doubled_while_the_peer_goes_away_every_300(peer: Peer, client: Http2Client) -> None:
    peer.goaway_every = 300
    waiting = iter(range(1800))

    async def worker() -> None:
        for n in waiting:
            await client.post("/", {}, b"%d" % n)

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        for _ in range(200):
            tasks.create_task(worker())

    assert peer.bodies() == {b"%d" % n: 1 for n in range(1800)}
    assert len(peer.connections) >= 6


async def test_requests_under_way_are_answered_after_a_goaway_and_new_ones_take_another_connection(
    peer: Peer, client: Http2Client
) -> None:
    peer.reply = lambda request: Reply(status=200, body=request.body, delay=timedelta(milliseconds=200))
    peer.goaway_every = 2

    slow = [asyncio.create_task(client.post("/", {}, b"%d" % n)) for n in range(2)]
    await asyncio.sleep(0.1)
    third = await client.post("/", {}, b"third")

    assert [(await each).body for each in slow] == [b"0", b"1"]
    assert third.body == b"third"
    assert len(peer.connections) == 2


async def test_a_cut_after_the_request_was_written_is_doubt_and_it_is_not_sent_again(
    peer: Peer, client: Http2Client
) -> None:
    peer.reply = lambda _request: Reply(status=200, ending=Ending.CUT)

    with pytest.raises(InDoubt):
        await client.post("/", {}, b"once")

    assert peer.bodies() == {b"once": 1}


async def test_a_reset_stream_is_doubt_and_the_connection_goes_on(peer: Peer, client: Http2Client) -> None:
    peer.reply = lambda request: OK if request.body == b"good" else Reply(status=200, ending=Ending.RESET)

    with pytest.raises(InDoubt, match="INTERNAL_ERROR"):
        await client.post("/", {}, b"bad")
    response = await client.post("/", {}, b"good")

    assert response.status == 200
    assert len(peer.connections) == 1


async def test_a_cancelled_request_resets_its_stream_and_leaves_the_others_alone(
    peer: Peer, client: Http2Client
) -> None:
    peer.reply = lambda request: OK if request.body == b"quick" else Reply(status=200, ending=Ending.HANG)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.post("/", {}, b"hangs")
    response = await client.post("/", {}, b"quick")

    assert response.status == 200
    assert len(peer.connections) == 1
    assert peer.connections[0]._answering == set()


async def test_a_dripping_answer_is_bounded_by_the_callers_deadline(peer: Peer, client: Http2Client) -> None:
    peer.reply = lambda _request: Reply(status=200, body=b"x" * 1000, drip=timedelta(milliseconds=20))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await client.post("/", {}, b"drips")


async def test_an_answer_without_end_is_cut_at_the_bound(peer: Peer, client: Http2Client) -> None:
    peer.reply = lambda _request: Reply(status=200, body=bytes(MAX_BODY * 4))

    response = await client.post("/", {}, b"")

    assert (response.status, len(response.body)) == (200, MAX_BODY)


async def test_nobody_listening_is_certain_failure_for_all_who_wait() -> None:
    async with a_client(free_port(in_a_row=1)) as client:
        results = await asyncio.gather(*(client.post("/", {}, b"x") for _ in range(50)), return_exceptions=True)

    assert all(isinstance(result, NotProcessed) for result in results)


async def test_a_certificate_that_is_not_trusted_is_certain_failure(peer: Peer) -> None:
    async with open_http2(Origin(host="127.0.0.1", port=peer.port), ssl.create_default_context()) as client:
        with pytest.raises(NotProcessed, match="SSLCertVerificationError"):
            await client.post("/", {}, b"x")


async def test_a_peer_that_speaks_no_http2_is_certain_failure() -> None:
    async with a_peer(alpn="http/1.1") as peer, a_client(peer.port) as client:
        with pytest.raises(NotProcessed, match="HTTP/2"):
            await client.post("/", {}, b"x")


async def test_a_connection_that_was_quiet_is_asked_before_it_is_used(
    peer: Peer, client: Http2Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2_client, "QUIET_AFTER_S", 0.05)
    await client.post("/", {}, b"first")
    await asyncio.sleep(0.1)

    await client.post("/", {}, b"second")

    assert len(peer.connections) == 1
    assert len(peer.served) == 2


async def test_a_connection_that_died_in_silence_is_replaced_and_nothing_is_in_doubt(
    peer: Peer, client: Http2Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2_client, "QUIET_AFTER_S", 0.05)
    monkeypatch.setattr(http2_client, "PONG_WITHIN_S", 0.1)
    await client.post("/", {}, b"first")
    peer.connections[0]._transport.pause_reading()  # as if a router had forgotten the connection
    await asyncio.sleep(0.1)

    response = await client.post("/", {}, b"second")

    assert response.status == 200
    assert len(peer.connections) == 2
    assert peer.bodies() == {b"first": 1, b"second": 1}


async def test_a_request_given_up_in_total_silence_takes_its_connection_out_of_use(
    peer: Peer, client: Http2Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.channels.http2.connection.SILENT_AFTER_S", 0.05)
    peer.reply = lambda request: OK if request.body == b"good" else Reply(status=200, ending=Ending.HANG)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await client.post("/", {}, b"hangs")
    await client.post("/", {}, b"good")

    assert len(peer.connections) == 2


async def test_a_lost_connection_is_opened_again(peer: Peer, client: Http2Client) -> None:
    await client.post("/", {}, b"first")
    peer.connections[0]._transport.close()
    await asyncio.sleep(0.05)

    response = await client.post("/", {}, b"second")

    assert response.status == 200
    assert len(peer.connections) == 2


@pytest.mark.parametrize("url", ["http://api.push.apple.com", "api.push.apple.com", "https://", "https://h/path"])
def test_origin_must_be_https_and_nothing_more(url: str) -> None:
    with pytest.raises(ValueError, match="right would be https"):
        read_origin(url)


def test_origin_without_a_port_is_443() -> None:
    origin = read_origin("https://api.push.apple.com")

    assert (origin.port, origin.authority) == (443, "api.push.apple.com")
