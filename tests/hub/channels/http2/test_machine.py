"""What we override in h2 is what h2 still does."""

from __future__ import annotations

import inspect

import h2
from h2.connection import ConnectionState, H2Connection
from h2.events import ConnectionTerminated
from hyperframe.frame import GoAwayFrame

from hub.channels.http2.machine import PatientConnection


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
