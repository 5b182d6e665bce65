"""How many sightings a second pass decode, ingest and the margin rule on one core, and what grows with a venue?

The traffic of traffic.py, from memory, without a broker: tags that sit, heard by two gateways each, and now and then
one that moves on. Until everybody has entered, nothing is counted. Beside it, in the same run, a bare loop that only
decodes the same payloads with msgspec. Then venues of other sizes: CPU a sighting, and what a tag takes in memory.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

import msgspec

from hub.ingest.admit import Roster
from hub.ingest.receive import Arrival, Ingest
from hub.presence.tracker import Tracker
from tests.bench.traffic import VENUE, Load, Message, gateway, layout, messages, tag

T0: Final = 1_795_335_600.0
WARM_S: Final = 8  # by then whoever does not move just then has entered
USUAL: Final = Load(tags=1000, gateways=4, rows=50, seconds=120)
QUICK: Final = USUAL._replace(seconds=12)
SIZES: Final = {
    "100_tags": Load(tags=100, gateways=4, rows=50, seconds=400),
    "10k_tags": Load(tags=10_000, gateways=4, rows=50, seconds=20),
    "100k_tags": Load(tags=100_000, gateways=40, rows=50, seconds=10),
    "40_gateways": Load(tags=1000, gateways=40, rows=50, seconds=120),
    "400_gateways": Load(tags=10_000, gateways=400, rows=50, seconds=20),
}
WEIGHED: Final = {"1k_tags": 1000, "100k_tags": 100_000}
WEIGHED_S: Final = 6  # whoever has entered has all that a tag has


def run(*, quick: bool = False) -> Mapping[str, float]:
    """Rates of one core's time, µs a sighting, bytes a tag."""
    usual = QUICK if quick else USUAL
    us = _us_a_sighting(usual)
    results = {"sightings_per_s": round(1e6 / us), "bare_msgspec_rows_per_s": round(_bare(usual)), "us_1k_tags": us}
    if not quick:
        results |= {f"us_{name}": _us_a_sighting(load) for name, load in SIZES.items()}
        results |= {f"bytes_{name}": _bytes_a_tag(tags) for name, tags in WEIGHED.items()}
    return results


def _us_a_sighting(load: Load) -> float:
    ingest, tracker = _rooms(load)
    seconds = list(_by_the_second(load))  # as they would come: nothing is made while time is taken
    _hear(ingest, tracker, seconds[:WARM_S])
    assert len(tracker.where(VENUE)) > load.tags * 0.9
    before, started = ingest.counts["rows"], time.process_time()
    _hear(ingest, tracker, seconds[WARM_S:], second=WARM_S)
    spent = time.process_time() - started
    assert len(tracker.where(VENUE)) > load.tags * 0.9
    return round(spent / (ingest.counts["rows"] - before) * 1e6, 2)


def _bytes_a_tag(tags: int) -> int:
    load = Load(tags=tags, gateways=4, rows=50, seconds=WEIGHED_S)
    ingest, tracker = _rooms(load)
    seconds = [list(messages) for messages in _by_the_second(load)]
    tracemalloc.start()
    _hear(ingest, tracker, seconds)
    seconds.clear()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(tracker.where(VENUE)) > tags * 0.9
    return round(taken / tags)


def _bare(load: Load) -> float:
    payloads = [message.payload for message in messages(load)]
    decode = msgspec.json.Decoder().decode
    started = time.process_time()
    for payload in payloads:
        decode(payload)
    return load.sightings / (time.process_time() - started)


def _rooms(load: Load) -> tuple[Ingest, Tracker]:
    ingest = Ingest()
    ingest.roster = Roster(
        zones={VENUE: {gateway(n): f"zone-{n}" for n in range(load.gateways)}},
        enrolled={VENUE: frozenset(tag(n) for n in range(load.tags))},
    )
    return ingest, Tracker([layout(load)])


def _by_the_second(load: Load) -> Iterator[list[Message]]:
    """The load, in portions of a second: in each, every tag is heard twice."""
    seen = 0

    def second(message: Message) -> int:
        nonlocal seen
        seen += message.rows
        return (seen - 1) // load.rows_a_second

    return (list(portion) for _, portion in groupby(messages(load), key=second))


def _hear(ingest: Ingest, tracker: Tracker, seconds: Iterable[Iterable[Message]], second: int = 0) -> None:
    for at, portion in enumerate(seconds, second):
        for message in portion:
            heard = ingest.receive(Arrival(message.topic, message.payload, at=T0 + at, monotonic=float(at))).heard
            assert heard is not None
            tracker.hear(*heard)
        tracker.expire(T0 + at)
