"""Literal bytes of advertisements, as an adapter hands them over: after the company id, after the service UUID.

Written down from the specifications' own field tables, byte by byte; where a value is fixed by its specification
(prefixes, reserved bytes, edge values) the comment says which.
"""

from __future__ import annotations

from typing import Final

# Apple, "Proximity Beacon Specification" R1: 02 15, UUID, major 000A, minor 0007, power C5 = -59 dBm at 1 m.
IBEACON: Final = bytes.fromhex("0215 fda50693a4e24fb1afcfc6eb07647825 000a 0007 c5")
# Apple's Find My: the same company id, type 12, and no beacon of ours.
FIND_MY: Final = bytes.fromhex("12 19 10 0102030405060708090a0b0c0d0e0f101112131415161700 00")
# AltBeacon 1.0: BE AC, 20 bytes of id, C5 = -59 dBm at 1 m, the maker's byte 2A.
ALTBEACON: Final = bytes.fromhex("beac 000102030405060708090a0b0c0d0e0f10111213 c5 2a")
# eddystone-uid: 00, EE = -18 dBm at 0 m, namespace, instance, two reserved zeros.
EDDYSTONE_UID: Final = bytes.fromhex("00 ee edd1ebeac04e5defa017 0123456789ab 0000")
# eddystone-url: 10, EE, scheme 03 = https://, "goo.gl/abc" with 0x2E as itself: no expansion covers ".gl".
EDDYSTONE_URL: Final = bytes.fromhex("10 ee 03") + b"goo.gl/abc"
# The same with scheme 00 = http://www. and expansion 00 = .com/
EDDYSTONE_URL_EXPANDED: Final = bytes.fromhex("10 00 00") + b"inn" + bytes([0x00]) + b"a"
# eddystone-tlm: 20, version 00, 0BB8 = 3000 mV, 1580 = 21.5 °C, 000003E8 = 1000 adverts, 00002710 = 1000.0 s.
EDDYSTONE_TLM: Final = bytes.fromhex("20 00 0bb8 1580 000003e8 00002710")
# The edges of the TLM table: 0 mV is "not supported", 8000 (-128 °C) is "not supported".
EDDYSTONE_TLM_EDGES: Final = bytes.fromhex("20 00 0000 8000 ffffffff 00000000")
# The encrypted TLM has version 01.
EDDYSTONE_ETLM: Final = bytes.fromhex("20 01 0011223344556677889900112233445566")
