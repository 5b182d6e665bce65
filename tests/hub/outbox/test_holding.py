"""Nothing leaves while the outbox is stopped or the clock is wrong; what is still worth sending leaves afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.outbox.holding import Held, Holding
from hub.outbox.message import State
from hub.outbox.state import Why
from hub.outbox.time_guard import Mark
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.office import DAY, HOUR, MINUTE, Office, a_while, at_work, until
from tests.fakes.planned import a_planned


class FakeStandstill:
    """hub.outbox.port.Standstill."""

    def __init__(self) -> None:
        self.is_paused = False
        self.kept: Mark | None = None

    async def paused(self) -> bool:
        return self.is_paused

    async def pause(self, *, paused: bool, now: datetime) -> None:
        del now
        self.is_paused = paused

    async def mark(self) -> Mark | None:
        return self.kept

    async def keep_mark(self, mark: Mark) -> None:
        self.kept = mark


class Machine:
    """A wall clock that can be set, and a boot clock that cannot."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.boot = HOUR
        self.boot_id = "b1"
        self.standstill = FakeStandstill()

    def pass_(self, span: timedelta) -> None:
        self.clock.pass_(span)
        self.boot += span

    def set_wall(self, span: timedelta) -> None:
        self.clock.pass_(span)

    def holding(self) -> Holding:
        return Holding(standstill=self.standstill, clock=self.clock, boot=lambda: self.boot, boot_id=self.boot_id)

    def office(self) -> Office:
        office = Office()
        office.clock = self.clock
        office.dispatcher = office.another()
        office.dispatcher.holding = self.holding()
        return office


async def test_a_stopped_outbox_sends_nothing_and_expires_what_is_not_worth_sending_any_more() -> None:
    machine = Machine()
    office = machine.office()
    async with at_work(office):
        await office.dispatcher.holding.pause(paused=True)
        office.put(a_planned("m1"))
        office.put(a_planned("m2", expires_at=T0 + HOUR))
        await a_while()
        before = len(office.apns.asked)
        machine.pass_(20 * MINUTE)
        office.dispatcher.poke()
        await until(office.is_(State.EXPIRED, "m1"))
        await office.dispatcher.holding.pause(paused=False)
        office.dispatcher.poke()
        await until(office.is_(State.SENT, "m2"))

    assert before == 0
    assert [each.id for each in office.apns.accepted] == ["m2"]


async def test_a_stop_outlives_a_restart() -> None:
    machine = Machine()
    await machine.holding().pause(paused=True)

    again = machine.holding()
    await again.settle_in()

    assert again.held() is Held.PAUSED


async def test_p21_nothing_leaves_while_the_wall_is_ahead_and_what_was_decided_then_never_does() -> None:
    machine = Machine()
    office = machine.office()
    async with at_work(office):
        office.put(a_planned("m1"))
        await until(office.is_(State.SENT, "m1"))
        machine.set_wall(2 * DAY)
        office.put(a_planned("m2", at=machine.clock.at, expires_at=machine.clock.at + HOUR))
        await a_while()
        while_ahead = len(office.apns.asked)
        machine.set_wall(-2 * DAY)
        office.dispatcher.poke()
        office.box.messages["m2"].due = machine.clock.at
        office.dispatcher.poke()
        await until(office.is_(State.SUPPRESSED, "m2"))

    assert while_ahead == 1
    assert office.stands("m2") == (State.SUPPRESSED, Why.CLOCK)
    assert [each.id for each in office.apns.accepted] == ["m1"]


async def test_p21_nothing_expires_because_of_a_jump() -> None:
    machine = Machine()
    office = machine.office()
    office.put(a_planned("m1"))
    office.dispatcher.holding.held()
    machine.set_wall(2 * DAY)
    async with at_work(office):
        await a_while()
        stood = office.stands("m1")
        machine.set_wall(-2 * DAY)
        office.dispatcher.poke()
        await until(office.is_(State.SENT, "m1"))

    assert stood == (State.READY, None)


async def test_p21_a_machine_that_begins_in_1970_sends_when_it_has_found_the_time() -> None:
    machine = Machine()
    first = machine.holding()
    await first.note()
    machine.boot, machine.boot_id = timedelta(0), "b2"
    machine.set_wall(-20_000 * DAY)

    again = machine.holding()
    await again.settle_in()
    lost = again.held()
    machine.set_wall(20_000 * DAY + MINUTE)

    assert lost is Held.CLOCK
    assert again.held() is None


async def test_p21_the_mark_on_the_disk_follows_the_clock_once_a_minute() -> None:
    machine = Machine()
    holding = machine.holding()
    await holding.note()
    first = machine.standstill.kept
    machine.pass_(30 * timedelta(seconds=1))
    await holding.note()
    same = machine.standstill.kept
    machine.pass_(MINUTE)
    await holding.note()

    assert same is first
    assert machine.standstill.kept is not None
    assert machine.standstill.kept.wall == machine.clock.at
