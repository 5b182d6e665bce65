from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.errors import Conflict
from hub.journeys.engine import TRIES, Journeys
from hub.journeys.port import DueWait, Ledger, Record
from hub.journeys.rulebooks import Rulebooks
from hub.outbox.message import State
from hub.store.ledger import LedgerStore
from hub.store.messages import MessageStore
from hub.store.sqlite import Store
from rules.decision import Kind
from rules.event import Due
from rules.facts import Facts
from rules.rulebook import Rulebook
from tests.fakes.arrivals import a_guest, a_visit, enters, happens, know_ana
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.rulebook import the_hotel
from tests.fakes.stage import a_book
from tests.fakes.store import a_store

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def journeys_over(
    ledger: Ledger, *, told: list[Record] | None = None, books: Mapping[str, Rulebook] | None = None
) -> Journeys:
    told = [] if told is None else told
    rulebooks = Rulebooks({"marlton": the_hotel()} if books is None else books)
    return Journeys(ledger, rulebooks, StillClock(), decided=told.append)


class BusyLedger(FakeLedger):
    """Somebody else writes about the guest, so many times, just before a record is stored."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times
        self.tried = 0

    async def record(self, record: Record, *, now: datetime) -> bool:
        self.tried += 1
        if self.times:
            self.times -= 1
            self.put_guest(a_guest(reservation=False))
            raise Conflict("somebody was faster")
        return await super().record(record, now=now)


class ErasingLedger(FakeLedger):
    """The guest is erased just before a record about her is stored."""

    async def record(self, record: Record, *, now: datetime) -> bool:
        self.guests.clear()
        return await super().record(record, now=now)


async def test_an_event_is_decided_stored_and_told() -> None:
    ledger, told = FakeLedger(), list[Record]()
    ledger.put_guest(a_guest())

    record = await journeys_over(ledger, told=told).handle(enters("lobby"), a_visit("lobby"))

    assert record is not None
    assert told == [record]
    assert [decision.kind for decision in record.decisions] == [Kind.STARTED, Kind.SENT]
    assert [planned.message for planned in ledger.messages.values()] == ["welcome"]
    assert [run.live for run in ledger.runs.values()] == [True]
    assert [whose for _, whose in ledger.visits.values()] == ["ana"]


async def test_an_event_that_is_seen_twice_does_nothing_the_second_time() -> None:
    ledger, told = FakeLedger(), list[Record]()
    ledger.put_guest(a_guest())
    journeys = journeys_over(ledger, told=told)
    await journeys.handle(enters("lobby"))

    again = await journeys.handle(enters("lobby"))

    assert again is None
    assert len(told) == 1
    assert ledger.guests["ana"].version == 2


async def test_of_somebody_whom_nobody_knows_a_visit_is_kept_and_nothing_that_leads_to_her() -> None:
    ledger, told = FakeLedger(), list[Record]()

    record = await journeys_over(ledger, told=told).handle(enters("lobby"), a_visit("lobby"))

    assert record is None
    assert [(note.zone, note.tag, whose) for note, whose in ledger.visits.values()] == [("lobby", "", None)]
    assert (ledger.events, ledger.decisions, told) == ({}, {}, [])


async def test_whose_guest_is_erased_between_the_facts_and_the_decision_is_kept_without_her() -> None:
    ledger = ErasingLedger()
    ledger.put_guest(a_guest())

    record = await journeys_over(ledger).handle(enters("lobby"), a_visit("lobby"))

    assert record is None
    assert [(note.zone, note.tag, whose) for note, whose in ledger.visits.values()] == [("lobby", "", None)]
    assert (ledger.events, ledger.decisions, ledger.messages) == ({}, {}, {})


async def test_an_event_at_a_venue_without_files_is_history_all_the_same() -> None:
    ledger = FakeLedger()
    ledger.put_guest(a_guest())

    record = await journeys_over(ledger, books={}).handle(enters("lobby"), a_visit("lobby"))

    assert record is not None
    assert record.decisions == ()
    assert list(ledger.events) == [enters("lobby").id]


async def test_what_was_decided_on_old_facts_is_decided_again_on_new_ones() -> None:
    ledger = BusyLedger(times=1)
    ledger.put_guest(a_guest(reservation=True))

    record = await journeys_over(ledger).handle(enters("lobby"))

    assert record is not None
    assert [planned.message for planned in record.planned] == ["room-rates"]  # she has no reservation any more


async def test_deciding_again_has_an_end() -> None:
    ledger, told = BusyLedger(times=1_000), list[Record]()
    ledger.put_guest(a_guest())

    with pytest.raises(Conflict):
        await journeys_over(ledger, told=told).handle(enters("lobby"))

    assert ledger.tried == TRIES
    assert told == []


async def test_one_guests_events_are_decided_in_the_order_in_which_they_came() -> None:
    ledger = FakeLedger()
    ledger.put_guest(a_guest())
    told: list[Record] = []
    journeys = journeys_over(ledger, told=told)
    events = [enters("pool", at=T0 + n * SECOND) for n in range(20)]

    await asyncio.gather(*(journeys.handle(event) for event in events))

    assert [record.event for record in told] == events


async def test_a_slow_guest_keeps_nobody_else_waiting() -> None:
    class SlowAboutAna(FakeLedger):
        free = asyncio.Event()

        async def facts(self, *, venue: str, guest: str, at: datetime) -> Facts | None:
            if guest == "ana":
                await self.free.wait()
            return await super().facts(venue=venue, guest=guest, at=at)

    ledger, told = SlowAboutAna(), list[Record]()
    ledger.put_guest(a_guest("ben"))
    journeys = journeys_over(ledger, told=told)
    waiting = asyncio.create_task(journeys.handle(enters("lobby", name="e-ana")))
    await journeys.handle(enters("lobby", guest="ben", name="e-ben"))
    guests_told = [record.guest for record in told]
    ledger.free.set()
    await waiting

    assert guests_told == ["ben"]


async def test_a_turn_is_forgotten_when_nobody_waits_for_it() -> None:
    journeys = journeys_over(FakeLedger())

    for n in range(100):
        await journeys.handle(enters("lobby", guest=f"g{n}", name=f"e{n}"))

    assert len(journeys._turns) == 0


async def test_a_deadline_moves_its_run_with_the_deadline_as_its_time() -> None:
    ledger, told = FakeLedger(), list[Record]()
    ledger.put_guest(a_guest())
    journeys = journeys_over(ledger, told=told)
    await journeys.handle(enters("lobby"))
    [run] = ledger.runs.values()
    assert run.deadline is not None

    record = await journeys.handle_due(DueWait(venue="marlton", guest="ana", due=Due(run=run.id, at=run.deadline)))

    assert record is not None
    assert {decision.at for decision in record.decisions} == {T0 + 4 * HOUR}
    assert not ledger.runs[run.id].live
    assert told[-1] == record


async def test_a_deadline_of_a_run_that_has_ended_changes_nothing() -> None:
    ledger, told = FakeLedger(), list[Record]()
    ledger.put_guest(a_guest())
    journeys = journeys_over(ledger, told=told)
    await journeys.handle(enters("lobby"))
    [run] = ledger.runs.values()
    await journeys.handle(happens("checked_out", at=T0 + HOUR))

    record = await journeys.handle_due(DueWait(venue="marlton", guest="ana", due=Due(run=run.id, at=T0 + 4 * HOUR)))

    assert record is None
    assert len(told) == 2


async def test_a_message_that_is_not_yet_sent_is_taken_back_when_its_run_is_stopped() -> None:
    ledger = FakeLedger()
    ledger.put_guest(a_guest())
    journeys = journeys_over(ledger)
    await journeys.handle(enters("lobby"))

    record = await journeys.handle(happens("checked_out", at=T0 + SECOND))

    assert record is not None
    assert set(ledger.messages) <= ledger.cancelled  # and all that the run might have sent later


async def test_a_message_that_waits_when_a_weightier_one_comes_stays_and_says_which_that_was(tmp_path: Path) -> None:
    inn = "venue: marlton\ntimezone: UTC\nzones: {lobby: {}, pool: {}}\n"
    lesser = "journey: news\nsteps: [{send: note}]"
    weightier = "journey: help\nstart: enter pool\npriority: 3\nsteps: [{send: other}]"
    async with a_store(tmp_path) as store:
        await know_ana(store, member=True)
        ledger = LedgerStore(store, timezone_of=lambda _: UTC)
        journeys = journeys_over(ledger, books={"marlton": a_book(lesser, weightier, venue=inn)})
        await journeys.handle(enters("lobby"))

        await journeys.handle(enters("pool", at=T0 + 2 * SECOND))

        story = await MessageStore(store).one(await _message_of(store, "news"))
    assert (story.row.state, story.row.reason) == (State.CANCELLED, "arbitration")
    last = story.decisions[-1]
    assert (last.kind, last.journey, last.text) == (Kind.TAKEN_BACK, "news", "help sends other, and matters more")


async def _message_of(store: Store, journey: str) -> str:
    sql = "SELECT id FROM messages WHERE journey = ?"
    return str((await store.read(lambda c: c.execute(sql, (journey,)).fetchone()))[0])


@pytest.mark.parametrize(("times", "member", "message"), [(1000, False, "join-the-club"), (100, True, "room-rates")])
async def test_a_thousand_racing_events_send_once(tmp_path: Path, times: int, *, member: bool, message: str) -> None:
    events = [enters("lobby", at=T0 + timedelta(milliseconds=n), name=f"e{n}") for n in range(times)]
    async with a_store(tmp_path) as store:
        await know_ana(store, member=member)
        hubs = [journeys_over(LedgerStore(store, timezone_of=lambda _: UTC)) for _ in range(2)]

        records = await asyncio.gather(*(hubs[n % 2].handle(event) for n, event in enumerate(events)))

        sent = await store.read(lambda c: c.execute("SELECT message, state FROM messages").fetchall())
        kinds = await store.read(lambda c: c.execute("SELECT kind, count(*) FROM decisions GROUP BY kind").fetchall())
        assert None not in records
        assert [tuple(row) for row in sent] == [(message, "READY")]
        assert dict(kinds)["not_started"] == times - 1


async def test_p06_of_two_hubs_on_one_database_one_sends(tmp_path: Path) -> None:
    events = [enters("lobby", at=T0 + timedelta(milliseconds=n), name=f"e{n}") for n in range(60)]
    async with a_store(tmp_path) as store, a_store(tmp_path) as other:  # each with a connection of its own
        await know_ana(store, member=True)
        hubs = [journeys_over(LedgerStore(each, timezone_of=lambda _: UTC)) for each in (store, other)]

        await asyncio.gather(*(hub.handle(event) for event in events for hub in hubs))  # each hears of every one

        sent = await store.read(lambda c: c.execute("SELECT message, state FROM messages").fetchall())
        decided = await store.read(lambda c: c.execute("SELECT count(DISTINCT event) FROM decisions").fetchone())
    assert [tuple(row) for row in sent] == [("room-rates", "READY")]
    assert tuple(decided) == (len(events),)
