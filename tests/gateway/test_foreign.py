"""P41: of ten thousand foreign beacons no id, in any form, is on the wire, on the disk or in a log."""

from __future__ import annotations

import logging
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Final

import pytest

from gateway.clock import Clock
from gateway.held import Origin
from gateway.keeper import open_keeper
from gateway.pipeline import About, Pipeline, dumps
from gateway.spool import ACK_WITHIN_S, FLUSH_S
from tests.fakes.foreigners import VENDORS, Foreigners
from tests.fakes.radio import an_advert
from tests.fakes.spooled import inflated, on_disk
from tests.fakes.uplink import FakeUplink
from wire.mqtt import codec, topics
from wire.mqtt.messages import DesiredConfig
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

FOREIGN: Final = 10_000
KEY: Final = bytes(range(32))
GUEST: Final = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"
NAME: Final = pseudonym(KEY, parse_tag(GUEST))
CONFIG: Final = codec.encode_config(DesiredConfig(version=7, key=KEY, tags={NAME: 0}), dumps=dumps)


async def test_p41_ten_thousand_foreign_adverts_leave_no_trace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    foreigners, uplink, now = Foreigners(41, key=KEY, count=FOREIGN), FakeUplink(), [1000.0]
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
        is_saved, dropped = keeper.spool.unsaved == 0, pipeline.state().dropped
        disk = on_disk(tmp_path / "run")  # the journal, which a good end takes away
    disk += on_disk(tmp_path)

    wire = b"\n".join(inflated(published.payload) for published in uplink.published)
    logs = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records).encode()
    assert dropped >= FOREIGN
    assert is_saved
    assert NAME.encode() in wire  # the guest among them is told of, and kept
    assert urlsafe_b64decode(NAME) in disk
    assert b"Configured by the hub" in logs
    assert foreigners.found_in(foreigners.adverts[0].manufacturer_data[0x4C])  # and who searches, finds
    assert [foreigners.found_in(place) for place in (wire, disk, logs)] == [set()] * 3
