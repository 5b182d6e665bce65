"""P41: of ten thousand foreign beacons no id, in any form, is on the wire, on the disk or in a log."""

from __future__ import annotations

import logging
import sqlite3
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Final

import pytest

from gateway.clock import Clock
from gateway.held import Origin
from gateway.keeper import open_keeper
from gateway.pipeline import About, Pipeline, dumps
from gateway.spool import ACK_WITHIN_S, FLUSH_S
from tests.fakes.radio import an_advert
from tests.fakes.uplink import FakeUplink
from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.advert.frame import EddystoneTlm, EddystoneUrl, VendorBeacon
from wire.advert.vendor import VendorFormat, VendorFormats
from wire.mqtt import codec, topics
from wire.mqtt.messages import DesiredConfig
from wire.pseudonym import pseudonym
from wire.tag import frame_of, parse_tag

FOREIGN: Final = 10_000
KEY: Final = bytes(range(32))
GUEST: Final = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"
NAME: Final = pseudonym(KEY, parse_tag(GUEST))
VENDORS: Final = VendorFormats([VendorFormat(name="card", company=0x0639, id_at=0, id_size=6)])
CONFIG: Final = codec.encode_config(DesiredConfig(version=7, key=KEY, tags={NAME: 0}), dumps=dumps)


class Foreigners:
    """Beacons of every kind that nobody enrolled, and what must be found nowhere."""

    def __init__(self, seed: int) -> None:
        self.adverts: list[Advertisement] = []
        self.needles: set[bytes] = set()
        dice = Random(seed)  # noqa: S311  a seed, so that a leak can be had again
        for number in range(FOREIGN):
            address = dice.randbytes(6).hex(":").upper()
            self.needles.add(address.encode())
            self._beacon(number, dice, address)
            if number % 7 == 0:  # its other words, from the same address
                telemetry = EddystoneTlm(battery_mv=2500, temperature_c=20.0, adverts=number, uptime_s=1.0)
                url = EddystoneUrl(url=f"https://x{dice.randbytes(5).hex()}", power_dbm=-20)
                self.needles.add(url.url.encode())
                self.adverts += [formats.encode(each, address=address, rssi_dbm=-50) for each in (telemetry, url)]

    def _beacon(self, number: int, dice: Random, address: str) -> None:
        kinds = (("ibeacon", 16), ("altbeacon", 20), ("eddystone", 16), ("eddystone-eid", 8), ("vendor", 6))
        kind, size = kinds[number % len(kinds)]
        raw = dice.randbytes(size)
        text = {
            "ibeacon": f"ibeacon:{raw.hex()}:{number}:1",
            "eddystone": f"eddystone:{raw[:10].hex()}:{raw[10:].hex()}",
            "vendor": f"vendor:card:{raw.hex()}",
        }.get(kind, f"{kind}:{raw.hex()}")
        frame = frame_of(text)
        name = pseudonym(KEY, frame.tag)
        self.needles |= {raw, raw.hex().encode(), raw.hex().upper().encode(), frame.tag.encode()}
        self.needles |= {name.encode(), urlsafe_b64decode(name)}
        if isinstance(frame, VendorBeacon):
            self.adverts.append(VENDORS.encode(frame, address=address, rssi_dbm=-50))
        else:
            self.adverts.append(formats.encode(frame, address=address, rssi_dbm=-50))

    def found_in(self, haystack: bytes) -> set[bytes]:
        """What of them stands there."""
        sizes = {len(needle) for needle in self.needles}
        return {part for size in sizes for part in _parts(haystack, size) if part in self.needles}


def _parts(haystack: bytes, size: int) -> Iterator[bytes]:
    return (haystack[at : at + size] for at in range(len(haystack) - size + 1))


async def test_p41_ten_thousand_foreign_adverts_leave_no_trace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    foreigners, uplink, now = Foreigners(41), FakeUplink(), [1000.0]
    clock = Clock(lambda: now[0], lambda: 1.7e9 + now[0], lambda: True)
    origin = Origin(venue="marlton", gateway="lobby-1", boot="b")
    async with open_keeper(
        tmp_path / "disk", tmp_path / "run", max_bytes=1 << 24, boot="b", new_epoch=lambda: "e", clock=clock
    ) as keeper:
        about = About(version="1", bleak="1", source="fake")
        pipeline = Pipeline(origin, about, uplink=uplink, spool=keeper.spool, clock=clock, vendors=VENDORS)
        uplink.join(pipeline, room=1_000_000)
        pipeline.receive(topics.config("marlton", "lobby-1"), CONFIG)
        for number, advert in enumerate(foreigners.adverts):
            pipeline.hear(advert, now[0])
            if number % 100 == 0:
                pipeline.hear(an_advert(GUEST, -60 + number // 100 % 20), now[0])
                now[0] += 0.5
                pipeline.turn(now[0])
        now[0] += ACK_WITHIN_S + FLUSH_S
        pipeline.turn(now[0])
        await keeper.carry()
        on_disk, dropped = keeper.spool.unsaved == 0, pipeline.state().dropped
        disk = b"".join(_files(tmp_path))
    disk += b"".join([*_files(tmp_path), *_spooled(tmp_path)])

    wire = b"\n".join(_inflated(published.payload) for published in uplink.published)
    logs = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records).encode()
    assert dropped >= FOREIGN
    assert on_disk
    assert NAME.encode() in wire  # the guest among them is told of, and kept
    assert urlsafe_b64decode(NAME) in disk
    assert b"Configured by the hub" in logs
    assert foreigners.found_in(foreigners.adverts[0].manufacturer_data[0x4C])  # and who searches, finds
    assert [foreigners.found_in(place) for place in (wire, disk, logs)] == [set()] * 3


def _inflated(payload: bytes) -> bytes:
    return payload if payload[:1] == b"{" else zlib.decompress(payload)


def _files(folder: Path) -> Iterator[bytes]:
    """Every file as it is."""
    return (file.read_bytes() for file in folder.rglob("*") if file.is_file())


def _spooled(folder: Path) -> Iterator[bytes]:
    """What spools have compressed; their gateway is gone, for it shares its spool with nobody."""
    for file in folder.rglob("spool.db"):
        with closing(sqlite3.connect(file)) as db:
            yield from (zlib.decompress(rows) for (rows,) in db.execute("SELECT rows FROM batches"))
