"""P31: a tag that is in two places at once is found out within a minute; a guest between two gateways is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from random import Random
from typing import Final

import pytest

from hub.presence.copies import KEPT_S, LOOK_EVERY_S, LOOKS, LOUD_DB, REMEMBERED, WITNESSES, Copies, Zones
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.recording import Reading
from hub.presence.survey import learn
from hub.presence.tracker import Tracker
from wire.pseudonym import Pseudonym

T0 = 1_795_335_600.0
BOTH = frozenset({"lobby", "bar"})
ZONES = (
    ZoneLayout(zone="lobby", gateways=("lobby-1", "lobby-2"), min_stay=timedelta(0)),
    ZoneLayout(zone="bar", gateways=("bar-1",), min_stay=timedelta(0)),
)
PLAIN = Layout(venue="marlton", zones=ZONES)
WALK = [
    Reading(float(at), gateway, "walker", dbm, zone)
    for at in range(120)
    for gateway, zone, dbm in (
        [("lobby-1", "lobby", -60), ("bar-1", "lobby", -85)]
        if at < 60
        else [("lobby-1", "bar", -85), ("bar-1", "bar", -60)]
    )
]
SURVEYED = Layout(venue="marlton", zones=ZONES, survey=learn("marlton", WALK))


def heard_for(tracker: Tracker, copies: Copies, seconds: int, **levels: Mapping[str, float]) -> dict[str, float]:
    """Tags, by what each gateway hears of them, give or take fading; after how many seconds which is found out."""
    dice, found = Random(31), dict[str, float]()  # noqa: S311  a seed
    for second in range(seconds):
        now = T0 + second
        for name, dbm_by_gateway in levels.items():
            for gateway, dbm in dbm_by_gateway.items():
                heard = dbm + dice.gauss(0, 3)
                row = (Pseudonym(name), now, now - 0.9, 1, heard, round(heard), round(heard))
                tracker.observe([("marlton", gateway, *row, True)])
        tracker.expire(now)
        if second % LOOK_EVERY_S == 0:
            found |= dict.fromkeys(copies.look(tracker.loud("marlton", LOUD_DB, now), now), float(second))
    return found


GUESTS: Final = {f"guest-{number}": {"lobby-1": -58.0, "lobby-2": -60.0, "bar-1": -85.0} for number in range(3)}


@pytest.mark.parametrize("layout", [PLAIN, SURVEYED], ids=["by margin", "surveyed"])
def test_p31_a_copy_beside_another_gateway_is_found_out_within_a_minute(layout: Layout) -> None:
    copies = Copies()

    found = heard_for(Tracker([layout]), copies, 60, **GUESTS, copied={"lobby-1": -62.0, "bar-1": -62.0})

    assert list(found) == ["copied"]
    assert found["copied"] < 60
    assert copies.found == {"copied": frozenset({"lobby", "bar"})}


@pytest.mark.parametrize("layout", [PLAIN, SURVEYED], ids=["by margin", "surveyed"])
def test_p31_a_guest_between_two_gateways_is_one_guest(layout: Layout) -> None:
    others = {"between": {"lobby-1": -78.0, "bar-1": -78.0}, "beside_one": {"lobby-1": -82.0, "bar-1": -50.0}}

    assert heard_for(Tracker([layout]), Copies(), 600, **GUESTS, **others) == {}


def test_in_a_hall_without_walls_nobody_is_found_out() -> None:
    guests = {f"guest-{number}": {"lobby-1": -60.0 - number, "bar-1": -70.0 + number} for number in range(10)}

    assert heard_for(Tracker([PLAIN]), Copies(), 600, **guests) == {}


def looks_of(copies: Copies, zones: Iterable[Zones], *, tag: str = "copied") -> list[dict[Pseudonym, Zones]]:
    return [copies.look([(Pseudonym(tag), each)], T0 + LOOK_EVERY_S * look) for look, each in enumerate(zones)]


def where_walls_stand() -> Copies:
    copies = Copies()
    for number in range(WITNESSES):
        looks_of(copies, [frozenset({"bar"})] * LOOKS, tag=f"guest-{number}")
    return copies


def test_it_is_told_once_and_forgotten_an_hour_after_it_was_last_in_two_places() -> None:
    copies = where_walls_stand()

    told = looks_of(copies, [BOTH] * 20)
    last = T0 + LOOK_EVERY_S * 19
    within = [copies.look((), last + KEPT_S * share / 10) for share in range(10)]
    kept = copies.found
    copies.look((), last + KEPT_S + 60)

    assert [one for one in told if one] == [{"copied": BOTH}]
    assert not any(within)
    assert kept == {"copied": BOTH}
    assert copies.found == {}


def test_who_passes_from_one_gateway_to_the_next_is_loud_in_both_for_a_moment_only() -> None:
    told = looks_of(where_walls_stand(), [BOTH if look % 6 < 4 else frozenset() for look in range(60)])

    assert not any(told)


def test_memory_is_bounded() -> None:
    copies = Copies()

    for number in range(3 * REMEMBERED):
        looks_of(copies, [frozenset({"bar"})] * LOOKS, tag=f"guest-{number}")

    assert len(copies._alone["bar"]) == REMEMBERED
