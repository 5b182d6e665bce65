"""How many sightings a second pass decode, ingest and the margin rule, on one core?

Batches of 50 rows, each another tag; every tag is enrolled, heard by two of the venue's gateways, and stays where it is
with a fading of some dB: the traffic that nearly all of a day is made of. Beside it, in the same run, a bare loop that
only decodes the same payloads with msgspec.
"""

from __future__ import annotations

import time
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random

import msgspec

from hub.ingest.admit import Roster
from hub.ingest.receive import Arrival, Ingest
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.tracker import Tracker
from wire.mqtt import codec
from wire.mqtt.batch import Batch, Row
from wire.pseudonym import Pseudonym

ROWS = 50
TAGS = 1000
SECONDS = 40  # of traffic
QUICK_SECONDS = 6
T0 = 1_795_335_600.0


def run(*, quick: bool = False) -> Mapping[str, float]:
    """Sightings a second of one core's time, ours and the bare loop's."""
    arrivals = _traffic(QUICK_SECONDS if quick else SECONDS)
    bare = _rate(arrivals, msgspec.json.Decoder().decode)
    ingest, tracker = Ingest(), Tracker([_layout()])
    ingest.roster = Roster(
        zones={"bench": {"a-1": "a", "b-1": "b"}}, enrolled={"bench": frozenset(_tag(n) for n in range(TAGS))}
    )
    entered = 0

    started = time.process_time()
    for arrival in arrivals:
        heard = ingest.receive(arrival).heard
        assert heard is not None
        entered += len(tracker.hear(*heard))
    ours = len(arrivals) * ROWS / (time.process_time() - started)

    assert ingest.counts["rows"] == len(arrivals) * ROWS
    assert entered == TAGS
    return {"sightings_per_s": round(ours), "bare_msgspec_rows_per_s": round(bare)}


def _rate(arrivals: list[Arrival], decode: Callable[[bytes], object]) -> float:
    started = time.process_time()
    for arrival in arrivals:
        decode(arrival.payload)
    return len(arrivals) * ROWS / (time.process_time() - started)


def _layout() -> Layout:
    return Layout(
        venue="bench", zones=(ZoneLayout(zone="a", gateways=("a-1",)), ZoneLayout(zone="b", gateways=("b-1",)))
    )


def _tag(number: int) -> Pseudonym:
    return Pseudonym(f"tag-{number:012d}")


def _traffic(seconds: int) -> list[Arrival]:
    dice = Random(7)  # noqa: S311  traffic, not a secret
    dumps = msgspec.json.Encoder().encode
    arrivals: list[Arrival] = []
    seqs = Counter[str]()
    for second in range(seconds):
        for gateway, level in (("a-1", -62), ("b-1", -78)):
            for first in range(0, TAGS, ROWS):
                seqs[gateway] += 1
                rows = tuple(_row(_tag(n), level + dice.randint(-4, 4)) for n in range(first, first + ROWS))
                batch = Batch(
                    gateway=gateway, epoch=gateway, boot="b", seq=seqs[gateway], low=1, sent_ms=second * 1000, rows=rows
                )
                payload = codec.encode_batch(batch, dumps=dumps)
                if payload[:1] != b"{":
                    payload = zlib.decompress(payload)  # the bare loop knows JSON alone
                arrivals.append(
                    Arrival(f"ik/1/bench/{gateway}/live/0", payload, at=T0 + second, monotonic=float(second))
                )
    return arrivals


def _row(tag: Pseudonym, level: int) -> Row:
    return Row(tag, 900, 10, 2, level - 0.5, level, level - 1)
