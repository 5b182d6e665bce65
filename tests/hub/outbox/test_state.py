from __future__ import annotations

import pytest

from hub.outbox.message import State
from hub.outbox.state import AGAIN, FOLLOWS, RECEIPTS, STARTS, WAITING, is_final, may_follow, sources


def test_every_state_stands_in_the_machine_and_can_be_reached() -> None:
    reached = set(STARTS)
    for _ in State:
        reached |= {after for before in reached for after in FOLLOWS[before]}

    assert set(FOLLOWS) == set(State)
    assert reached == set(State)


def test_every_state_leads_to_a_final_one() -> None:
    ends = {state for state in State if is_final(state)}
    for _ in State:
        ends |= {before for before in State if FOLLOWS[before] & ends}

    assert ends == set(State)


def test_doubt_is_never_followed_by_another_sending() -> None:
    followers, grown = set(FOLLOWS[State.UNKNOWN]), True
    while grown:
        more = {after for state in followers for after in FOLLOWS[state]}
        grown = not more <= followers
        followers |= more

    assert followers == {State.SENT, *RECEIPTS}


@pytest.mark.parametrize("state", sorted(State))
def test_only_a_claimed_message_is_ever_sent(state: State) -> None:
    assert may_follow(state, State.SENDING) == (state is State.CLAIMED)


def test_what_may_be_cancelled_was_certainly_not_sent() -> None:
    assert set(sources(State.CANCELLED)) == WAITING


def test_the_final_states_are_those_of_the_drawing() -> None:
    final = {state for state in State if is_final(state)}

    assert final == {
        State.SENT,
        State.SUPPRESSED,
        State.EXPIRED,
        State.DEAD,
        State.CANCELLED,
        State.GHOST,
        *RECEIPTS,
    }


def test_only_doubt_and_death_are_ever_tried_again() -> None:
    assert {before: set(after) for before, after in AGAIN.items()} == {
        State.UNKNOWN: {State.READY},
        State.DEAD: {State.READY},
    }
