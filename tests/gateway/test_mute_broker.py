"""A broker that answers pings and confirms nothing: it is given up, told of once; nothing is lost or counted twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import pytest

from gateway import in_flight, mqtt_session, spool, uplink
from gateway.clock import Clock
from gateway.config import Broker
from gateway.held import Origin
from gateway.metrics import text as metrics_text
from gateway.mqtt_session import IN_FLIGHT, Greeting
from gateway.pipeline import About, Pipeline, dumps
from gateway.spool import Begin, Spool
from gateway.uplink import MqttUplink
from gateway.window import Sighting
from hub.ingest.marks import MarkBook, MarkKey
from tests.fakes.mute_broker import MuteBroker
from wire.mqtt import codec, topics
from wire.mqtt.messages import DesiredConfig
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

VENUE, GATEWAY = "marlton", "lobby-1"
KEY: Final = bytes(32)
NAME: Final = pseudonym(KEY, parse_tag("ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"))
BATCHES: Final = IN_FLIGHT + 15  # more than are on their way at once
GIVEN_UP: Final = "The broker answers, and confirms nothing; connecting anew"
BACK: Final = "The broker confirms again"


class Hub:
    """Behind the broker: counts as the real one does, and confirms what it has stored, unless its word is swallowed."""

    def __init__(self) -> None:
        self.heard = True  # do batches reach it?
        self.answers = True  # does its word reach the gateway?
        self.stored: list[int] = []  # by seq, each as often as it was counted
        self.repeats = 0
        self.say: Callable[[str, bytes], None] = lambda _topic, _payload: None
        self._marks = MarkBook()

    def takes(self, topic: str, payload: bytes) -> None:
        if not self.heard or topics.parse(topic).kind not in {"live", "log"}:
            return
        batch = codec.decode_batch(payload, loads=json.loads)
        key = MarkKey(VENUE, GATEWAY, batch.epoch, 0)
        fresh = self._marks.note(key, seq=batch.seq, low=batch.low, rows=len(batch.rows)).fresh
        self.repeats += not fresh
        self.stored += [batch.seq] if fresh else []
        for mark in self._marks.take():
            if self.answers:
                self.say(topics.ack(VENUE, GATEWAY), codec.encode_ack(mark.ack, dumps=dumps))


class House:
    """A gateway from its spool on, on a real socket."""

    def __init__(self, hub: Hub, broker: MuteBroker) -> None:
        self.hub, self.broker = hub, broker
        self.spool = Spool(Begin(epoch="e"), max_bytes=1 << 20)
        settings = Broker(host="127.0.0.1", port=broker.port, tls=False, username=f"{VENUE}/{GATEWAY}")
        wanted = (topics.ack(VENUE, GATEWAY), topics.config(VENUE, GATEWAY))
        greeting = Greeting(client_id=f"{VENUE}.{GATEWAY}", subscriptions=wanted)
        self.uplink = MqttUplink(settings, greeting, chance=lambda: 0.0)
        origin, about = Origin(venue=VENUE, gateway=GATEWAY, boot="b"), About(version="1", bleak="3", source="bluez")
        self.pipeline = Pipeline(origin, about, uplink=self.uplink, spool=self.spool, clock=Clock())
        config = codec.encode_config(DesiredConfig(version=1, key=KEY, tags={NAME: 0}), dumps=dumps)
        self.pipeline.receive(topics.config(VENUE, GATEWAY), config)

    def hears(self, batches: int) -> None:
        now = Clock().monotonic()
        for _ in range(batches):
            row = Sighting(NAME, now, now, 5, -71.0, -66, -70)
            self.spool.put(0, [row], now)
        self.pipeline.room_again()

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not done():  # noqa: ASYNC110  sockets and timers of several parts make it so
                await asyncio.sleep(0.02)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if each.name == "gateway.uplink"]


@asynccontextmanager
async def a_house() -> AsyncIterator[House]:
    hub = Hub()
    async with MuteBroker(hub.takes) as broker:
        hub.say = broker.say
        house = House(hub, broker)
        running = [asyncio.create_task(each) for each in (house.uplink.run(house.pipeline), house.pipeline.run())]
        try:
            yield house
        finally:
            for task in running:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*running)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is waited for, in a second and a half; pings still come before they end."""
    monkeypatch.setattr(in_flight, "CONFIRM_S", 1.5)
    monkeypatch.setattr(mqtt_session, "KEEPALIVE_S", 1)
    monkeypatch.setattr(mqtt_session, "TICK_S", 0.1)
    monkeypatch.setattr(uplink, "FIRST_BACKOFF_S", 0.05)
    monkeypatch.setattr(spool, "LOG_PER_S", 1000.0)


@pytest.mark.parametrize("hub_hears", [False, True], ids=["and passes nothing on", "and the hub's word is swallowed"])
async def test_after_a_mute_broker_everything_arrives_and_counts_once(
    caplog: pytest.LogCaptureFixture, *, hub_hears: bool
) -> None:
    caplog.set_level(logging.INFO)
    async with a_house() as house:
        hub, broker = house.hub, house.broker
        broker.mute_sessions = 2
        hub.heard, hub.answers = hub_hears, False
        house.hears(BATCHES)
        await house.until(lambda: house.uplink.given_up == 2)
        hub.heard = hub.answers = True
        pings, held = broker.pings, len(house.spool)
        told = said(caplog)

        await house.until(lambda: not house.spool and house.uplink.room == IN_FLIGHT)
        state = house.pipeline.state()

    assert (pings >= 1, held) == (True, BATCHES)
    assert told == ["Connected to the broker", GIVEN_UP]
    assert sorted(hub.stored) == list(range(1, BATCHES + 1))
    assert (hub.repeats > 0) is hub_hears
    assert (broker.sessions, state.mute_sessions, state.lost_batches) == (3, 2, 0)
    assert "innkeeper_gateway_mute_sessions_total 2\n" in metrics_text(0, state)
    assert said(caplog) == ["Connected to the broker", GIVEN_UP, BACK]


async def test_a_broker_that_confirms_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    async with a_house() as house:
        for _ in range(20):
            house.hears(1)
            await asyncio.sleep(0.1)
        kept = house.broker.sessions, house.uplink.given_up

    assert kept == (1, 0)
    assert said(caplog) == []  # no warning


async def test_a_broker_that_falls_mute_again_is_told_of_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with a_house() as house:
        for times in (1, 2):
            house.broker.mute_sessions = times  # the session that stands falls mute, and the next one is well
            house.hears(1)
            await house.until(lambda times=times: said(caplog).count(BACK) == times)  # type: ignore[misc]  # this turn's

    assert [each for each in said(caplog) if each != "Connected to the broker"] == [GIVEN_UP, BACK, GIVEN_UP, BACK]
