from __future__ import annotations

from hub.link.rivals import STEADY_S, SUSPECT, Rivals, after

LOST = "the connection is lost: unspecified error"


def test_a_broker_that_says_so_is_believed_at_once() -> None:
    found = after(Rivals(), 3600.0, "the connection is lost: session taken over")

    assert found.are_there


def test_several_short_sessions_in_a_row_are_a_rivals_work() -> None:
    found, seen = Rivals(), []
    for _ in range(SUSPECT):
        found = after(found, 0.4, LOST)
        seen.append(found.are_there)

    assert seen == [False, False, True]


def test_one_session_that_holds_ends_the_suspicion() -> None:
    found = after(Rivals(short=7), STEADY_S, LOST)

    assert not found.are_there
    assert found.short == 0


def test_a_broker_that_restarts_now_and_then_is_no_rival() -> None:
    found = Rivals()
    for lasted_s in (0.4, 600.0, 0.4, 0.4, 600.0):
        found = after(found, lasted_s, LOST)
        assert not found.are_there
