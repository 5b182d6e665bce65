"""Who listens to the load, each in a process of its own: the hub, and a bare loop of paho and msgspec.

    python -m tests.bench.listeners hub|bare PORT TAGS GATEWAYS ROWS SECONDS

"ready" is said once it has subscribed; at the end one line of JSON: sightings, and CPU seconds they took. What warms up
is not counted: the first tenth, in which everybody enters.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from hub.identity.bindings import Enrolment
from hub.ingest.admit import Roster
from hub.ingest.receive import Arrival, Ingest
from hub.journeys.engine import Journeys
from hub.journeys.rulebooks import Rulebooks
from hub.link.link import Link
from hub.link.settings import LinkSettings
from hub.pipeline import Pipeline
from hub.presence.tracker import Tracker
from tests.bench.traffic import VENUE, Load, first_words, gateway, layout, tag
from tests.fakes.history import FakeHistory
from tests.fakes.ledger import FakeLedger
from tests.fakes.marks import FakeMarks
from tests.fakes.river import FakeGateways

T0: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALPHA: Final = 0.3  # of the average
WARM: Final = 0.1
AHEAD_S: Final = 60
# A load that was made before comes in spurts, which ingest would take for delay. By a first batch that claims to be of
# a minute later it learns how early a batch can be at the most; from then on all are placed a minute back, and exactly.
SUBSCRIPTION: Final = f"ik/1/{VENUE}/+/live/+"


def ready() -> None:
    """Whoever publishes may begin."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


@dataclass
class Tally:
    """CPU a sighting, once it is warm."""

    sightings: int  # in the whole load
    started: tuple[int, float, float] = (0, 0.0, 0.0)
    result: dict[str, float] = field(default_factory=dict)

    def count(self, seen: int) -> bool:
        """So many were taken by now; is that all?"""
        if not self.started[0] and seen >= self.sightings * WARM:
            self.started = (seen, time.process_time(), time.monotonic())
        if seen < self.sightings:
            return False
        before, cpu, wall = self.started
        self.result = {"sightings": seen - before, "cpu_s": time.process_time() - cpu, "s": time.monotonic() - wall}
        return True


class LoadClock:
    """The venue's own time: it goes on as its sightings come in."""

    def __init__(self, load: Load, ingest: Ingest) -> None:
        self._a_second = load.rows_a_second
        self._ingest = ingest

    def monotonic(self) -> float:
        """Seconds since the load began."""
        return self._ingest.counts["rows"] / self._a_second

    def now(self) -> datetime:
        """The same, on the wall."""
        return T0 + timedelta(seconds=self.monotonic())


async def hub(port: int, load: Load) -> Mapping[str, float]:
    """Our link, ingest, presence, and the acknowledgements; what follows a transition is others' work."""
    ingest, tally = Ingest(), Tally(load.sightings)
    ingest.roster = Roster(
        zones={VENUE: {gateway(n): f"zone-{n}" for n in range(load.gateways)}},
        enrolled={VENUE: frozenset(tag(n) for n in range(load.tags))},
    )
    clock = LoadClock(load, ingest)
    link = Link(LinkSettings(host="127.0.0.1", port=port, client_id="bench"), clock, lambda low, _high: low)
    link.watch(lambda up: ready() if up else None)
    tracker = Tracker([layout(load)])
    ledger = FakeLedger()
    pipeline = Pipeline(
        broker=link,
        ingest=ingest,
        tracker=tracker,
        enrolment=lambda: Enrolment({}),
        journeys=Journeys(ledger, Rulebooks({}), clock, decided=lambda _record: None),
        ledger=ledger,
        marks=FakeMarks(),
        gateways=FakeGateways(),
        clock=clock,
        acknowledge=lambda _venue, _gateway, _ack: None,
        history=FakeHistory(),
    )
    for message in first_words(load, AHEAD_S):
        ingest.receive(Arrival(*message[:2], at=T0.timestamp(), monotonic=0.0))
    tasks = [asyncio.create_task(link.run()), asyncio.create_task(pipeline._settle())]
    ticked = 0.0
    a_turn = load.rows_a_second // load.rows  # about a second of the venue's life, as it would come
    while not tally.count(ingest.counts["rows"]):
        arrived = await link.arrivals()
        for first in range(0, len(arrived), a_turn):
            pipeline.take(arrived[first : first + a_turn])
            if clock.monotonic() >= ticked + 1:
                ticked = clock.monotonic()
                pipeline.changed(tracker.expire(clock.now().timestamp() - AHEAD_S))
    for task in tasks:
        task.cancel()
    assert len(tracker.where(VENUE)) > load.tags * 0.9
    return tally.result


def bare(port: int, load: Load) -> Mapping[str, float]:
    """What one would write first: an average for each tag and gateway."""
    tally = Tally(load.sightings)
    decode: Callable[[bytes | bytearray], dict[str, Any]] = msgspec.json.Decoder(dict[str, Any]).decode
    levels: dict[tuple[str, str], float] = {}
    seen = 0

    def heard(client: Client, _data: object, message: MQTTMessage) -> None:
        nonlocal seen
        batch = decode(message.payload)
        name, rows = batch["gw"], batch["rows"]
        for row in rows:
            key = (row[0], name)
            level = levels.get(key)
            levels[key] = row[4] if level is None else level + ALPHA * (row[4] - level)
        seen += len(rows)
        if tally.count(seen):
            client.disconnect()

    client = Client(CallbackAPIVersion.VERSION2, client_id="bare")
    client.on_message = heard
    client.on_subscribe = lambda *_: ready()
    client.connect("127.0.0.1", port)
    client.subscribe(SUBSCRIPTION, qos=1)
    client.loop_forever()
    assert len(levels) >= load.sightings / load.seconds
    return tally.result


if __name__ == "__main__":
    who, port, *size = sys.argv[1:]
    load = Load(*map(int, size))
    result = asyncio.run(hub(int(port), load)) if who == "hub" else bare(int(port), load)
    sys.stdout.write(json.dumps(result) + "\n")
