"""Adverts as a hostile or broken sender makes them: literal frames, bent in the ways that break parsers.

    air = Air(seed=1)
    data, adv = air.next()      # bytes for any one parser; an advertisement that carries them
    parse(data, adv)            # every parser of the wire's adverts; raises what a parser raises

The same seed makes the same adverts.
"""

from __future__ import annotations

from random import Random
from typing import Final

from gateway.reading import Door
from gateway.scan_table import ScanTable
from tests.captures import adverts
from wire.advert import altbeacon, eddystone, eid, formats, ibeacon
from wire.advert.advertisement import Advertisement
from wire.advert.frame import EddystoneTlm, EddystoneUrl
from wire.advert.vendor import Battery, VendorFormat, VendorFormats
from wire.tag import frame_of

CARD: Final = bytes.fromhex("ca1f00ac233fa00001c50bb8")
EID: Final = bytes.fromhex("30ee0123456789abcdef")
FRAMES: Final = (
    *(adverts.IBEACON, adverts.FIND_MY, adverts.ALTBEACON, adverts.EDDYSTONE_UID, adverts.EDDYSTONE_URL),
    *(adverts.EDDYSTONE_URL_EXPANDED, adverts.EDDYSTONE_TLM, adverts.EDDYSTONE_TLM_EDGES, adverts.EDDYSTONE_ETLM),
    *(EID, CARD),
)
COMPANIES: Final = (ibeacon.COMPANY, 0x0118, 0x0639, 0xFFFF)
SERVICES: Final = (eddystone.SERVICE, "0000ffe1-0000-1000-8000-00805f9b34fb", "")
EDGES: Final = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
DESCRIBED: Final = VendorFormats(
    [
        VendorFormat(
            name="card",
            company=0x0639,
            prefix=b"\xca\x10",
            mask=b"\xff\xf0",
            id_at=3,
            id_size=6,
            power_at=9,
            battery=Battery(at=10, size=2, order="big", unit_mv=1),
        ),
        VendorFormat(
            name="badge",
            service=SERVICES[1],
            id_at=0,
            id_size=20,
            battery=Battery(at=20, size=1, order="little", unit_mv=1000),
        ),
        VendorFormat(name="any", company=0xFFFF, id_at=0, id_size=1),
    ]
)
KEY: Final = bytes(range(32))
LOOK_AT_ALL_EVERY: Final = 64  # the table of `scan` and canonical ids cost more than the parsers


class Air:
    """One stream of bent adverts."""

    def __init__(self, seed: int) -> None:
        self._dice = Random(seed)  # noqa: S311  a seed, so that a crash can be had again

    def next(self) -> tuple[bytes, Advertisement]:
        """The next one."""
        dice = self._dice
        bits = dice.getrandbits(32)
        data = bytearray(FRAMES[bits % len(FRAMES)])
        for _ in range(1 + (bits >> 4 & 3)):
            self._bend(data, dice.getrandbits(32))
        said = bytes(data)
        address = f"C0:00:00:00:{bits >> 8 & 255:02X}:{bits >> 16 & 255:02X}"
        rssi = -(bits >> 24 & 127)
        if bits >> 31:
            carried = {SERVICES[bits >> 6 & 1]: said, SERVICES[2]: said[::-1]}
            return said, Advertisement(address=address, rssi_dbm=rssi, service_data=carried)
        company = {COMPANIES[bits >> 6 & 3]: said, COMPANIES[bits >> 9 & 3]: said[:-1]}
        return said, Advertisement(
            address=address, rssi_dbm=rssi, manufacturer_data=company, service_data={SERVICES[0]: said}
        )

    def _bend(self, data: bytearray, bits: int) -> None:
        at, kind = bits >> 8, bits & 7
        if not data or kind == 0:
            data += self._dice.randbytes(bits >> 3 & 31)  # longer
        elif kind == 1:
            del data[at % (len(data) + 1) :]  # cut off
        elif kind == 2:
            del data[at % len(data)]  # a byte is missing
        elif kind == 3:
            data.insert(at % (len(data) + 1), bits >> 24)  # one too many
        elif kind == 4:
            data[at % len(data)] = EDGES[bits % len(EDGES)]
        elif kind == 5:
            other = FRAMES[bits >> 3 & 7]
            data[at % len(data) :] = other[at % len(other) :]  # two frames spliced
        else:
            data[at % len(data)] ^= 1 << (bits >> 3 & 7)


class Parsers:
    """Every parser that adverts meet, and what stands right behind them."""

    def __init__(self) -> None:
        self.frames = 0
        self._count = 0
        self._door = Door(DESCRIBED)
        self._door.enrol(KEY, {})
        self._table = ScanTable({}, KEY, vendors=DESCRIBED)

    def parse(self, data: bytes, adv: Advertisement) -> None:
        """All of them; raises what one of them raises."""
        ibeacon.decode(data)
        altbeacon.decode(0xFFFF, data)
        eddystone.decode(data)
        eid.decode(data)
        frame = formats.decode(adv) or DESCRIBED.decode(adv)
        self._door.admit(adv)
        self._door.telemetry.clear()
        self._count += 1
        if frame is None:
            return
        self.frames += 1
        if self._count % LOOK_AT_ALL_EVERY == 0:
            self._table.hear(adv, self._count / 1000)
            if not isinstance(frame, EddystoneTlm | EddystoneUrl):
                assert frame_of(frame.tag).tag == frame.tag
