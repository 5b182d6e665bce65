"""Reference tags that hang still, and gateways that do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.presence.drift import Drift

SURVEY = {"lamp": {"bar-1": -60.0, "pool-1": -75.0, "attic-1": -93.0}}
T0 = 1_795_335_600.0


def heard(
    drift: Drift, levels: dict[str, float], minutes: int, *, since: float = T0, gone: tuple[str, ...] = ()
) -> float:
    now = since
    for _ in range(minutes * 4):
        now += 15.0
        drift.note("lamp", levels, now, gone=gone)
    return now


def test_a_house_that_stands_still_has_not_drifted() -> None:
    drift = Drift(SURVEY)

    heard(drift, {"bar-1": -63.0, "pool-1": -72.0}, 60)

    assert drift.found() == ()


def test_a_gateway_that_was_moved_is_named_after_ten_minutes_and_not_before() -> None:
    drift = Drift(SURVEY)
    now = heard(drift, {"bar-1": -60.0, "pool-1": -75.0}, 30)

    now = heard(drift, {"bar-1": -72.0, "pool-1": -75.0}, 2, since=now)
    at_first = drift.found()
    heard(drift, {"bar-1": -72.0, "pool-1": -75.0}, 30, since=now)

    assert at_first == ()
    [found] = drift.found()
    assert str(found) == "gateway bar-1 hears reference lamp 12 dB fainter than at the survey: was it moved?"


def test_a_gateway_that_hears_it_no_more_has_drifted() -> None:
    drift = Drift(SURVEY)

    heard(drift, {"pool-1": -75.0}, 15)

    assert [(found.gateway, found.by_db < -30) for found in drift.found()] == [("bar-1", True)]


def test_a_time_in_which_nobody_could_hear_weighs_nothing() -> None:
    drift = Drift(SURVEY)
    now = heard(drift, {"bar-1": -60.0, "pool-1": -75.0}, 9)

    drift.skip(now + 500)
    drift.note("lamp", {}, now + 515)
    heard(drift, {"bar-1": -63.0, "pool-1": -75.0}, 10, since=now + 515)

    assert drift.found() == ()


def test_when_all_hear_it_otherwise_it_is_the_tag() -> None:
    drift = Drift(SURVEY)

    heard(drift, {"bar-1": -70.0, "pool-1": -85.0}, 15)

    [found] = drift.found()
    assert found.by_db == pytest.approx(-10.0)
    assert str(found) == (
        "reference lamp is heard 10 dB fainter than at the survey by all gateways: was it moved, or is its battery low?"
    )


def test_a_gateway_that_is_gone_says_nothing() -> None:
    drift = Drift(SURVEY)

    heard(drift, {"pool-1": -75.0}, 15, gone=("bar-1",))

    assert drift.found() == ()


@given(
    notes=st.lists(
        st.tuples(
            st.sampled_from([15.0, 0.0, -3600.0, 7200.0]),
            st.dictionaries(st.sampled_from(["bar-1", "pool-1", "attic-1", "other-1"]), st.floats(-110, -20)),
        ),
        max_size=40,
    )
)
def test_whatever_is_heard_and_however_clocks_jump_it_answers(notes: list[tuple[float, dict[str, float]]]) -> None:
    drift, now = Drift(SURVEY), T0

    for step, levels in notes:
        now += step
        drift.note("lamp", levels, now)

    assert all(found.gateway in {*SURVEY["lamp"], None} for found in drift.found())
