"""What we override in h2 is what h2 still does."""

from __future__ import annotations

import inspect

import h2
from h2.connection import ConnectionState, H2Connection
from h2.events import ConnectionTerminated
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
