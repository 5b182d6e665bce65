"""Discovery filters and monitors: who hears what."""

from __future__ import annotations

import pytest
from dbus_fast import Variant

from firmware_sim.bluez.filters import DiscoveryFilter, Monitor, read_filter, read_monitor, structures
from wire.advert.advertisement import Advertisement

EDDYSTONE = "0000feaa-0000-1000-8000-00805f9b34fb"
LONG = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
BEACON = Advertisement(
    address="C0:00:00:00:00:01",
    rssi_dbm=-70,
    manufacturer_data={0x004C: bytes.fromhex("0215")},
    service_data={EDDYSTONE: b"\x00\xee", LONG: b"\x01"},
)


def a_monitor(*patterns: tuple[int, int, bytes]) -> Monitor:
    return Monitor(client=":1.1", path="/m", patterns=patterns)


def test_an_advert_is_cut_into_the_structures_that_a_beacon_sends() -> None:
    assert structures(BEACON) == (
        (0x01, b"\x06"),
        (0x03, b"\xaa\xfe"),
        (0xFF, b"\x4c\x00\x02\x15"),
        (0x16, b"\xaa\xfe\x00\xee"),
        (0x21, bytes.fromhex("9ecadc240ee5a9e093f3a3b50100406e") + b"\x01"),
    )


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ((0, 0xFF, b"\x4c\x00\x02\x15"), True),
        ((2, 0xFF, b"\x02"), True),
        ((0, 0x16, b"\xaa\xfe"), True),
        ((0, 0xFF, b"\x18\x01"), False),
        ((3, 0xFF, b"\x15\x00"), False),
        ((0, 0x16, b"\x4c\x00"), False),
    ],
)
def test_a_pattern_is_looked_for_at_its_place_in_its_kind_of_data(
    pattern: tuple[int, int, bytes], *, matches: bool
) -> None:
    assert a_monitor(pattern).matches(structures(BEACON)) is matches


def test_one_of_several_patterns_is_enough() -> None:
    assert a_monitor((0, 0xFF, b"\x18\x01"), (0, 0x16, b"\xaa\xfe")).matches(structures(BEACON))


def test_an_empty_filter_clears_it() -> None:
    assert read_filter({}) is None


def test_a_filter_is_read_with_bluez_own_defaults() -> None:
    asked = read_filter({"Transport": Variant("s", "le"), "RSSI": Variant("n", -127), "UUIDs": Variant("as", ["FEAA"])})

    assert asked == DiscoveryFilter(transport="le", duplicate_data=True, rssi_dbm=-127, uuids=("feaa",))


@pytest.mark.parametrize(
    "asked",
    [
        {"RSSI": Variant("s", "loud")},
        {"Colour": Variant("s", "red")},
        {"RSSI": Variant("n", -80), "Pathloss": Variant("q", 90)},
    ],
)
def test_what_bluez_would_refuse_is_refused(asked: dict[str, Variant]) -> None:
    with pytest.raises(ValueError, match=r"found .*right would be"):
        read_filter(asked)


@pytest.mark.parametrize(
    ("asked", "before_5_88", "from_5_88"),
    [
        (DiscoveryFilter(transport="le"), False, True),
        (DiscoveryFilter(), True, True),
        (DiscoveryFilter(transport="le", duplicate_data=True), False, False),
        (DiscoveryFilter(transport="le", rssi_dbm=-127), False, False),
        (DiscoveryFilter(uuids=("feaa",)), False, False),
    ],
)
def test_a_filter_that_asks_for_nothing_is_none(asked: DiscoveryFilter, *, before_5_88: bool, from_5_88: bool) -> None:
    assert asked.is_regular((5, 66)) is before_5_88
    assert asked.is_regular((5, 88)) is from_5_88


@pytest.mark.parametrize(
    ("asked", "passes"),
    [
        (DiscoveryFilter(rssi_dbm=-70), True),
        (DiscoveryFilter(rssi_dbm=-69), False),
        (DiscoveryFilter(uuids=(EDDYSTONE,)), True),
        (DiscoveryFilter(uuids=(LONG,)), False),
        (DiscoveryFilter(pattern="C0:00"), True),
        (DiscoveryFilter(pattern="C1"), False),
    ],
)
def test_a_filter_lets_pass_what_was_asked_for(asked: DiscoveryFilter, *, passes: bool) -> None:
    assert asked.lets_pass(BEACON, (EDDYSTONE,)) is passes


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"Type": Variant("s", "or_patterns")},
        {"Type": Variant("s", "and_patterns"), "Patterns": Variant("a(yyay)", [(0, 0xFF, b"\x01")])},
        {"Type": Variant("s", "or_patterns"), "Patterns": Variant("a(yyay)", [])},
    ],
)
def test_a_monitor_of_another_kind_is_not_taken(properties: dict[str, Variant]) -> None:
    assert read_monitor(":1.1", "/m", properties) is None
