"""What starts by the venue's clock, over the real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub.identity.guest import GuestId, Profile, Reservation, ReservationStatus, VenueId
from hub.journeys.engine import Journeys
from hub.journeys.inbox import Inbox
from hub.journeys.port import VisitNote
from hub.journeys.rulebooks import Rulebooks
from hub.journeys.schedule import Schedule
from hub.store import records
from hub.store.guests import GuestStore
from hub.store.ledger import LedgerStore
from hub.store.occasions import OccasionStore
from hub.store.sqlite import Store
from rules.definition import read_journey, read_venue
from rules.rulebook import Rulebook
from tests.fakes.hub_clock import StillClock
from tests.fakes.store import a_store

LISBON = ZoneInfo("Europe/Lisbon")
VENUE = """
venue: inn
timezone: Europe/Lisbon
zones: {pool: {}}
guest: {first_name: ""}
"""
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@cache
def a_book(start: str = "every day 17:00", when: str = "") -> Rulebook:
    venue = read_venue(VENUE, file="venue.yaml")
    guard = f"when: {when}\n" if when else ""
    text = f"journey: evening\nstart: {start}\n{guard}steps:\n  - wait: 1h\n"
    return Rulebook(venue=venue, journeys=(read_journey(text, venue, file="evening.yaml"),))


def there(day: int, hour: int, minute: int = 0, *, month: int = 1) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=LISBON).astimezone(UTC)


class Hub:
    """One start of the hub's clockwork over a store that outlives it."""

    def __init__(self, store: Store, at: datetime, book: Rulebook | None = None) -> None:
        self.store = store
        self.clock = StillClock(at)
        self.rulebooks = Rulebooks({"inn": book or a_book()})
        self.ledger = LedgerStore(store, timezone_of=lambda _: LISBON)
        journeys = Journeys(self.ledger, self.rulebooks, self.clock, decided=lambda _: None)
        self.inbox = Inbox(self.ledger, journeys, self.clock)
        self.opened = 0
        self.schedule = Schedule(OccasionStore(store), self.rulebooks, self.clock, opened=self._opened)
        self.guests = GuestStore(store)

    def _opened(self) -> None:
        self.opened += 1

    async def looks_at(self, at: datetime) -> None:
        self.clock.at = at
        await self.schedule.open_some()

    async def stays(self, guest: str, *, leaves: date, status: str = "in_house") -> None:
        await self.guests.put_guest(GuestId(guest), Profile(), self.clock.now())
        reservation = Reservation(
            id="R", venue=VenueId("inn"), room=None, arrival=date(2026, 1, 1), departure=leaves,
            status=ReservationStatus(status),
        )  # fmt: skip
        await self.guests.put_reservation(GuestId(guest), reservation, self.clock.now())

    async def visits(self, guest: str, *, entered: datetime, left: datetime | None) -> None:
        await self.guests.put_guest(GuestId(guest), Profile(), self.clock.now())
        note = VisitNote(
            id=f"v-{guest}", venue="inn", tag="x", zone="pool", entered=entered, left=left, dwelled_us=0, confidence=1
        )
        await self.store.write(lambda c: records.put_visit(c, note, guest))

    async def waiting(self) -> list[str]:
        return sorted(event.guest for event in await self.ledger.pending(limit=100))

    async def started(self) -> dict[str, str]:
        await self.inbox.settle_some()
        rows = await self.store.read(lambda c: c.execute("SELECT guest, reason FROM decisions ORDER BY seq").fetchall())
        return dict(rows)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path) as store:
        yield store


async def test_at_the_hour_it_starts_for_whoever_stays_and_for_nobody_before(store: Store) -> None:
    hub = Hub(store, there(5, 16))
    await hub.stays("ana", leaves=date(2026, 1, 7))

    await hub.looks_at(there(5, 16, 59))
    before = await hub.waiting()
    await hub.looks_at(there(5, 17))
    await hub.looks_at(there(5, 17) + SECOND)

    assert (before, await hub.waiting(), hub.opened) == ([], ["ana"], 1)
    assert await hub.started() == {"ana": "matched"}
    assert await rows(store) == [("inn", "17:00", "2026-01-05", 1)]


async def rows(store: Store) -> list[tuple[object, ...]]:
    sql = "SELECT venue, clock, day, guests FROM occasions"
    return [tuple(row) for row in await store.read(lambda c: c.execute(sql).fetchall())]


