"""What we override in h2 is what h2 still does."""

from __future__ import annotations

import inspect

import h2
import pytest
from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.events import ConnectionTerminated, DataReceived, ResponseReceived, StreamEnded
from h2.settings import SettingCodes
from hpack import Decoder, HeaderTuple, NeverIndexedHeaderTuple
from hyperframe.frame import GoAwayFrame
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.http2.machine import PatientConnection, PlainEncoder

TEXTS = st.one_of(st.sampled_from([b":method", b"POST", b"apns-id", b"a"]), st.binary(min_size=1, max_size=300))


def test_h2_is_the_one_whose_method_we_override() -> None:
    assert h2.__version__ == "4.4.1"
    assert list(inspect.signature(H2Connection._receive_goaway_frame).parameters) == ["self", "frame"]


def test_h2_itself_still_closes_on_a_goaway_so_that_the_override_is_needed() -> None:
    connection = H2Connection()
    connection.initiate_connection()

    connection.receive_data(GoAwayFrame(0, last_stream_id=1).serialize())

    assert connection.state_machine.state is ConnectionState.CLOSED


def test_ours_tells_of_the_goaway_and_stays_open() -> None:
    connection = PatientConnection()
    connection.initiate_connection()

    events = connection.receive_data(
        GoAwayFrame(0, last_stream_id=7, error_code=11, additional_data=b'{"reason":"Shutdown"}').serialize()
    )

    (event,) = events
    assert isinstance(event, ConnectionTerminated)
    assert (event.last_stream_id, event.error_code, event.additional_data) == (7, 11, b'{"reason":"Shutdown"}')
    assert connection.state_machine.state is not ConnectionState.CLOSED


@given(
    rounds=st.lists(
        st.tuples(st.lists(st.tuples(TEXTS, TEXTS, st.booleans()), max_size=6), st.sampled_from([None, 0, 64, 4096])),
        max_size=12,
    )
)
def test_what_it_remembers_of_headers_is_what_the_peer_reads(
    rounds: list[tuple[list[tuple[bytes, bytes, bool]], int | None]],
) -> None:
    ours, peer = PlainEncoder(), Decoder()
    for headers, size in rounds:
        if size is not None:
            ours.header_table_size = size
        told = [(HeaderTuple if kept else NeverIndexedHeaderTuple)(name, value) for name, value, kept in headers]
        heard = peer.decode(ours.encode(told), raw=True)

        assert [tuple(each) for each in heard] == [tuple(each) for each in told]
        assert [each.indexable for each in heard] == [each.indexable for each in told]


HEAD = [
    (b":method", b"POST"),
    (b":scheme", b"https"),
    (b":authority", b"api.push.apple.com"),
    NeverIndexedHeaderTuple(b":path", b"/3/device/" + b"a1" * 32),
    HeaderTuple(b"authorization", b"bearer " + b"x" * 180),
    HeaderTuple(b"apns-push-type", b"alert"),
]


def greeted(settings: dict[SettingCodes | int, int] | None = None) -> PatientConnection:
    """One that has sent a first request, to a peer who then told these settings."""
    peer = H2Connection(config=H2Configuration(client_side=False))
    peer.initiate_connection()
    connection = PatientConnection()
    connection.initiate_connection()
    connection.receive_data(peer.data_to_send())
    connection.send_headers(1, HEAD, end_stream=True)
    peer.receive_data(connection.data_to_send())
    if settings:
        peer.update_settings(settings)
    connection.receive_data(peer.data_to_send())
    connection.data_to_send()
    return connection


def known_of(connection: PatientConnection, stream_id: int) -> dict[str, object]:
    """All that h2 knows of a stream, apart from what it tells of other origins."""
    stream = connection.streams[stream_id]
    window = vars(stream._inbound_window_manager)
    apart = {"state_machine", "_inbound_window_manager", "config", "_authority"}
    known = {name: value for name, value in vars(stream).items() if name not in apart}
    return {**known, **vars(stream.state_machine), "window": window, "credit": connection.outbound_flow_control_window}


def test_a_request_that_we_write_is_what_h2_would_have_written() -> None:
    ours, theirs = greeted(), greeted()
    for number in range(3):
        body = b'{"aps":{}}' * (1 + 90 * number)

        stream_id = ours.send_request(HEAD, body)

        assert stream_id == theirs.get_next_available_stream_id()
        theirs.send_headers(stream_id, HEAD)
        theirs.send_data(stream_id, body, end_stream=True)
        assert ours.data_to_send() == theirs.data_to_send()
        assert known_of(ours, stream_id) == known_of(theirs, stream_id)


def test_its_answer_is_read_as_any_other() -> None:
    connection, peer = PatientConnection(), H2Connection(config=H2Configuration(client_side=False))
    connection.initiate_connection()
    peer.initiate_connection()
    connection.send_headers(1, HEAD, end_stream=True)
    peer.receive_data(connection.data_to_send())

    stream_id = connection.send_request(HEAD, b"{}")
    assert stream_id is not None
    peer.receive_data(connection.data_to_send())
    peer.send_headers(stream_id, [(":status", "200"), ("content-length", "2")])
    peer.send_data(stream_id, b"no", end_stream=True)
    events = connection.receive_data(peer.data_to_send())

    assert {ResponseReceived, DataReceived, StreamEnded} <= {type(event) for event in events}


@pytest.mark.parametrize(
    ("settings", "body"),
    [
        ({SettingCodes.INITIAL_WINDOW_SIZE: 99}, b"x" * 100),
        ({}, b"x" * 16_385),  # a frame's longest
        ({}, b""),
        ({SettingCodes.MAX_CONCURRENT_STREAMS: 0}, b"x"),
    ],
)
def test_what_does_not_fit_is_left_to_h2(settings: dict[SettingCodes | int, int], body: bytes) -> None:
    connection = greeted(settings)

    assert connection.send_request(HEAD, body) is None

    assert connection.data_to_send() == b""
    assert list(connection.streams) == [1]


def test_headers_that_are_longer_than_a_frame_are_left_to_h2() -> None:
    assert greeted().send_request([*HEAD, (b"x", b"y" * 16_384)], b"{}") is None


def test_the_first_request_and_any_on_a_connection_that_is_closed_are_left_to_h2() -> None:
    fresh, closed = PatientConnection(), greeted()
    fresh.initiate_connection()
    closed.close_connection()

    assert fresh.send_request(HEAD, b"{}") is None
    assert closed.send_request(HEAD, b"{}") is None
