"""What a journey set stays when another system puts the guest again; what the PUT names is its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC
from pathlib import Path

import pytest

from hub.identity.guest import GuestId, Profile
from hub.store.guests import GuestStore
from hub.store.ledger import LedgerStore
from hub.store.profiles import set_attribute
from hub.store.sqlite import Store
from rules.event import Value
from tests.fakes.hub_clock import T0
from tests.fakes.store import a_store

ANA = GuestId("ana")


class House:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.guests = GuestStore(store)

    async def put(self, **attributes: str | bool | None) -> None:
        await self.guests.put_guest(ANA, Profile(first_name="Ana", attributes=attributes), T0)

    async def journey_sets(self, name: str, value: Value) -> None:
        await self.store.write(lambda c: set_attribute(c, ANA, name, value))

    async def shown(self) -> Mapping[str, Value]:
        return (await self.guests.guest(ANA)).profile.attributes

    async def asked(self) -> Mapping[str, Value]:
        """As conditions see her."""
        facts = await LedgerStore(self.store, timezone_of=lambda _: UTC).facts(venue="marlton", guest=ANA, at=T0)
        assert facts is not None
        own = {"first_name", "reservation", "in_house"}
        return {name: value for name, value in facts.profile.items() if name not in own}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_store(tmp_path) as store:
        yield House(store)


async def test_what_a_journey_set_stays_when_the_same_guest_is_put_again(house: House) -> None:
    await house.put(allergy="nuts")
    await house.journey_sets("upgrade_offered", True)  # noqa: FBT003  a value
    await house.journey_sets("arrived", T0)

    for _ in range(2):
        await house.put(allergy="nuts")

    hers = {"allergy": "nuts", "upgrade_offered": True, "arrived": T0.isoformat()}
    assert await house.shown() == hers
    assert await house.asked() == hers


async def test_what_another_system_no_longer_says_is_gone(house: House) -> None:
    await house.put(allergy="nuts", seat="12A")
    await house.journey_sets("case_open", True)  # noqa: FBT003  a value

    await house.put(seat="12A")

    assert await house.shown() == {"seat": "12A", "case_open": True}


@pytest.mark.parametrize("value", [False, None])
async def test_a_put_that_names_what_a_journey_set_owns_it_from_then_on(house: House, value: bool | None) -> None:  # noqa: FBT001  a value
    await house.put()
    await house.journey_sets("case_open", True)  # noqa: FBT003  a value

    await house.put(case_open=value)
    named = await house.shown()
    await house.put()

    assert (named, await house.shown()) == ({"case_open": value}, {})


async def test_what_a_journey_took_away_is_not_kept(house: House) -> None:
    await house.put()
    await house.journey_sets("case_open", True)  # noqa: FBT003  a value
    await house.journey_sets("case_open", None)

    await house.put()

    assert await house.shown() == {}


async def test_an_export_says_what_journeys_set_and_erasure_forgets_it(house: House) -> None:
    await house.put(allergy="nuts")
    await house.journey_sets("case_open", True)  # noqa: FBT003  a value
    held = await house.guests.export_guest(ANA)
    await house.guests.erase_guest(ANA, T0)
    await house.put()

    attributes = {"allergy": "nuts", "case_open": True, "$set_by_journeys": ["case_open"]}
    assert held["guest"]["attributes"] == attributes
    assert await house.shown() == {}