async def test_it_is_for_whoever_is_known_here_and_nobody_else(store: Store) -> None:
    hub = Hub(store, there(5, 16))
    await hub.stays("arriving", leaves=date(2026, 2, 1), status="booked")
    await hub.stays("gone-a-week", leaves=date(2025, 12, 29), status="checked_out")
    await hub.stays("gone-long", leaves=date(2025, 11, 1), status="checked_out")
    await hub.stays("cancelled", leaves=date(2026, 2, 1), status="cancelled")
    await hub.visits("swam-lately", entered=there(1, 9), left=there(1, 10))
    await hub.visits("swam-long-ago", entered=there(1, 9) - timedelta(days=60), left=there(1, 10))
    await hub.guests.put_guest(GuestId("never-here"), Profile(), hub.clock.now())

    await hub.looks_at(there(5, 17))

    assert await hub.waiting() == ["arriving", "gone-a-week", "swam-lately"]


@pytest.mark.parametrize(
    ("when", "who"),
    [
        ("guest.in_house", ["ana"]),
        ("guest.reservation", ["ana", "bob"]),
        ("inside('pool')", ["ana", "eve"]),
        ("guest.in_house && inside('pool')", ["ana"]),
    ],
)
async def test_a_guard_narrows_for_whom_it_is(store: Store, when: str, who: list[str]) -> None:
    hub = Hub(store, there(5, 16), a_book(when=when))
    await hub.stays("ana", leaves=date(2026, 1, 7))
    await hub.visits("ana", entered=there(5, 15), left=None)
    await hub.stays("bob", leaves=date(2026, 1, 7), status="booked")
    await hub.visits("eve", entered=there(5, 15), left=None)

    await hub.looks_at(there(5, 17))

    assert await hub.waiting() == who


async def test_a_restart_in_the_midst_loses_nobody_and_starts_nobody_twice(store: Store) -> None:
    hub = Hub(store, there(5, 16))
    for guest in ("ana", "bob"):
        await hub.stays(guest, leaves=date(2026, 1, 7))
    await hub.looks_at(there(5, 17))

    again = Hub(store, there(5, 18))
    await again.schedule.open_some()

    assert await again.started() == {"ana": "matched", "bob": "matched"}
    assert again.opened == 0


async def test_an_hour_that_passed_while_the_hub_stood_still_is_recorded_as_late(store: Store) -> None:
    hub = Hub(store, there(4, 16))
    await hub.stays("ana", leaves=date(2026, 1, 7))
    await hub.looks_at(there(4, 17))
    assert await hub.started() == {"ana": "matched"}

    again = Hub(store, there(5, 19))
    await again.schedule.open_some()

    assert await again.started() == {"ana": "late"}


async def test_a_few_seconds_of_standing_still_are_not_late(store: Store) -> None:
    hub = Hub(store, there(5, 16))
    await hub.stays("ana", leaves=date(2026, 1, 7))

    again = Hub(store, there(5, 17) + 80 * SECOND)
    await again.schedule.open_some()

    assert await again.started() == {"ana": "matched"}


async def test_a_journey_that_is_new_says_nothing_of_an_hour_before_it_was_there(store: Store) -> None:
    hub = Hub(store, there(5, 19))
    await hub.stays("ana", leaves=date(2026, 1, 7))

    await hub.schedule.open_some()

    assert (await hub.waiting(), hub.opened) == ([], 0)


@pytest.mark.parametrize(
    ("clock", "first", "last"),
    [
        ("01:30", there(28, 12, month=3), there(31, 12, month=3)),  # skipped on the 29th
        ("01:30", there(24, 12, month=10), there(27, 12, month=10)),  # comes twice on the 25th
    ],
)
async def test_each_day_has_the_hour_once_when_the_clocks_change_too(
    store: Store, clock: str, first: datetime, last: datetime
) -> None:
    hub = Hub(store, first, a_book(start=f"every day {clock}"))
    await hub.stays("ana", leaves=date(2026, 12, 31))

    at = first
    while at <= last:
        await hub.looks_at(at)
        at += timedelta(minutes=30)

    days = [str(day) for _, _, day, _ in await rows(store)]
    assert days == sorted(set(days))
    assert len(days) == 3


async def test_a_clock_that_was_put_back_opens_nothing_a_second_time(store: Store) -> None:
    hub = Hub(store, there(5, 16))
    await hub.stays("ana", leaves=date(2026, 1, 7))
    await hub.looks_at(there(5, 17))
    await hub.looks_at(there(5, 16, 30))

    await hub.looks_at(there(5, 17))

    assert hub.opened == 1


async def test_a_venue_that_nothing_starts_at_by_the_clock_is_left_alone(store: Store) -> None:
    hub = Hub(store, there(5, 16), a_book(start="enter pool"))

    await hub.looks_at(there(5, 18))

    assert (hub.opened, await rows(store)) == (0, [])
