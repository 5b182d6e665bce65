"""What every Ledger does: the one in memory, and SQLite's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from hub.errors import Conflict
from hub.journeys.port import DueWait, KeptVersion, Ledger, Record, Settled, Versions, VisitNote
from hub.outbox.message import State
from hub.store.ledger import LedgerStore
from hub.store.sqlite import Store
from rules.decision import Decision, Kind, Reason
from rules.deliberation import TakenBack
from rules.event import ENTERED, LEFT, Due, Event, Value
from rules.facts import Facts, Happened, Planned, Stay
from rules.run import Run
from rules.task import Write
from tests.fakes.hub_clock import T0
from tests.fakes.ledger import FakeLedger
from tests.fakes.planned import a_planned
from tests.fakes.store import STORES

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class LedgerAndVersions(Ledger, Versions, Protocol):
    """Both ports of hub.journeys."""


class Kit(Protocol):
    """A Ledger, and what a test must do to it from outside."""

    ledger: LedgerAndVersions

    async def guest(self, guest: str) -> None: ...
    async def decisions(self) -> list[str]: ...
    async def states(self) -> dict[str, State]: ...


class FakeKit:
    def __init__(self) -> None:
        self._fake = FakeLedger()
        self.ledger: LedgerAndVersions = self._fake

    async def guest(self, guest: str) -> None:
        self._fake.put_guest(Facts(guest=guest, profile={}))

    async def decisions(self) -> list[str]:
        return list(self._fake.decisions)

    async def states(self) -> dict[str, State]:
        return {each.id: self._state(each) for each in self._fake.messages.values()}

    def _state(self, planned: Planned) -> State:
        if planned.ghost:
            return State.GHOST
        if planned.id in self._fake.cancelled:
            return State.CANCELLED
        return State.READY if planned.not_before is None else State.SCHEDULED


@dataclass
class StoreKit:
    store: Store

    def __post_init__(self) -> None:
        self.ledger: LedgerAndVersions = LedgerStore(self.store, timezone_of=lambda _: UTC)

    async def guest(self, guest: str) -> None:
        sql = "INSERT INTO guests (guest, created_us, updated_us) VALUES (?, 0, 0)"
        await self.store.write(lambda c: c.execute(sql, (guest,)))

    async def decisions(self) -> list[str]:
        rows = await self.store.read(lambda c: c.execute("SELECT id FROM decisions ORDER BY seq").fetchall())
        return [name for (name,) in rows]

    async def states(self) -> dict[str, State]:
        rows = await self.store.read(lambda c: c.execute("SELECT id, state FROM messages").fetchall())
        return {name: State(state) for name, state in rows}


@pytest.fixture(params=["memory", *STORES])
async def kit(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kit]:
    if request.param == "memory":
        yield FakeKit()
        return
    async with STORES[request.param](tmp_path) as store:
        yield StoreKit(store)


def an_event(name: str = "e1", *, at: datetime = T0, data: dict[str, Value] | None = None) -> Event:
    return Event(
        id=name, venue="marlton", guest="ana", kind=ENTERED, object="lobby", at=at, received=at, data=data or {}
    )


def a_run(name: str = "r1", *, live: bool = True, wake: datetime | None = None, version: str = "v1") -> Run:
    return Run(
        id=name,
        journey="welcome",
        version=version,
        venue="marlton",
        guest="ana",
        once_key="",
        started_at=T0,
        start_event="e1",
        live=live,
        step="steps.0" if live else None,
        deadline=wake,
        wake_at=wake,
        data={"rate": 189, "since": T0},
    )


def a_decision(name: str = "d1") -> Decision:
    return Decision(
        id=name,
        at=T0,
        venue="marlton",
        guest="ana",
        journey="welcome",
        kind=Kind.STARTED,
        reason=Reason.MATCHED,
        text="enter lobby",
        event="e1",
    )


def taken_back(message: str, name: str = "") -> TakenBack:
    decision = a_decision(name or f"back-{message}")._replace(kind=Kind.TAKEN_BACK, message=message)
    return TakenBack(message=message, decision=decision)


def a_record(  # noqa: PLR0913  a test names what it is about
    event: Event | None = None,
    *,
    version: int = 1,
    visit: VisitNote | None = None,
    runs: tuple[Run, ...] = (),
    decisions: tuple[Decision, ...] = (),
    planned: tuple[Planned, ...] = (),
    cancelled: tuple[TakenBack, ...] = (),
) -> Record:
    return Record(
        guest="ana",
        venue="marlton",
        version=version,
        event=event,
        visit=visit,
        runs=runs,
        decisions=decisions,
        planned=planned,
        cancelled=cancelled,
    )


A_VISIT = VisitNote(
    id="v1", venue="marlton", tag="p1", zone="lobby", entered=T0, left=None, dwelled_us=0, confidence=0.9
)


async def facts_of_ana(kit: Kit, at: datetime = T0) -> Facts:
    facts = await kit.ledger.facts(venue="marlton", guest="ana", at=at)
    assert facts is not None
    return facts


async def test_nobody_has_facts_whom_nobody_knows(kit: Kit) -> None:
    assert await kit.ledger.facts(venue="marlton", guest="ana", at=T0) is None


async def test_what_was_recorded_is_the_next_decisions_facts(kit: Kit) -> None:
    await kit.guest("ana")
    run, planned = a_run(), a_planned()
    record = a_record(an_event(), visit=A_VISIT, runs=(run,), decisions=(a_decision(),), planned=(planned,))

    await kit.ledger.record(record, now=T0)

    facts = await facts_of_ana(kit)
    assert facts.version == 2
    assert facts.runs == (run,)
    assert facts.stays == (Stay(zone="lobby", entered=T0),)
    assert facts.happened == (Happened(kind=ENTERED, object="lobby", at=T0),)
    assert [(past.id, past.at, past.counts) for past in facts.past] == [("m1", T0, True)]
    assert await kit.decisions() == ["d1"]
    assert await kit.states() == {"m1": State.READY}


async def settled_about_ana(kit: Kit, n: int) -> Settled:
    """What came of an event that sends a message to whom nothing was ever sent."""

    def decide(facts: Facts) -> Record:
        planned = () if facts.past else (a_planned(f"m{n}"),)
        return a_record(an_event(f"e{n}"), version=facts.version, planned=planned)

    return await kit.ledger.settle(venue="marlton", guest="ana", at=T0, decide=decide, now=lambda: T0)


async def test_of_many_decisions_about_her_at_once_each_knows_of_those_before_or_is_refused(kit: Kit) -> None:
    await kit.guest("ana")

    asked = [settled_about_ana(kit, n) for n in range(50)]
    settled = [each for each in await asyncio.gather(*asked, return_exceptions=True) if not isinstance(each, Conflict)]
    after = await settled_about_ana(kit, 50)

    assert all(isinstance(each, Settled) for each in settled)
    assert list(await kit.states()) == ["m0"]
    assert after.record is not None
    assert after.record.planned == ()
    assert (await facts_of_ana(kit)).version == len(settled) + 2


async def test_what_was_stored_before_whom_nobody_knows_and_about_whom_nothing_is_decided(kit: Kit) -> None:
    stranger = await settled_about_ana(kit, 1)
    await kit.guest("ana")
    first, again = await settled_about_ana(kit, 1), await settled_about_ana(kit, 1)
    nothing = await kit.ledger.settle(venue="marlton", guest="ana", at=T0, decide=lambda _: None, now=lambda: T0)

    assert (stranger.known, stranger.record) == (False, None)
    assert first.record is not None
    assert again == nothing == Settled(known=True)
    assert (await facts_of_ana(kit)).version == 2


async def test_what_a_journey_does_besides_sending_is_recorded_with_its_decision(kit: Kit) -> None:
    await kit.guest("ana")
    wrote = Write(guest="ana", venue="marlton", field="greeted", value=True, at=T0, run="r1", step="steps.0")
    emitted = replace(an_event("own-1"), kind="greeted", object=None)
    record = replace(a_record(an_event()), writes=(wrote,), emitted=(emitted,))

    await kit.ledger.record(record, now=T0)
    await kit.ledger.record(record, now=T0)

    facts = await facts_of_ana(kit)
    assert facts.version == 2
    assert facts.profile["greeted"] is True
    assert sorted(each.kind for each in facts.happened) == [ENTERED, "greeted"]
    assert await kit.ledger.known(an_event("own-1"))


async def test_a_decision_on_old_facts_is_refused_whole(kit: Kit) -> None:
    await kit.guest("ana")
    await kit.ledger.record(a_record(replace(an_event("e1"), kind="checked_out", object=None)), now=T0)
    stale = a_record(an_event("e2"), visit=A_VISIT, runs=(a_run(),), decisions=(a_decision(),), planned=(a_planned(),))

    with pytest.raises(Conflict):
        await kit.ledger.record(stale, now=T0)

    facts = await facts_of_ana(kit)
    assert (facts.version, facts.runs, facts.past, facts.stays) == (2, (), (), ())
    assert not await kit.ledger.known(an_event("e2"))
    assert await kit.decisions() == []


async def test_of_many_decisions_on_the_same_facts_one_is_stored(kit: Kit) -> None:
    await kit.guest("ana")
    records = [
        a_record(an_event(f"e{n}"), planned=(a_planned(f"m{n}"),), decisions=(a_decision(f"d{n}"),)) for n in range(50)
    ]

    outcomes = await asyncio.gather(*(kit.ledger.record(record, now=T0) for record in records), return_exceptions=True)

    assert outcomes.count(True) == 1
    assert [type(each) for each in outcomes if each is not True] == [Conflict] * 49
    assert len(await kit.states()) == 1


async def test_a_repeated_event_changes_nothing(kit: Kit) -> None:
    await kit.guest("ana")
    await kit.ledger.record(a_record(an_event()), now=T0)

    await kit.ledger.record(a_record(an_event(), version=2, planned=(a_planned(),)), now=T0)

    assert (await facts_of_ana(kit)).version == 2
    assert await kit.states() == {}


async def test_a_repeated_decision_or_message_is_the_first_one(kit: Kit) -> None:
    await kit.guest("ana")
    first = a_record(an_event("e1"), decisions=(a_decision(),), planned=(a_planned(),))
    await kit.ledger.record(first, now=T0)

    again = a_record(an_event("e2"), version=2, decisions=(a_decision(),), planned=(a_planned(),))
    await kit.ledger.record(again, now=T0)

    assert await kit.decisions() == ["d1"]
    assert await kit.states() == {"m1": State.READY}


async def test_an_event_is_known_once_it_is_stored_and_what_it_is_about(kit: Kit) -> None:
    await kit.guest("ana")

    before = await kit.ledger.known(an_event())
    await kit.ledger.record(a_record(an_event()), now=T0)

    assert before is None
    assert await kit.ledger.known(replace(an_event(), guest="ben")) == ("ana", ENTERED, "lobby")


async def test_of_somebody_whom_nobody_knows_nothing_is_stored(kit: Kit) -> None:
    with pytest.raises(Conflict):
        await kit.ledger.record(a_record(an_event(), version=0, visit=A_VISIT, decisions=(a_decision(),)), now=T0)

    assert await kit.decisions() == []
    assert not await kit.ledger.known(an_event())


async def test_a_visit_that_is_noted_without_a_guest_is_nobodys(kit: Kit) -> None:
    await kit.ledger.note_visit(A_VISIT)
    await kit.guest("ana")

    assert (await facts_of_ana(kit)).stays == ()


async def test_a_guest_who_was_erased_meanwhile_is_decided_about_again(kit: Kit) -> None:
    with pytest.raises(Conflict):
        await kit.ledger.record(a_record(an_event(), version=1, planned=(a_planned(),)), now=T0)

    assert await kit.states() == {}


async def test_each_message_begins_in_its_own_state(kit: Kit) -> None:
    await kit.guest("ana")
    planned = (a_planned("m1"), a_planned("m2", not_before=T0 + HOUR), a_planned("m3", ghost=True))

    await kit.ledger.record(a_record(an_event(), planned=planned), now=T0)

    assert await kit.states() == {"m1": State.READY, "m2": State.SCHEDULED, "m3": State.GHOST}


async def test_a_message_that_is_taken_back_is_cancelled_and_no_longer_counts(kit: Kit) -> None:
    await kit.guest("ana")
    await kit.ledger.record(a_record(an_event("e1"), planned=(a_planned("m1"), a_planned("m2"))), now=T0)

    await kit.ledger.record(a_record(an_event("e2"), version=2, cancelled=(taken_back("m1"),)), now=T0)

    assert await kit.states() == {"m1": State.CANCELLED, "m2": State.READY}
    assert [past.counts for past in (await facts_of_ana(kit)).past] == [False, True]
    assert await kit.decisions() == ["back-m1"]


async def test_of_a_message_that_waits_no_longer_nothing_is_said_when_it_is_taken_back(kit: Kit) -> None:
    await kit.guest("ana")
    await kit.ledger.record(a_record(an_event("e1"), planned=(a_planned("m1"),)), now=T0)
    await kit.ledger.record(a_record(an_event("e2"), version=2, cancelled=(taken_back("m1", "first"),)), now=T0)

    again = (taken_back("m1", "again"), taken_back("m9"))
    await kit.ledger.record(a_record(an_event("e3"), version=3, cancelled=again), now=T0)

    assert await kit.decisions() == ["first"]


async def test_a_run_that_ends_makes_room_for_one_that_starts(kit: Kit) -> None:
    await kit.guest("ana")
    await kit.ledger.record(a_record(an_event("e1"), runs=(a_run("r1"),)), now=T0)

    ended, started = a_run("r1")._replace(live=False, step=None), a_run("r2")
    await kit.ledger.record(a_record(an_event("e2"), version=2, runs=(started, ended)), now=T0)

    assert {run.id: run.live for run in (await facts_of_ana(kit)).runs} == {"r1": False, "r2": True}


async def test_runs_are_due_in_the_order_of_their_deadlines(kit: Kit) -> None:
    await kit.guest("ana")
    waits = tuple(a_run(f"r{n}", wake=T0 + n * HOUR)._replace(once_key=f"{n}") for n in (3, 1, 2))
    ended = a_run("r0", live=False, wake=T0)._replace(once_key="0")
    await kit.ledger.record(a_record(an_event(), runs=(*waits, ended, a_run("r9")._replace(once_key="9"))), now=T0)

    early = await kit.ledger.due(now=T0 + HOUR - SECOND, limit=10)
    first = await kit.ledger.due(now=T0 + 2 * HOUR, limit=1)
    due = await kit.ledger.due(now=T0 + 2 * HOUR, limit=10)

    assert list(early) == []
    assert list(first) == [DueWait(venue="marlton", guest="ana", due=Due(run="r1", at=T0 + HOUR))]
    assert [wait.due.run for wait in due] == ["r1", "r2"]
    assert await kit.ledger.next_wake() == T0 + HOUR


async def test_a_deadline_is_told_as_it_was_set_not_as_it_is_looked_at(kit: Kit) -> None:
    await kit.guest("ana")
    with_grace = a_run()._replace(deadline=T0 + HOUR, wake_at=T0 + HOUR + 30 * SECOND)
    await kit.ledger.record(a_record(an_event(), runs=(with_grace,)), now=T0)

    [wait] = await kit.ledger.due(now=T0 + 2 * HOUR, limit=10)

    assert wait.due.at == T0 + HOUR
    assert await kit.ledger.next_wake() == T0 + HOUR + 30 * SECOND


async def test_nothing_waits_when_nobody_does(kit: Kit) -> None:
    assert await kit.ledger.next_wake() is None


async def test_a_visit_of_nobodys_tag_becomes_hers_with_her_event(kit: Kit) -> None:
    await kit.guest("ana")
    await kit.ledger.note_visit(A_VISIT)
    before = (await facts_of_ana(kit)).stays

    left = replace(A_VISIT, left=T0 + HOUR)
    await kit.ledger.record(a_record(an_event(at=T0 + HOUR), visit=left), now=T0 + HOUR)

    assert before == ()
    assert (await facts_of_ana(kit, T0 + HOUR)).stays == (Stay(zone="lobby", entered=T0, left=T0 + HOUR),)


async def test_a_visit_that_is_hers_never_becomes_anothers(kit: Kit) -> None:
    await kit.guest("ana")
    await kit.guest("ben")
    await kit.ledger.record(a_record(an_event(), visit=A_VISIT), now=T0)

    bens = replace(an_event("e2", at=T0 + HOUR), guest="ben")
    left = replace(A_VISIT, left=T0 + HOUR)
    await kit.ledger.record(replace(a_record(bens, visit=left), guest="ben"), now=T0 + HOUR)
    facts_of_ben = await kit.ledger.facts(venue="marlton", guest="ben", at=T0 + HOUR)

    assert (await facts_of_ana(kit, T0 + HOUR)).stays == (Stay(zone="lobby", entered=T0, left=T0 + HOUR),)
    assert facts_of_ben is not None
    assert facts_of_ben.stays == ()


# What another system tells: minutes from T0 on, kind and zone, in the order of telling; what is stored besides comes
# with a visit of presence's own.
TOLD = {
    "entered": ([(0, ENTERED, "lobby")], [("lobby", 0, None)]),
    "entered and left": ([(0, ENTERED, "lobby"), (9, LEFT, "lobby")], [("lobby", 0, 9)]),
    "left another zone": ([(0, ENTERED, "lobby"), (9, LEFT, "pool")], [("lobby", 0, None)]),
    "left what nobody entered": ([(9, LEFT, "lobby")], []),
    "went on to another zone": ([(0, ENTERED, "lobby"), (9, ENTERED, "pool")], [("lobby", 0, 9), ("pool", 9, None)]),
    "came again": ([(0, ENTERED, "lobby"), (9, ENTERED, "lobby")], [("lobby", 0, 9), ("lobby", 9, None)]),
    "two doors at once": ([(0, ENTERED, "lobby"), (0, ENTERED, "pool")], [("lobby", 0, 0), ("pool", 0, None)]),
    "left, told first": ([(9, LEFT, "lobby"), (0, ENTERED, "lobby")], [("lobby", 0, 9)]),
    "went on, told first": ([(9, ENTERED, "pool"), (0, ENTERED, "lobby")], [("pool", 9, None), ("lobby", 0, 9)]),
    "left, told late": (
        [(0, ENTERED, "lobby"), (9, ENTERED, "pool"), (4, LEFT, "lobby")],
        [("lobby", 0, 4), ("pool", 9, None)],
    ),
}


async def tells(kit: Kit, minute: int, kind: str, zone: str, *, visit: VisitNote | None = None) -> None:
    at = T0 + minute * MINUTE
    event = replace(an_event(f"{kind}-{zone}-{minute}-{visit is None}", at=at), kind=kind, object=zone)
    version = (await facts_of_ana(kit)).version
    await kit.ledger.record(a_record(event, version=version, visit=visit), now=at)


async def stays_of_ana(kit: Kit) -> list[tuple[str, float, float | None]]:
    stays = (await facts_of_ana(kit, T0 + HOUR)).stays
    return [
        (stay.zone, (stay.entered - T0) / MINUTE, None if stay.left is None else (stay.left - T0) / MINUTE)
        for stay in stays
    ]


@pytest.mark.parametrize(("told", "stays"), TOLD.values(), ids=TOLD)
async def test_what_another_system_tells_of_a_zone_makes_a_visit(
    kit: Kit, told: list[tuple[int, str, str]], stays: list[tuple[str, float, float | None]]
) -> None:
    await kit.guest("ana")

    for minute, kind, zone in told:
        await tells(kit, minute, kind, zone)

    assert sorted(await stays_of_ana(kit), key=str) == sorted(stays, key=str)


async def test_what_is_told_again_makes_no_second_visit(kit: Kit) -> None:
    await kit.guest("ana")
    event = an_event("e1")

    first = await kit.ledger.record(a_record(event), now=T0)
    again = await kit.ledger.record(a_record(event, version=2), now=T0 + HOUR)

    assert (first, again) == (True, False)
    assert await stays_of_ana(kit) == [("lobby", 0, None)]


async def test_another_systems_word_joins_a_visit_that_presence_has_noticed_and_leaves_it_alone(kit: Kit) -> None:
    await kit.guest("ana")
    await tells(kit, 0, ENTERED, "lobby", visit=A_VISIT)

    await tells(kit, 2, ENTERED, "lobby")
    await tells(kit, 5, LEFT, "lobby")
    await tells(kit, 6, ENTERED, "pool")

    assert sorted(await stays_of_ana(kit), key=str) == [("lobby", 0, None), ("pool", 6, None)]


async def test_who_is_noticed_elsewhere_is_no_longer_where_a_door_saw_her(kit: Kit) -> None:
    await kit.guest("ana")
    await tells(kit, 0, ENTERED, "pool")

    await tells(kit, 9, ENTERED, "lobby", visit=replace(A_VISIT, entered=T0 + 8 * MINUTE))

    assert sorted(await stays_of_ana(kit), key=str) == [("lobby", 8, None), ("pool", 0, 9)]


async def test_a_visit_in_which_the_clock_was_set_back_began_earlier_than_was_said(kit: Kit) -> None:
    await kit.guest("ana")
    await kit.ledger.note_visit(A_VISIT)

    back = replace(A_VISIT, entered=T0 - HOUR, left=T0 - 30 * SECOND)
    await kit.ledger.record(a_record(an_event(at=T0), visit=back), now=T0)

    assert (await facts_of_ana(kit)).stays == (Stay(zone="lobby", entered=T0 - HOUR, left=T0 - 30 * SECOND),)


async def test_a_version_is_kept_and_given_back_while_a_run_is_on_it(kit: Kit) -> None:
    await kit.guest("ana")
    kept = [KeptVersion(venue="marlton", journey="welcome", version=name, text=f"text {name}") for name in ("v1", "v2")]
    await kit.ledger.keep_versions(kept, now=T0)
    await kit.ledger.keep_versions([replace(kept[0], text="another")], now=T0 + HOUR)
    await kit.ledger.record(a_record(an_event("e1"), runs=(a_run(version="v1"),)), now=T0)

    while_live = await kit.ledger.versions_in_use(now=T0)
    over = a_run(version="v1")._replace(live=False, step=None)
    await kit.ledger.record(a_record(an_event("e2"), version=2, runs=(over,)), now=T0)

    assert list(while_live) == [kept[0]]
    assert list(await kit.ledger.versions_in_use(now=T0)) == []
