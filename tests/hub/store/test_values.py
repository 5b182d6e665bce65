from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from hub.store.values import dump_decision, dump_run, dump_values, load_decision, load_run, load_values
from rules.decision import Decision, Kind, Reason
from rules.event import Value
from rules.run import Run

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=3))])
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001  hypothesis wants them naive
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    MOMENTS,
    st.none(),
)
MAPPINGS = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=10), VALUES, max_size=5)


@given(values=MAPPINGS)
def test_values_come_out_as_they_went_in(values: dict[str, Value]) -> None:
    kept = load_values(dump_values(values))

    assert kept == values
    assert {name: type(value) for name, value in kept.items()} == {name: type(value) for name, value in values.items()}


@given(at=MOMENTS, data=MAPPINGS, ghost=st.booleans(), deadline=st.none() | MOMENTS)
def test_a_run_comes_out_as_it_went_in(
    *, at: datetime, data: dict[str, Value], ghost: bool, deadline: datetime
) -> None:
    run = Run(
        id="r1",
        journey="welcome",
        version="v1",
        venue="marlton",
        guest="ana",
        once_key="",
        started_at=at,
        start_event="e1",
        ghost=ghost,
        deadline=deadline,
        data=data,
    )

    assert load_run(dump_run(run)) == run


@given(at=MOMENTS, saw=MAPPINGS, kind=st.sampled_from(Kind), reason=st.sampled_from(Reason))
def test_a_decision_comes_out_as_it_went_in(at: datetime, saw: dict[str, Value], kind: Kind, reason: Reason) -> None:
    decision = Decision(
        id="d1",
        at=at,
        venue="marlton",
        guest="ana",
        journey="welcome",
        kind=kind,
        reason=reason,
        text="messaged in the last 24h",
        saw=saw,
    )

    assert load_decision(dump_decision(decision)) == decision


def test_a_text_that_looks_like_a_moment_stays_a_text() -> None:
    assert load_values(dump_values({"a": "2026-01-05T09:00:00+00:00"})) == {"a": "2026-01-05T09:00:00+00:00"}
