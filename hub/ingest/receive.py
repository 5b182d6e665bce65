"""What does a message from a gateway mean? Bytes in; sightings with their time, or a refusal, out.

In memory and at once: no store, no task, for nearly every sighting changes nothing. Whoever calls stores the marks
that are due in the transaction, or after the transactions, that contain the batches' effects, and acknowledges then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple, Protocol, cast

import msgspec
import structlog

from hub.ingest.admit import Refusal, Roster
from hub.ingest.age import STALE_AFTER_S, SentClocks, delay_of
from hub.ingest.batches import QuickBatch, read_batch
from hub.ingest.flood import QUARANTINE_S, FloodGuard, Verdict
from hub.ingest.gateways import GatewayBook
from hub.ingest.marks import MarkBook, MarkKey
from hub.ingest.sighting import Ages, Row, Sighting, Sightings
from wire.errors import Malformed
from wire.mqtt import codec
from wire.mqtt.batch import Batch
from wire.mqtt.messages import GatewayState, TagHealth
from wire.mqtt.topics import Topic, parse
from wire.pseudonym import Pseudonym

log = structlog.get_logger()

MAX_SAID: Final = 1000  # refusals that were logged: beyond it, strangers invent names, and counting is enough

_WHY: Final = {
    Refusal.UNKNOWN_GATEWAY: "found a gateway that no zone has; right would be one that a venue.yaml names",
    Refusal.REVOKED: "the gateway is revoked",
}


class OtherNames(Protocol):
    """Tags that travel under changing names."""

    def __call__(self, venue: str, name: Pseudonym, at: float, *, live: bool) -> Pseudonym | None:
        """Under which name a tag is enrolled that was heard under this one at Unix second `at`; None: nobody's."""
        ...


_loads = msgspec.json.Decoder().decode
AnyBatch = QuickBatch | Batch
NOBODY: Final[frozenset[Pseudonym]] = frozenset()
_parse = lru_cache(maxsize=4096)(parse)  # a few topics a gateway


class Arrival(NamedTuple):
    """One message, as it came from the broker."""

    topic: str
    payload: bytes
    at: float  # Unix seconds, by the hub's wall clock, when it was read from the socket
    monotonic: float  # seconds, by the hub's monotonic clock, at the same moment
    expiry_left_s: float | None = None  # what an MQTT 5 broker says remains
    clock_sound: bool = False  # is the hub's own wall clock known to be right?


class Received(NamedTuple):
    """What a message meant."""

    heard: Sightings | None = None
    fresh: bool = False  # a batch that had not been stored before
    gateway: tuple[str, str] | None = None  # venue and gateway; None when it was refused
    state: GatewayState | None = None  # of a message on the state topic
    refusal: Refusal | None = None
    late: bool = False  # it tells of what is over: it mends history, and triggers nothing

    @property
    def sightings(self) -> list[Sighting]:
        """What was heard, one by one."""
        return [] if self.heard is None else list(self.heard.each())


