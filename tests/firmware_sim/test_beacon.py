from __future__ import annotations

import statistics
from itertools import islice, pairwise

import pytest

from firmware_sim.beacon import ADV_DELAY_S, EMPTY_MV, FULL_MV, Beacon, Secret, a_beacon, frame_of, made_up_tag
from firmware_sim.clock import seeded
from firmware_sim.errors import SimError
from firmware_sim.radio import TAG_SIGMA_DB
from wire.advert.eddystone import SERVICE
from wire.advert.formats import decode
from wire.advert.frame import EddystoneEid, EddystoneTlm

IBEACON = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"
ALTBEACON = "altbeacon:2f234454cf6d4a0fadf2f4911ba9ffa600010002"
EDDYSTONE = "eddystone:edd1ebeac04e5defa017:0b5c6d7e8f90"


@pytest.mark.parametrize("tag", [IBEACON, ALTBEACON, EDDYSTONE])
def test_what_a_tag_sends_is_read_as_its_own_id(tag: str) -> None:
    heard = a_beacon(tag, seed=1).advertisement(0, 0.0, -70)

    frame = decode(heard)

    assert heard.rssi_dbm == -70
    assert frame is not None
    assert not isinstance(frame, EddystoneTlm)
    assert getattr(frame, "tag", None) == tag


def test_events_come_at_the_interval_and_up_to_10_ms_late() -> None:
    events = list(islice(a_beacon(IBEACON, seed=1).events(100.0), 500))
    gaps = [after - before for before, after in pairwise(events)]

    assert 100.0 <= events[0] < 101.0
    assert min(gaps) >= 1.0
    assert max(gaps) <= 1.0 + ADV_DELAY_S
    assert sum(gaps) / len(gaps) == pytest.approx(1.0 + ADV_DELAY_S / 2, abs=0.001)


def test_two_tags_do_not_beat_in_step() -> None:
    first, second = (next(a_beacon(tag, seed=1).events(0.0)) for tag in (IBEACON, ALTBEACON))

    assert first != second


def test_an_eddystone_tag_sends_its_telemetry_now_and_then() -> None:
    beacon = a_beacon(EDDYSTONE, seed=1)
    frames = [decode(beacon.advertisement(number, float(number), -60)) for number in range(20)]

    telemetry = [frame for frame in frames if isinstance(frame, EddystoneTlm)]
    assert [frame.adverts for frame in telemetry] == [9, 19]
    assert telemetry[0].battery_mv == FULL_MV


def test_a_battery_drains_over_years_and_shows_it() -> None:
    beacon = a_beacon(EDDYSTONE, seed=1)
    year_s = 365 * 86400

    after_one = beacon.battery_mv(year_s, year_s)

    assert EMPTY_MV < after_one < FULL_MV
    assert beacon.battery_mv(10 * year_s, 10 * year_s) == EMPTY_MV


def test_a_static_address_stays_and_a_private_one_rotates() -> None:
    static, private = Beacon(tag=IBEACON), Beacon(tag=IBEACON, rotates_address=True)

    assert static.address(0) == static.address(10_000)
    assert int(static.address(0)[:2], 16) >> 6 == 0b11
    assert private.address(0) == private.address(899)
    assert private.address(0) != private.address(900)
    assert int(private.address(0)[:2], 16) >> 6 == 0b01


def test_a_fleet_shares_its_uuid_and_each_has_its_number() -> None:
    tags = {made_up_tag(seeded(1), number) for number in (0, 1, 65536)}

    assert len({tag.split(":")[1] for tag in tags}) == 1
    assert len(tags) == 3


@pytest.mark.parametrize("tag", ["", "ibeacon:1:2", "ibeacon:x:1:2", "altbeacon:zz", "wifi:1", "eddystone:00"])
def test_an_id_of_no_format_is_refused(tag: str) -> None:
    with pytest.raises(SimError, match=r"tag: found .*right would be"):
        frame_of(tag, -59)


def test_tags_of_a_fleet_differ_by_their_sigma() -> None:
    offsets = [a_beacon(made_up_tag(seeded(1), number), seed=1).offset_db for number in range(800)]

    assert statistics.mean(offsets) == pytest.approx(0, abs=0.25)
    assert statistics.stdev(offsets) == pytest.approx(TAG_SIGMA_DB, rel=0.1)


def test_an_eid_tag_says_another_identifier_from_another_address_every_period() -> None:
    secret = Secret(key=bytes(range(16)), exponent=4, count=1000)
    beacon = Beacon(tag="eid:spa-7", secret=secret)

    heard = [beacon.advertisement(number, float(number), -60) for number in range(48)]
    frames = [decode(each) for each in heard]

    assert all(isinstance(frame, EddystoneEid) for frame in frames)
    said = [each.service_data[SERVICE] for each in heard]
    changes = [second for second, (before, after) in enumerate(pairwise(said), start=1) if before != after]
    assert changes == [8, 24, 40]  # its count is 1008, 1024, 1040 then
    assert len({each.address for each in heard}) == 4


def test_a_clock_that_is_fast_rolls_early() -> None:
    fast = Beacon(tag="eid:spa-7", secret=Secret(key=bytes(16), exponent=10, drift=150e-6))
    right = Beacon(tag="eid:spa-7", secret=Secret(key=bytes(16), exponent=10))
    after_a_week = 7 * 86400.0

    moments = [after_a_week + second for second in range(1024)]

    assert 80 <= sum(fast.frame(0, moment) != right.frame(0, moment) for moment in moments) <= 100  # 91 s
