"""What is to be done about a fault that `check` has found? In plain words, by what the fault says."""

from __future__ import annotations

from typing import Final

RADIO: Final = (
    ("running system bus", "D-Bus does not run: systemctl start dbus"),
    ("serviceunknown", "bluetoothd does not run: systemctl enable --now bluetooth"),
    ("namehasnoowner", "bluetoothd does not run: systemctl enable --now bluetooth"),
    ("accessdenied", "this user may not speak to BlueZ: usermod -aG bluetooth USER, then sign in again"),
    ("notauthorized", "this user may not speak to BlueZ: usermod -aG bluetooth USER, then sign in again"),
    ("radio.adapters", "plug the adapter in, or name one that `bluetoothctl list` shows"),
    ("blocked", "Bluetooth is switched off: rfkill unblock bluetooth"),
    ("notready", "Bluetooth is switched off: rfkill unblock bluetooth"),
    ("no powered", "Bluetooth is switched off: rfkill unblock bluetooth"),
    ("inprogress", "another program scans with this adapter: stop it, or restart bluetoothd"),
    (
        "monitor",
        "set Experimental = true under [General] in /etc/bluetooth/main.conf, then systemctl restart bluetooth",
    ),
    ("8 db", 'set scan = "hybrid" in [radio]'),
    ("nothing", "hold a beacon or a phone near it; if it stays silent, switch the adapter off and on: rfkill"),
)
BROKER: Final = (
    ("the acl of", "is the ACL that of deploy/mosquitto? Is cert_file ours: is its common name VENUE/GATEWAY?"),
    ("not authorized", "`innkeeper gateway add` on the hub's machine makes the password: put it into password_file"),
    ("bad user name", "`innkeeper gateway add` on the hub's machine makes the password: put it into password_file"),
    ("certificate required", "the broker wants a certificate: name ours as cert_file and its key as key_file"),
    ("of our certificate", "cert_file is not signed by the CA that the broker asks for, or has run out, or is revoked"),
    ("certificate", "ca_file must hold what the broker's certificate was signed with, and the clock must be right"),
    ("refused", "nothing listens there: does mosquitto run, and is the port the one in mqtt.url?"),
    ("no answer", "a firewall lets nothing through, or the address is another's"),
    ("timed out", "a firewall lets nothing through, or the address is another's"),
    ("unreachable", "this machine has no network"),
    ("name", "the host in mqtt.url cannot be looked up: is it spelt right, and is there a DNS server?"),
    ("cut off", "the port speaks something else (mqtts:// wants the TLS port), or the broker wants a cert_file"),
)
DISK: Final = "data_dir must be a folder that this user may write: chown it, or name another"
FULL: Final = "make room, or lower [spool] max_mib"
NTP: Final = "timedatectl set-ntp true"
CLOCK: Final = f"sightings are placed in time all the same; for right times in logs and recordings: {NTP}"
HUB: Final = "is the hub running, and does a zone of its venue.yaml name this gateway?"
COMMON_NAME: Final = "; and is the common name of cert_file VENUE/GATEWAY?"


def advice(table: tuple[tuple[str, str], ...], fault: str) -> str:
    """What to do; nothing where we do not know."""
    said = fault.lower()
    return next((words for part, words in table if part in said), "")
