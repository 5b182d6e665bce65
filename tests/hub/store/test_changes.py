"""A write about a guest leaves an event for each changed field that somebody waits by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, timedelta
from pathlib import Path

import pytest

from hub.errors import BadRequest
from hub.identity.guest import GuestId, Profile, Reservation, ReservationStatus, VenueId
from hub.store.changes import Watch
from hub.store.guests import GuestStore
from hub.store.imports import ImportStore
from hub.store.ledger import LedgerStore
from hub.store.sqlite import Store
from rules.event import Event
from tests.fakes.hub_clock import T0
from tests.fakes.store import a_store

ANA = GuestId("ana")
MINUTE = timedelta(minutes=1)
STAY = Reservation(
    id="R1",
    venue=VenueId("airport"),
    room="204",
    arrival=date(2026, 1, 5),
    departure=date(2026, 1, 7),
    status=ReservationStatus.IN_HOUSE,
)


class Desk:
    """Whoever writes about guests; at the airport somebody waits by boarding and departure, at the hotel by nothing."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.told = 0
        fields = {"airport": frozenset({"boarding", "departure"}), "hotel": frozenset[str]()}
        watch = Watch(fields=lambda: fields, timezone_of=lambda _: UTC, written=self._written)
        self.guests = GuestStore(store, watch)
        self.imports = ImportStore(store, watch)

    def _written(self) -> None:
        self.told += 1

    async def put(self, **attributes: str) -> None:
        await self.guests.put_guest(ANA, Profile(first_name="Ana", attributes=attributes), T0)

    async def in_a_journey(self, venue: str = "airport", *, live: bool = True) -> None:
        sql = (
            "INSERT INTO runs (id, venue, guest, journey, version, once_key, started_us, live, value_json)"
            " VALUES (?, ?, 'ana', 'lounge', 'v', '', 0, ?, '{}')"
        )
        await self.store.write(lambda c: c.execute(sql, (f"r-{venue}", venue, live)))

    async def waiting(self) -> list[Event]:
        return list(await LedgerStore(self.store, timezone_of=lambda _: UTC).pending(limit=100))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_store(tmp_path) as store:
        yield Desk(store)


async def test_a_field_that_somebody_waits_by_changes_and_leaves_an_event(desk: Desk) -> None:
    await desk.put(boarding="12:00", gate="4")
    await desk.in_a_journey()

    await desk.put(boarding="12:30", gate="5")

    [event] = await desk.waiting()
    assert (event.venue, event.guest, event.kind, event.object) == ("airport", "ana", "set", "boarding")
    assert event.data == {"value": "12:30"}
    assert event.at == event.received == T0
    assert desk.told == 2


async def test_each_change_is_an_event_of_its_own_and_a_repeated_write_is_none(desk: Desk) -> None:
    await desk.put(boarding="12:00")
    await desk.in_a_journey()

    await desk.put(boarding="12:30")
    await desk.put(boarding="12:30")
    await desk.put(boarding="12:00")
    await desk.put()

    assert [event.data["value"] for event in await desk.waiting()] == ["12:30", "12:00", None]
    assert len({event.id for event in await desk.waiting()}) == 3


@pytest.mark.parametrize(("venue", "live"), [("hotel", True), ("airport", False)])
async def test_where_nobody_waits_a_change_leaves_nothing(desk: Desk, venue: str, live: bool) -> None:  # noqa: FBT001  a case
    await desk.put(boarding="12:00")
    await desk.in_a_journey(venue, live=live)

    await desk.put(boarding="12:30")

    assert await desk.waiting() == []


async def test_a_stay_that_is_put_changed_or_forgotten_is_a_change(desk: Desk) -> None:
    await desk.put()
    await desk.in_a_journey()

    await desk.guests.put_reservation(ANA, STAY, T0)
    await desk.guests.delete_reservation(ANA, "R1", T0)

    changes = [(event.object, event.data["value"] is None) for event in await desk.waiting()]
    assert changes == [("departure", False), ("departure", True)]


async def test_a_file_of_stays_is_a_change_and_one_that_is_refused_is_none(desk: Desk) -> None:
    await desk.put()
    await desk.in_a_journey()
    head = "id,guest,venue,arrival,departure\n"

    with pytest.raises(BadRequest):
        await desk.imports.take(
            "reservations",
            f"{head}R1,ana,airport,2026-01-05,2026-01-07\nR2,eve,airport,2026-01-05,2026-01-07\n",
            file="r.csv", venues=["airport"], now=T0,
        )  # fmt: skip
    assert await desk.waiting() == []
    await desk.imports.take(
        "reservations", f"{head}R1,ana,airport,2026-01-05,2026-01-07\n", file="r.csv", venues=["airport"], now=T0
    )

    assert [event.object for event in await desk.waiting()] == ["departure"]


async def test_whoever_is_erased_leaves_nothing_to_decide(desk: Desk) -> None:
    await desk.put(boarding="12:00")
    await desk.in_a_journey()
    await desk.put(boarding="12:30")

    await desk.guests.erase_guest(ANA, T0 + MINUTE)

    assert await desk.waiting() == []
