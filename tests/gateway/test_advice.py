"""Each fault that `check` can meet is followed by what to do about it."""

from __future__ import annotations

import pytest

from gateway.advice import BROKER, RADIO, advice
from gateway.eight_db import NOTE


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        ("d-bus: found No such file; right would be a running system bus", "D-Bus does not run"),
        ("GetManagedObjects: BlueZ says org.freedesktop.DBus.Error.ServiceUnknown", "bluetoothd does not run"),
        ("SetDiscoveryFilter: BlueZ says org.freedesktop.DBus.Error.AccessDenied", "usermod -aG bluetooth"),
        ("radio.adapters: found hci7; right would be hci0", "plug the adapter in"),
        ("hci0: found org.bluez.Error.NotReady; right would be an adapter that scans", "rfkill unblock"),
        ("BlueZ released the advertisement monitor", "Experimental = true"),
        (NOTE, 'scan = "hybrid"'),
        (" nothing in 10 s", "hold a beacon"),
        ("adverts", ""),
    ],
)
def test_radio(fault: str, part: str) -> None:
    assert part in advice(RADIO, fault)
    assert bool(part) == bool(advice(RADIO, fault))


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        ("found not authorized; right would be the password of marlton/lobby-1", "`innkeeper gateway add`"),
        ("found [Errno 111] Connection refused; right would be a broker there", "does mosquitto run"),
        ("found [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "ca_file"),
        ("found [Errno -2] Name or service not known; right would be a broker there", "looked up"),
        ("found no answer; right would be a broker there", "firewall"),
        ("found publishing: not authorized; right would be the ACL of marlton/lobby-1", "is the ACL that of"),
    ],
)
def test_broker(fault: str, part: str) -> None:
    assert part in advice(BROKER, fault)
