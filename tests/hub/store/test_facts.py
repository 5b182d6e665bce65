from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.outbox.message import State
from hub.store.facts import HISTORY, facts_of
from hub.store.suppressed import suppress
from hub.store.times import to_us
from hub.store.values import dump_run
from rules.decide import decide
from rules.event import ENTERED, Event
from rules.facts import Facts, Happened, Stay
from rules.limits import LOOKS_BACK, sent_for
from rules.run import Run
from tests.fakes.stage import a_book
from tests.fakes.store import an_empty_database

LISBON = ZoneInfo("Europe/Lisbon")
T0 = datetime(2026, 7, 1, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = an_empty_database()
    put(connection, "guests", guest="ana", version=7, created_us=0, updated_us=0)
    yield connection
    connection.close()


def put(connection: sqlite3.Connection, table: str, **columns: object) -> None:
    marks = ", ".join("?" * len(columns))
    connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", tuple(columns.values()))  # noqa: S608  our own names


def ask(connection: sqlite3.Connection, *, at: datetime = T0) -> Facts:
    facts = facts_of(connection, venue="marlton", guest="ana", at=at, timezone=LISBON)
    assert facts is not None
    return facts


def a_reservation(db: sqlite3.Connection, *, id: str = "r1", venue: str = "marlton", **columns: object) -> None:  # noqa: A002  the column's name
    defaults = {"room": "12", "arrival": "2026-06-30", "departure": "2026-07-01", "status": "booked", "updated_us": 0}
    put(db, "reservations", guest="ana", id=id, venue=venue, **(defaults | columns))


def a_message(db: sqlite3.Connection, *, id: str, at: datetime, state: State, venue: str = "marlton") -> None:  # noqa: A002  the column's name
    put(
        db,
        "messages",
        **{"class": "at_most_once"},
        id=id,
        dedupe_key=id,
        venue=venue,
        guest="ana",
        journey="welcome",
        version="v1",
        run=id,
        step="steps.0",
        message="hello",
        purpose="marketing",
        priority=3,
        channels_json='["push"]',
        ghost=state is State.GHOST,
        state=state,
        logical_us=to_us(at),
        due_us=to_us(at),
        expires_us=to_us(at),
        view_json="{}",
        created_us=0,
        updated_us=0,
    )


def a_run(db: sqlite3.Connection, *, id: str, started: datetime, live: bool = False, **more: object) -> Run:  # noqa: A002  the column's name
    run = Run(
        id=id,
        journey=str(more.get("journey", "welcome")),
        version="v1",
        venue="marlton",
        guest="ana",
        once_key=id,
        started_at=started,
        start_event="e",
        live=live,
        goal_until=more.get("goal_until"),  # type: ignore[arg-type]  # a moment or None
    )
    put(
        db,
        "runs",
        id=id,
        venue=run.venue,
        guest=run.guest,
        journey=run.journey,
        version="v1",
        once_key=id,
        started_us=to_us(started),
        live=live,
        goal_until_us=None if run.goal_until is None else to_us(run.goal_until),
        value_json=dump_run(run),
    )
    return run


def test_a_guest_whom_nobody_knows_has_no_facts(db: sqlite3.Connection) -> None:
    assert facts_of(db, venue="marlton", guest="bob", at=T0, timezone=LISBON) is None


def test_a_guest_of_whom_only_the_id_is_known(db: sqlite3.Connection) -> None:
    assert ask(db) == Facts(guest="ana", profile={"reservation": False, "in_house": False}, version=7)


def test_profile_and_attributes_are_one_view(db: sqlite3.Connection) -> None:
    db.execute(
        "UPDATE guests SET first_name = 'Ana', member = 1, tier = NULL, language = 'pt', timezone = 'Asia/Tokyo',"
        """ preferred = 'email', holdout = 'never', attributes_json = '{"delay_min": 45, "first_name": "no"}'"""
    )

    facts = ask(db)

    assert facts.profile == {
        "first_name": "Ana",
        "member": True,
        "language": "pt",
        "timezone": "Asia/Tokyo",
        "preferred": "email",
        "delay_min": 45,
        "reservation": False,
        "in_house": False,
    }
    assert facts.profile["member"] is True
    assert (facts.language, facts.timezone, facts.preferred) == ("pt", "Asia/Tokyo", "email")
    assert facts.holdout_never


def test_a_reservation_counts_until_the_end_of_its_last_day_in_the_venue(db: sqlite3.Connection) -> None:
    a_reservation(db, departure="2026-07-01")

    before_midnight = ask(db, at=datetime(2026, 7, 1, 23, 59, tzinfo=LISBON))
    after_midnight = ask(db, at=datetime(2026, 7, 2, 0, 0, tzinfo=LISBON))

    assert before_midnight.profile == {
        "reservation": True,
        "in_house": False,
        "room": "12",
        "arrival": datetime(2026, 6, 30, tzinfo=LISBON),
        "departure": datetime(2026, 7, 1, tzinfo=LISBON),
    }
    assert after_midnight.profile["reservation"] is False


def test_a_reservation_of_the_store_can_be_asked_about(db: sqlite3.Connection) -> None:
    a_reservation(db, arrival="2026-06-30", departure="2026-07-02")
    book = a_book("when: guest.arrival < guest.departure\nsteps: [{wait: until guest.departure - duration('4h')}]")
    event = Event(id="e", venue="marlton", guest="ana", kind=ENTERED, object="lobby", at=T0, received=T0)

    [run] = decide(book, event, ask(db)).runs

    assert run.deadline == datetime(2026, 7, 1, 19, tzinfo=UTC)


def test_a_reservation_that_is_cancelled_or_elsewhere_is_none_here(db: sqlite3.Connection) -> None:
    a_reservation(db, id="r1", status="cancelled")
    a_reservation(db, id="r2", venue="astoria")

    assert ask(db).profile["reservation"] is False


def test_the_stay_that_she_is_in_comes_before_the_next_one(db: sqlite3.Connection) -> None:
    a_reservation(db, id="r1", status="checked_out", room="1", arrival="2026-06-01")
    a_reservation(db, id="r2", status="booked", room="2", arrival="2026-06-02", departure="2026-09-01")
    a_reservation(db, id="r3", status="in_house", room="3", arrival="2026-06-30")

    assert ask(db).profile["room"] == "3"
    assert ask(db).profile["in_house"] is True


def test_the_newest_statement_of_a_purpose_and_channel_is_in_force(db: sqlite3.Connection) -> None:
    for purpose, channel, granted in [
        ("marketing", "push", True),
        ("marketing", "email", False),
        ("marketing", "push", False),
        ("marketing", "email", True),
        ("presence", "tag", True),
    ]:
        put(
            db,
            "consents",
            guest="ana",
            purpose=purpose,
            channel=channel,
            granted=granted,
            source="",
            wording="",
            at_us=0,
        )

    assert ask(db).consents == {("marketing", "email"), ("presence", "tag")}
    assert ask(db).refused == {("marketing", "push")}


def test_a_guest_is_reached_by_a_device_and_by_an_address_that_is_not_suppressed(db: sqlite3.Connection) -> None:
    db.execute("UPDATE guests SET email = 'Ana@example.com'")
    put(db, "devices", guest="ana", id="d1", kind="apns", address="ab12", registered_us=0)
    assert ask(db).reachable == {"push", "email"}

    suppress(db, "email", "ana@example.com", reason="hard bounce", at_us=0)
    db.execute("DELETE FROM devices")

    assert ask(db).reachable == frozenset()


def test_past_messages_of_a_month_here_say_whether_they_count(db: sqlite3.Connection) -> None:
    for n, state in enumerate(State):
        a_message(db, id=state, at=T0 - timedelta(hours=n), state=state)
    a_message(db, id="old", at=T0 - HISTORY, state=State.SENT)
    a_message(db, id="elsewhere", at=T0, state=State.SENT, venue="astoria")

    past = ask(db).past

    assert [message.at for message in past] == sorted(message.at for message in past)
    assert {message.id for message in past} == set(State)
    assert {message.id for message in past if message.counts} == {
        "SCHEDULED", "READY", "CLAIMED", "SENDING", "SENT", "UNKNOWN", "GHOST",
        "DELIVERED", "OPENED", "BOUNCED", "COMPLAINED",
    }  # fmt: skip
    assert {message.id for message in past if message.ghost} == {"GHOST"}


def test_the_longest_cap_that_a_file_may_have_counts_what_was_held_before_it(db: sqlite3.Connection) -> None:
    a_message(db, id="m1", at=T0 - LOOKS_BACK - timedelta(hours=9), state=State.SENT)
    db.execute("UPDATE messages SET held_us = ?", (to_us(T0 - LOOKS_BACK + timedelta(seconds=1)),))

    assert sent_for(ask(db).past, purpose="marketing", at=T0, within=LOOKS_BACK) == 1
    assert sent_for(ask(db).past, purpose="marketing", at=T0 + timedelta(seconds=1), within=LOOKS_BACK) == 0


def test_a_message_that_was_sent_again_after_a_doubt_counts_however_that_ended(db: sqlite3.Connection) -> None:
    a_message(db, id="m1", at=T0, state=State.DEAD)
    db.execute("UPDATE messages SET resent = 1")  # hub.store.moves, of a receiver that knows our ids

    [message] = ask(db).past

    assert message.counts


def a_visit(db: sqlite3.Connection, *, at: datetime, left: datetime | None = None, venue: str = "marlton") -> None:
    put(
        db,
        "visits",
        id=f"{venue}{at}",
        venue=venue,
        tag="Wx",
        zone="lobby",
        entered_us=to_us(at),
        left_us=left and to_us(left),
        confidence=1.0,
        guest="ana",
    )


def an_event(db: sqlite3.Connection, *, at: datetime, kind: str = "purchase", venue: str = "marlton") -> None:
    put(
        db,
        "events",
        id=f"{kind}{venue}{at}",
        venue=venue,
        guest="ana",
        kind=kind,
        object="bar",
        at_us=to_us(at),
        received_us=to_us(at),
        data_json="{}",
    )


def test_stays_and_events_here_are_told_oldest_first(db: sqlite3.Connection) -> None:
    for at, left in [(T0, None), (T0 - DAY, T0), (T0 - 400 * DAY, None)]:
        a_visit(db, at=at, left=left)
        an_event(db, at=at)
    a_visit(db, at=T0, venue="astoria")
    an_event(db, at=T0, venue="astoria")

    facts = ask(db)

    assert facts.stays == (
        Stay(zone="lobby", entered=T0 - 400 * DAY),
        Stay(zone="lobby", entered=T0 - DAY, left=T0),
        Stay(zone="lobby", entered=T0),
    )
    assert [happened.at for happened in facts.happened] == [T0 - 400 * DAY, T0 - DAY, T0]
    assert facts.happened[0] == Happened(kind="purchase", object="bar", at=T0 - 400 * DAY)


def test_of_a_guest_with_too_long_a_past_the_newest_and_the_first_of_each_kind_are_told(
    db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.store.facts.NEWEST", 3)
    for days in range(10):
        a_visit(db, at=T0 - days * DAY)
        an_event(db, at=T0 - days * DAY)
    an_event(db, at=T0 - 5 * DAY, kind="checked_out")

    facts = ask(db)

    assert [stay.entered for stay in facts.stays] == [T0 - days * DAY for days in (9, 2, 1, 0)]
    assert [(happened.kind, happened.at) for happened in facts.happened] == [
        ("purchase", T0 - 9 * DAY),
        ("checked_out", T0 - 5 * DAY),
        *(("purchase", T0 - days * DAY) for days in (2, 1, 0)),
    ]


def test_runs_are_those_that_once_or_a_goal_may_still_ask_about(db: sqlite3.Connection) -> None:
    years = timedelta(days=800)
    a_run(db, id="forgotten", started=T0 - years)
    newest_of_its_journey = a_run(db, id="ever", started=T0 - years, journey="first-stay")
    open_goal = a_run(db, id="goal", started=T0 - years + DAY, goal_until=T0)
    live = a_run(db, id="live", started=T0 - years + 2 * DAY, live=True)
    lately = a_run(db, id="lately", started=T0 - DAY)

    assert ask(db).runs == (newest_of_its_journey, open_goal, live, lately)


def test_no_question_reads_a_table_from_end_to_end(db: sqlite3.Connection) -> None:
    asked: list[str] = []
    db.set_trace_callback(asked.append)
    ask(db)
    db.set_trace_callback(None)

    plans = [row[3] for sql in asked for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")]

    assert len(asked) == 1
    assert [plan for plan in plans if plan.startswith("SCAN") and "(subquery" not in plan] == []
    assert len([plan for plan in plans if "TEMP B-TREE" in plan]) <= 4  # of a handful of rows; never stays and events
