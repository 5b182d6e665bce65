"""P24 for a beacon whose identifier rolls: what was heard under names that are over by now is told after the outage."""

from __future__ import annotations

from gateway.clock import Clock
from gateway.held import Origin
from gateway.pipeline import About, Pipeline, dumps
from gateway.spool import Begin, Spool
from hub.identity.aes import encrypt
from hub.identity.eid import RollingBeacon
from hub.identity.rolling import Rolling
from tests.fakes.hub_away import Hub
from wire.advert import eid, formats
from wire.advert.advertisement import Advertisement
from wire.advert.frame import EddystoneEid, TagId
from wire.mqtt import codec, topics
from wire.mqtt.messages import DesiredConfig

T0 = 1_800_000_000.0
SPA = TagId("eid:spa-7")
SECRET, KEY = bytes(range(16)), bytes(range(32))
PERIOD_S = 1024


class House:
    """A gateway, and a hub that goes on telling whom to listen for, whether the gateway hears it or not."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.hub = Hub()
        self._rolling = Rolling(
            encrypt=encrypt, beacons={SPA: RollingBeacon.told(key=SECRET, exponent=10, count=1 << 20, at=T0)}
        )
        clock = Clock(lambda: self.passed, lambda: T0 + self.passed, lambda: True)
        about = About(version="1", bleak="3", source="bluez")
        spool = Spool(Begin(epoch="e"), max_bytes=1 << 24)
        self.pipeline = Pipeline(
            Origin(venue="v", gateway="g", boot="b"), about, uplink=self.hub, spool=spool, clock=clock
        )

    def configure(self, *tags: TagId) -> None:
        self._rolling.follow({"v": dict.fromkeys(tags, 0)}, {"v": (KEY,)}, T0 + self.passed)
        config = DesiredConfig(version=1, key=KEY, tags=self._rolling.told("v"))
        self.pipeline.receive(topics.config("v", "g"), codec.encode_config(config, dumps=dumps))

    def hear_for(self, seconds: int) -> None:
        for _ in range(seconds):
            self.pipeline.hear(self._said(), self.passed)
            self.pass_time(1.0)

    def pass_time(self, seconds: float) -> None:
        until = self.passed + seconds
        while (due := self.pipeline.turn(self.passed)) <= until:
            self.passed = due
            self.hub.confirm(self.pipeline)
        self.passed = until

    def _said(self) -> Advertisement:
        count = (1 << 20) + int(self.passed)
        frame = EddystoneEid(identifier=eid.identifier(SECRET, 10, count, encrypt=encrypt), power_dbm=-20)
        return formats.encode(frame, address="C0:00:00:00:00:01", rssi_dbm=-60)


def test_p24_an_outage_over_many_identifiers_loses_no_reading() -> None:
    house = House()
    house.configure(SPA)
    house.hear_for(4 * PERIOD_S)

    house.configure(SPA)
    house.hub.there = True
    house.pass_time(300.0)

    assert house.hub.readings == 4 * PERIOD_S
    assert (house.pipeline.state().spool_batches, house.pipeline.state().withdrawn_rows) == (0, 0)


def test_what_was_heard_of_one_that_was_withdrawn_meanwhile_is_not_told_and_is_counted() -> None:
    house = House()
    house.configure(SPA)
    house.hear_for(2 * PERIOD_S)
    rows = house.pipeline.state().spool_batches  # of one row each

    house.configure()
    house.hub.there = True
    house.pass_time(300.0)

    assert (house.hub.readings, house.hub.tags) == (0, set())
    assert (house.pipeline.state().spool_batches, house.pipeline.state().withdrawn_rows) == (0, rows)
