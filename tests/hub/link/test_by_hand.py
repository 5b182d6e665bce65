"""Somebody publishes one batch a second by hand, over a real broker: she has entered within five seconds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from hub.ingest.admit import Roster
from hub.ingest.receive import Ingest
from hub.link.downlink import Downlink
from hub.link.link import Link
from hub.link.settings import LinkSettings
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.tracker import Tracker
from hub.presence.transition import Transition
from tests.fakes.broker import RunningBroker
from tests.fakes.links import ACK, LIVE, Gateway, collected, running, until
from wire.pseudonym import Pseudonym

ALICE = Pseudonym("Wxyc7f0aKq2m_9Zt")
T0 = datetime(2026, 11, 22, 12, tzinfo=UTC)


class HandClock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return T0 + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed


class NoVersions:
    async def version(self, venue: str, digest: str) -> int:
        raise AssertionError((venue, digest))


@pytest.mark.parametrize("sent", [lambda second: 73_000_000 + 1000 * second, lambda second: 1000 * second, lambda _: 7])
async def test_entered_within_five_seconds_and_every_batch_acknowledged(
    broker: RunningBroker, sent: Callable[[int], int]
) -> None:
    clock = HandClock()
    link = Link(LinkSettings(host="127.0.0.1", port=broker.port), clock, lambda low, _: low)
    ingest, downlink = Ingest(), Downlink(link, NoVersions())
    tracker = Tracker([Layout(venue="marlton", zones=(ZoneLayout(zone="lobby", gateways=("lobby-1",)),))])
    ingest.roster = Roster(zones={"marlton": {"lobby-1": "lobby"}}, enrolled={"marlton": frozenset({ALICE})})
    changes: list[Transition] = []

    async with running(link):
        await until(lambda: link.is_up)
        with Gateway(broker.port_v4) as gateway:
            gateway.listens(ACK)
            await asyncio.sleep(0.1)
            for second in range(6):
                clock.elapsed = float(second)
                gateway.says(LIVE, _batch(second + 1, sent(second)), qos=second % 2)
                for delivery in await collected(link, 1):
                    changes += tracker.observe(ingest.receive(delivery.arrival).sightings)
                changes += tracker.expire(clock.now().timestamp())
                for mark in ingest.marks.take():
                    downlink.acknowledge(mark.key.venue, mark.key.gateway, mark.ack)
            await until(lambda: len(gateway.heard) == 6)

    assert [(change.kind, change.zone, change.at) for change in changes] == [
        ("entered", "lobby", T0 + timedelta(seconds=3))
    ]
    assert [json.loads(payload)["upto"] for _, payload, _ in gateway.heard] == [1, 2, 3, 4, 5, 6]


def _batch(seq: int, sent: int) -> bytes:
    rows = [[ALICE, 0, 0, 5, -64.5, -60, -66]]
    batch = {"v": 1, "gw": "lobby-1", "epoch": "by-hand", "boot": "by-hand", "seq": seq, "low": 1, "sent": sent}
    return json.dumps(batch | {"rows": rows}).encode()
