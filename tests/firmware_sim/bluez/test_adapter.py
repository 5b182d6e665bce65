"""One adapter's rules, without a bus."""

from __future__ import annotations

import pytest

from firmware_sim.bluez.adapter import SCAN_WINDOW_S, TEMPORARY_TIMEOUT_S, Adapter, Refused, Traits
from firmware_sim.bluez.filters import DiscoveryFilter, Monitor
from firmware_sim.bluez.signals import DEVICE, InterfacesAdded, InterfacesRemoved, MonitorCall, PropertiesChanged
from wire.advert.advertisement import Advertisement

GATEWAY, OTHER = ":1.7", ":1.8"
OURS = DiscoveryFilter(transport="le", duplicate_data=True, rssi_dbm=-127)
IBEACON = ((0, 0xFF, b"\x4c\x00\x02\x15"),)


def an_adapter(*, honours: bool = True) -> Adapter:
    return Adapter("hci0", "02:00:00:00:00:00", Traits(version=(5, 66), honours_duplicate_filter=honours))


def a_scanning_adapter(asked: DiscoveryFilter | None = OURS, *, honours: bool = True) -> Adapter:
    adapter = an_adapter(honours=honours)
    adapter.set_filter(GATEWAY, asked)
    adapter.start_discovery(GATEWAY)
    return adapter


def an_advert(rssi_dbm: int = -60, address: str = "C0:00:00:00:00:01") -> Advertisement:
    return Advertisement(address=address, rssi_dbm=rssi_dbm, manufacturer_data={0x4C: b"\x02\x15\x00"})


def a_monitor(client: str = GATEWAY) -> Monitor:
    return Monitor(client=client, path="/m", patterns=IBEACON)


def test_nobody_scans_and_nothing_is_said() -> None:
    assert an_adapter().hear(an_advert(), 0.0) == []


def test_a_first_advert_adds_the_device_and_the_next_changes_it() -> None:
    adapter = a_scanning_adapter(honours=False)

    (added,) = adapter.hear(an_advert(-60), 0.0)
    (changed,) = adapter.hear(an_advert(-61), 1.0)

    assert isinstance(added, InterfacesAdded)
    assert added.path == "/org/bluez/hci0/dev_C0_00_00_00_00_01"
    assert added.interfaces[DEVICE]["RSSI"].value == -60
    assert isinstance(changed, PropertiesChanged)
    assert set(changed.changed) == {"RSSI", "ManufacturerData"}


def test_the_chip_reports_a_beacon_once_a_scan_window() -> None:
    adapter = a_scanning_adapter()
    reported = [bool(adapter.hear(an_advert(), t / 10)) for t in range(int(SCAN_WINDOW_S * 30))]

    assert sum(reported) == 3


def test_a_monitor_beside_discovery_switches_the_chips_filter_off_and_its_going_on_again() -> None:
    adapter = a_scanning_adapter()
    adapter.add_monitor(a_monitor())
    with_it = sum(any(isinstance(s, PropertiesChanged) for s in adapter.hear(an_advert(), t / 10)) for t in range(50))

    adapter.remove_monitor(GATEWAY, "/m")
    without = sum(bool(adapter.hear(an_advert(), 5 + t / 10)) for t in range(50))

    assert with_it == 49
    assert without == 1


def test_a_monitor_alone_is_told_of_what_matches_it_when_it_comes_and_when_it_goes() -> None:
    adapter = an_adapter()
    adapter.add_monitor(a_monitor())
    stranger = Advertisement(address="C0:00:00:00:00:02", rssi_dbm=-50, manufacturer_data={0x59: b"\x01"})

    assert adapter.hear(stranger, 0.0) == []
    said = adapter.hear(an_advert(), 0.0) + adapter.hear(an_advert(), 1.0) + adapter.expire(1.0 + TEMPORARY_TIMEOUT_S)

    assert [s.member for s in said if isinstance(s, MonitorCall)] == ["DeviceFound", "DeviceLost"]


def test_a_device_is_removed_after_30_s_of_silence_and_not_before() -> None:
    adapter = a_scanning_adapter(honours=False)
    adapter.hear(an_advert(), 0.0)
    adapter.hear(an_advert(), 10.0)

    assert adapter.expire(39.9) == []
    (gone,) = adapter.expire(40.0)
    assert isinstance(gone, InterfacesRemoved)
    assert gone.interfaces == (DEVICE,)
    assert list(adapter.objects()) == ["/org/bluez/hci0"]


def test_the_widest_of_two_sessions_decides_for_both() -> None:
    adapter = a_scanning_adapter(DiscoveryFilter(transport="le", rssi_dbm=-50), honours=False)
    assert adapter.hear(an_advert(-60), 0.0) == []

    adapter.start_discovery(OTHER)

    assert adapter.hear(an_advert(-60), 0.0) != []


def test_discovery_lasts_until_the_last_session_ends_and_then_levels_are_forgotten() -> None:
    adapter = a_scanning_adapter(honours=False)
    assert adapter.start_discovery(OTHER) == []
    adapter.hear(an_advert(), 0.0)

    assert adapter.stop_discovery(GATEWAY) == []
    silenced, discovering = adapter.stop_discovery(OTHER)

    assert isinstance(silenced, PropertiesChanged)
    assert silenced.invalidated == ("RSSI",)
    assert isinstance(discovering, PropertiesChanged)
    assert discovering.changed["Discovering"].value is False


def test_a_client_that_vanishes_leaves_nothing_behind() -> None:
    adapter = a_scanning_adapter()
    adapter.add_monitor(a_monitor())

    assert adapter.lose_client(GATEWAY) != []
    assert not adapter.listens
    assert adapter.lose_client(GATEWAY) == []


def test_without_power_nothing_starts_and_all_sessions_end() -> None:
    adapter = a_scanning_adapter()
    adapter.power(on=False)

    assert adapter.hear(an_advert(), 0.0) == []
    with pytest.raises(Refused) as refused:
        adapter.start_discovery(GATEWAY)
    assert refused.value.name == "org.bluez.Error.NotReady"
    adapter.power(on=True)
    adapter.start_discovery(GATEWAY)


def test_sessions_are_opened_and_closed_once() -> None:
    adapter = an_adapter()
    with pytest.raises(Refused) as not_open:
        adapter.stop_discovery(GATEWAY)
    adapter.start_discovery(GATEWAY)
    with pytest.raises(Refused) as open_already:
        adapter.start_discovery(GATEWAY)

    assert not_open.value.name == "org.bluez.Error.Failed"
    assert open_already.value.name == "org.bluez.Error.InProgress"


def test_unplugged_its_devices_go_first() -> None:
    adapter = a_scanning_adapter()
    adapter.hear(an_advert(), 0.0)

    paths = [signal.path for signal in adapter.unplug()]

    assert paths == ["/org/bluez/hci0/dev_C0_00_00_00_00_01", "/org/bluez/hci0"]
