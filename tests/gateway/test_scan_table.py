"""The table of `scan`, in virtual time."""

from __future__ import annotations

import pytest

from gateway.scan_table import BAR, MAX_BEACONS, SPAN_S, ScanTable, bar
from tests.fakes.radio import an_advert
from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.advert.frame import EddystoneTlm, EddystoneUrl
from wire.advert.vendor import Battery, VendorFormat, VendorFormats
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

KEY = bytes(range(32))
NEAR = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"
FAR = "eddystone:edd1ebeac04e5defa017:0123456789ab"


def lines(table: ScanTable, now: float = 10.0) -> list[list[str]]:
    return [line.split() for line in table.lines(now, began=0.0)[1:-1]]


def test_the_loudest_comes_first_with_its_rate_and_whether_it_is_enrolled() -> None:
    table = ScanTable({pseudonym(KEY, parse_tag(NEAR))}, KEY)
    for tick in range(20):
        table.hear(an_advert(FAR, -88, "C0:00:00:00:00:02"), tick / 2)
        table.hear(an_advert(NEAR, -52, "C0:00:00:00:00:01"), tick / 2)

    near, far = lines(table)

    assert (near[:3], near[4:]) == (["ibeacon", NEAR, "-52"], ["2.0", "yes"])
    assert (far[:3], far[4:]) == (["eddystone", FAR, "-88"], ["2.0", "no"])


def test_telemetry_belongs_to_the_beacon_at_its_address() -> None:
    table = ScanTable()
    telemetry = EddystoneTlm(battery_mv=2380, temperature_c=None, adverts=1, uptime_s=1.0)
    table.hear(an_advert(FAR, -70, "C0:00:00:00:00:02"), 9.0)

    table.hear(formats.encode(telemetry, address="C0:00:00:00:00:02", rssi_dbm=-71), 9.5)
    table.hear(formats.encode(telemetry, address="C0:00:00:00:00:03", rssi_dbm=-71), 9.5)

    (line,) = lines(table)
    assert line[-3:] == ["2.38", "V", "?"]
    assert line[2] == "-71"


def test_a_web_address_is_nobodys_tag() -> None:
    table = ScanTable(set(), KEY)

    url = EddystoneUrl(url="https://example.com", power_dbm=-20)
    table.hear(formats.encode(url, address="C0:00:00:00:00:04", rssi_dbm=-60), 9.0)

    assert lines(table)[0][:2] == ["eddystone-url", "https://example.com"]


def test_who_is_silent_leaves_the_table() -> None:
    table = ScanTable()
    table.hear(an_advert(NEAR), 0.0)
    table.hear(Advertisement(address="AA:BB:CC:DD:EE:FF", rssi_dbm=-60), 0.0)

    assert table.lines(SPAN_S, began=0.0)[-1] == "1 beacons, 1 other devices"
    assert table.lines(SPAN_S + 1, began=0.0)[1:] == ["0 beacons, 0 other devices"]


def test_a_flood_of_made_up_beacons_is_bounded() -> None:
    table = ScanTable()

    for number in range(3 * MAX_BEACONS):
        minor = number % 65536
        table.hear(an_advert(f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:1:{minor}", address=f"{number}"), 1.0)
        table.hear(Advertisement(address=f"other-{number}", rssi_dbm=-60), 1.0)

    assert table.lines(1.0, began=0.0)[-1] == f"{MAX_BEACONS} beacons, {MAX_BEACONS} other devices"


@pytest.mark.parametrize(("level", "length"), [(-127, 0), (-100, 0), (-70, BAR // 2), (-40, BAR), (20, BAR)])
def test_the_bar_grows_with_the_level(level: int, length: int) -> None:
    assert len(bar(level)) == length


def test_a_described_beacon_has_its_id_and_its_battery_and_an_eid_its_identifier_of_now() -> None:
    card = VendorFormat(
        name="card", company=7, id_at=0, id_size=2, battery=Battery(at=2, size=1, order="big", unit_mv=100)
    )
    table = ScanTable({pseudonym(KEY, parse_tag("vendor:card:0102"))}, KEY, vendors=VendorFormats([card]))
    data = {7: bytes([1, 2, 29])}
    table.hear(Advertisement(address="C0:00:00:00:00:01", rssi_dbm=-50, manufacturer_data=data), 9.0)
    table.hear(an_advert("eddystone-eid:0123456789abcdef", -80, "C0:00:00:00:00:02"), 9.0)

    vendor, eid = lines(table)

    assert (vendor[:2], vendor[-3:]) == (["vendor", "vendor:card:0102"], ["2.90", "V", "yes"])
    assert (eid[:2], eid[-1]) == (["eddystone-eid", "eddystone-eid:0123456789abcdef"], "no")