class Ingest:
    """The hub's ear."""

    def __init__(self) -> None:
        self.roster = Roster()
        self.other_names: OtherNames | None = None
        self.marks = MarkBook()
        self.gateways = GatewayBook()
        self.counts: Counter[str] = (
            Counter()
        )  # batches, repeats, rows, unenrolled, stale, lost, quarantines, each Refusal
        self.flood = FloodGuard()
        self._clocks = SentClocks()
        self._said: set[tuple[str, str]] = set()

    def receive(self, arrival: Arrival) -> Received:
        """Take one message. Nothing that it may hold raises."""
        try:
            topic = _parse(arrival.topic)
        except Malformed as fault:
            return self._refuse(Refusal.NOT_OURS, "elsewhere", fault)
        name = f"{topic.venue}/{topic.gateway}"
        refusal = self.roster.refusal(topic.venue, topic.gateway)
        if refusal is not None:
            return self._refuse(refusal, name, _WHY[refusal])
        verdict = self.flood.judge((topic.venue, topic.gateway), len(arrival.payload), arrival.monotonic)
        if verdict is not Verdict.PASS:
            return self._quarantined(name, verdict)
        try:
            return self._state(topic, arrival) if topic.kind == "state" else self._batch(topic, arrival)
        except Malformed as fault:
            return self._refuse(Refusal.MALFORMED, name, fault)

    def _state(self, topic: Topic, arrival: Arrival) -> Received:
        gateway = (topic.venue, topic.gateway)
        if not arrival.payload:  # a retained state that somebody cleared
            return Received(gateway=gateway)
        state = self._under_enrolled_names(topic.venue, codec.decode_state(arrival.payload, loads=_loads), arrival.at)
        self.gateways.said(gateway, state, datetime.fromtimestamp(arrival.at, UTC))
        return Received(gateway=gateway, state=state)

    def _batch(self, topic: Topic, arrival: Arrival) -> Received:
        gateway = (topic.venue, topic.gateway)
        if topic.bucket is None:  # ack and config are for the gateway
            return self._refuse(Refusal.NOT_OURS, "/".join(gateway), f"topic: {topic.kind} is what the hub says")
        enrolled = self.roster.enrolled.get(topic.venue, NOBODY)
        batch, all_enrolled = read_batch(arrival.payload, topic.gateway, enrolled)
        if batch.gateway != topic.gateway:
            fault = Malformed("batch.gw", batch.gateway, f"{topic.gateway}, the topic's gateway")
            return self._refuse(Refusal.OTHER_GATEWAY, "/".join(gateway), fault)
        delay = delay_of(
            sent_delay_s=self._clocks.delay_s(
                gateway, batch.boot, arrived_s=arrival.monotonic, sent_s=batch.sent_ms / 1000
            ),
            expiry_left_s=arrival.expiry_left_s,
            wall_difference_s=_wall_difference(batch, arrival),
        )
        self.gateways.heard(gateway, arrival.at)
        noted = self.marks.note(
            MarkKey(topic.venue, topic.gateway, batch.epoch, topic.bucket),
            seq=batch.seq,
            low=batch.low,
            rows=len(batch.rows),
        )
        self.counts["lost"] += noted.lost
        if not noted.fresh:
            self.counts["repeats"] += 1
            return Received(gateway=gateway)
        self.counts["batches"] += 1
        self.counts["rows"] += len(batch.rows)
        if topic.kind == "live" and delay > STALE_AFTER_S:
            self.counts["stale"] += 1
        oldest_ms = (STALE_AFTER_S - delay) * 1000 if topic.kind == "live" else -1.0
        ages = (arrival.at - delay, 0.001, oldest_ms)
        rows = cast("Sequence[Row]", batch.rows)
        return Received(
            Sightings(*gateway, rows if all_enrolled else self._of_the_enrolled(topic, rows, ages), ages),
            fresh=True,
            gateway=gateway,
            late=topic.kind == "log" or delay > STALE_AFTER_S,
        )

    def _of_the_enrolled(self, topic: Topic, rows: Sequence[Row], ages: Ages) -> Sequence[Row]:
        enrolled = self.roster.enrolled.get(topic.venue, NOBODY)
        known = [row for row in rows if row[0] in enrolled]
        known += self._under_other_names(topic.venue, [row for row in rows if row[0] not in enrolled], ages)
        self.counts["unenrolled"] += len(rows) - len(known)
        return known

    def _under_other_names(self, venue: str, rows: Iterable[Row], ages: Ages) -> Iterator[Row]:
        """The rows of tags whose names change, under those by which they are enrolled. Few, so nothing is spared."""
        zero_at, unit_s, oldest = ages
        for row in rows:
            name = self._enrolled_name(venue, row[0], zero_at - row[2] * unit_s, live=row[2] <= oldest)
            if name is not None:
                yield (name, *row[1:])

    def _under_enrolled_names(self, venue: str, state: GatewayState, at: float) -> GatewayState:
        """A tag's telemetry, found again when its name has changed."""
        if self.other_names is None or not state.tags:
            return state
        others: dict[Pseudonym, TagHealth] = {}
        for tag, health in state.tags.items():  # what was heard last comes first
            name = self._enrolled_name(venue, tag, at - health.age_s, live=False)
            if name is not None:
                others.setdefault(name, health)
        return replace(state, tags={**state.tags, **others})

    def _enrolled_name(self, venue: str, tag: Pseudonym, at: float, *, live: bool) -> Pseudonym | None:
        name = None if self.other_names is None else self.other_names(venue, tag, at, live=live)
        return name if name in self.roster.enrolled.get(venue, NOBODY) else None

    def _quarantined(self, name: str, verdict: Verdict) -> Received:
        self.counts[Refusal.QUARANTINED] += 1
        if verdict is Verdict.ALARM:
            self.counts["quarantines"] += 1
            log.error("A gateway floods; nothing of it is looked at for a while", gateway=name, seconds=QUARANTINE_S)
        return Received(refusal=Refusal.QUARANTINED)

    def _refuse(self, refusal: Refusal, name: str, fault: Malformed | str) -> Received:
        self.counts[refusal] += 1
        said = (refusal, name)
        if said not in self._said and len(self._said) < MAX_SAID:
            self._said.add(said)
            log.warning("Refused a message; further ones are only counted", gateway=name, why=refusal, fault=str(fault))
        return Received(refusal=refusal)


def _wall_difference(batch: AnyBatch, arrival: Arrival) -> float | None:
    if batch.wall_ms is None or not batch.wall_ok or not arrival.clock_sound:
        return None
    return arrival.at - batch.wall_ms / 1000
