"""Under which names rolling beacons travel: what gateways are told, and whose each name was."""

from __future__ import annotations

from hub.identity.aes import encrypt
from hub.identity.eid import RollingBeacon
from hub.identity.rolling import MOST, TOLD_ANEW, Rolling
from wire.advert import eid
from wire.advert.frame import EddystoneEid, TagId
from wire.pseudonym import Pseudonym, pseudonym

NOW = 1_800_000_000.0
HOUR_S = 3600.0
SPA, GYM = TagId("eid:spa-7"), TagId("eid:gym-1")
KEY = bytes(range(16))
VENUE_KEY, OTHER_KEY = b"v" * 32, b"o" * 32


def a_beacon(*, exponent: int = 10, count: int = 1 << 20, key: bytes = KEY) -> RollingBeacon:
    return RollingBeacon.told(key=key, exponent=exponent, count=count, at=NOW)


def said(count: int, *, exponent: int = 10, key: bytes = KEY, under: bytes = VENUE_KEY) -> Pseudonym:
    """Under which name a gateway of the venue hears such a beacon."""
    identifier = eid.identifier(key, exponent, count, encrypt=encrypt)
    return pseudonym(under, EddystoneEid(identifier=identifier, power_dbm=-20).tag)


def following(*tags: TagId, now: float = NOW, beacon: RollingBeacon | None = None) -> Rolling:
    rolling = Rolling(encrypt=encrypt, beacons={SPA: beacon or a_beacon()})
    rolling.follow({"marlton": dict.fromkeys(tags or (SPA,), 3)}, {"marlton": (VENUE_KEY,)}, now)
    return rolling


def test_gateways_are_told_the_identifiers_of_a_day_each_with_the_tags_own_bucket() -> None:
    told = following().told("marlton")

    assert {told[said((1 << 20) + hours * 3600)] for hours in range(24)} == {3}
    assert 170 <= len(told) <= 178
    assert said((1 << 20) + 25 * 3600) not in told


def test_they_are_told_those_of_the_day_before_as_well_and_none_that_nobody_would_understand() -> None:
    rolling = following()
    told = rolling.told("marlton")

    assert {told[said((1 << 20) - hours * 3600)] for hours in range(24)} == {3}
    assert said((1 << 20) - 25 * 3600) not in told
    assert rolling.whose("marlton", said((1 << 20) - 25 * 3600), NOW - 25 * HOUR_S, live=False) is None


def test_all_of_them_are_the_one_tag_s_name() -> None:
    rolling = following()

    names = {
        rolling.whose("marlton", said((1 << 20) + passed), NOW + passed, live=True) for passed in range(0, 20_000, 100)
    }

    assert names == {pseudonym(VENUE_KEY, SPA)}


def test_what_is_said_at_another_time_is_nobody_s() -> None:
    rolling = following()

    assert rolling.whose("marlton", said(1 << 20), NOW + 2 * HOUR_S, live=True) is None
    assert rolling.whose("marlton", said(1 << 20), NOW - HOUR_S, live=False) is None
    assert rolling.whose("elsewhere", said(1 << 20), NOW, live=True) is None


def test_a_backlog_of_hours_is_still_understood() -> None:
    rolling = following(now=NOW + 20 * HOUR_S)

    assert rolling.whose("marlton", said(1 << 20), NOW, live=False) == pseudonym(VENUE_KEY, SPA)


def test_it_is_told_anew_long_before_it_runs_out() -> None:
    rolling = following()
    first = dict(rolling.told("marlton"))
    due = rolling.due

    rolling.follow({"marlton": {SPA: 3}}, {"marlton": (VENUE_KEY,)}, due)

    assert due == NOW + 24 * HOUR_S / TOLD_ANEW
    assert said((1 << 20) + 25 * 3600) in rolling.told("marlton")
    assert said((1 << 20) - 23 * 3600) not in rolling.told("marlton")
    assert len(first.keys() & rolling.told("marlton").keys()) > 155


def test_who_is_not_listened_for_or_has_no_secret_is_not_told() -> None:
    rolling = Rolling(encrypt=encrypt, beacons={SPA: a_beacon(), TagId("eid:other"): a_beacon(key=b"x" * 16)})

    rolling.follow({"marlton": {SPA: 0, GYM: 0}}, {"marlton": (VENUE_KEY,)}, NOW)
    assert rolling.told("marlton").keys() == following().told("marlton").keys()

    rolling.follow({"marlton": {}}, {"marlton": (VENUE_KEY,)}, NOW)
    assert rolling.told("marlton") == {}
    assert rolling.whose("marlton", said(1 << 20), NOW, live=True) is None


def test_what_was_learned_of_a_clock_is_handed_over_once() -> None:
    rolling = following(beacon=a_beacon(exponent=4))

    rolling.whose("marlton", said(1 << 20, exponent=4), NOW, live=False)
    nothing = rolling.learned()
    rolling.whose("marlton", said(1 << 20, exponent=4), NOW, live=True)

    assert nothing == {}
    assert rolling.learned()[SPA].high - NOW + (1 << 20) <= 0
    assert rolling.learned() == {}


def test_another_secret_takes_the_place_of_the_first() -> None:
    rolling = following()

    rolling.know(SPA, a_beacon(key=b"n" * 16))
    rolling.follow({"marlton": {SPA: 3}}, {"marlton": (VENUE_KEY,)}, NOW)

    assert said(1 << 20) not in rolling.told("marlton")
    assert said(1 << 20, key=b"n" * 16) in rolling.told("marlton")


def test_a_fleet_of_fast_beacons_fits_a_configuration() -> None:
    fleet = {TagId(f"eid:t{n}"): a_beacon(exponent=3, key=n.to_bytes(16, "big")) for n in range(400)}
    rolling = Rolling(encrypt=encrypt, beacons=fleet)

    rolling.follow({"marlton": dict.fromkeys(fleet, 0)}, {"marlton": (VENUE_KEY,)}, NOW)

    assert len(rolling.told("marlton")) <= 2 * MOST * 1.6  # what their clocks leave open comes on top
    assert rolling.due > NOW + 10


def test_a_retired_key_s_names_are_understood_and_not_told() -> None:
    rolling = Rolling(encrypt=encrypt, beacons={SPA: a_beacon()})

    rolling.follow({"marlton": {SPA: 3}}, {"marlton": (VENUE_KEY, OTHER_KEY)}, NOW)

    assert said(1 << 20, under=OTHER_KEY) not in rolling.told("marlton")
    assert rolling.whose("marlton", said(1 << 20, under=OTHER_KEY), NOW, live=True) == pseudonym(VENUE_KEY, SPA)
