"""What can be counted about the hub without naming a guest? Prometheus metrics, and where each is raised.

Read when somebody asks, from plain counts: nothing is kept for Prometheus alone, and no series says when it began.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

HELD: Final = ("paused", "clock")  # hub.outbox.holding.Held: rooms of one floor do not import each other

Counts = Callable[[], Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxNow:
    """How the outbox stands."""

    age_s: float  # how long the message that is due longest has waited
    messages: Mapping[str, int]  # by state, those that are of interest
    held: str | None  # why nothing is sent at all just now
    resting: Mapping[str, bool]  # by provider: is its breaker open?
    waiting: Mapping[str, int]  # by provider: messages that wait for their turn
    renewals: Mapping[str, int]  # by provider: how often its token was made anew


class Figures:
    """All of the hub's metrics, on a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._decisions: Counter[tuple[str, ...]] = Counter()  # venue, journey, kind, reason
        self._messages: Counter[tuple[str, ...]] = Counter()  # venue, journey, state, provider

    def decided(self, venue: str, journey: str, kind: str, reason: str) -> None:
        """Count one decision."""
        self._decisions[venue, journey, kind, reason] += 1

    def message(self, venue: str, journey: str, state: str, provider: str) -> None:
        """Count one message that reached a state."""
        self._messages[venue, journey, state, provider] += 1

    def watch(self, *, ingest: Counts, pipeline: Counts, link_up: Callable[[], bool]) -> None:
        """Show what was counted here, by ingest and by the pipeline, and whether the broker is there."""

        def collect() -> Iterator[Metric]:
            yield _family(
                "innkeeper_decisions",
                "Decisions, by what became of the event and why.",
                ("venue", "journey", "kind", "reason"),
                self._decisions,
            )
            yield _family(
                "innkeeper_messages",
                "Messages that reached a state.",
                ("venue", "journey", "state", "provider"),
                self._messages,
            )
            yield _family(
                "innkeeper_ingest", "Batches, rows and refusals that ingest has counted.", ("what",), _by_name(ingest())
            )
            yield _family("innkeeper_pipeline", "Transitions, and what was set aside.", ("what",), _by_name(pipeline()))
            yield GaugeMetricFamily("innkeeper_broker_up", "1 while there is a session with the broker.", link_up())

        self.registry.register(_Asked(collect))

    def watch_outbox(self, outbox: Callable[[], OutboxNow]) -> None:
        """Show how the outbox stands."""

        def collect() -> Iterator[Metric]:
            now = outbox()
            yield GaugeMetricFamily(
                "innkeeper_outbox_age_seconds", "How long the message that is due longest has waited.", now.age_s
            )
            yield _gauges("innkeeper_outbox_messages", "Messages that stand in a state.", "state", now.messages)
            held = {why: now.held == why for why in HELD}
            yield _gauges("innkeeper_outbox_held", "1 while nothing is sent, and why.", "why", held)
            yield _gauges("innkeeper_provider_resting", "1 while its breaker is open.", "provider", now.resting)
            yield _gauges(
                "innkeeper_provider_waiting",
                "Messages that wait for their turn at a provider.",
                "provider",
                now.waiting,
            )
            yield _family(
                "innkeeper_provider_token_renewals", "Tokens made anew.", ("provider",), _by_name(now.renewals)
            )

        self.registry.register(_Asked(collect))

    def watch_references(self, drifted: Callable[[], Mapping[tuple[str, str, str], float]]) -> None:
        """Show which gateways hear a reference tag otherwise than at the survey."""

        def collect() -> Iterator[Metric]:
            family = GaugeMetricFamily(
                "innkeeper_reference_drift_db",
                "By how much a gateway hears a reference tag louder than at the survey; only what has drifted.",
                labels=("venue", "gateway", "reference"),
            )
            for labels, by_db in sorted(drifted().items()):
                family.add_metric(labels, by_db)
            yield family

        self.registry.register(_Asked(collect))

    def watch_copies(self, copied: Callable[[], Mapping[str, int]]) -> None:
        """Show how many tags are in two places at once."""

        def collect() -> Iterator[Metric]:
            text = "Tags that were loud in two zones at once in the last hour."
            yield _gauges("innkeeper_copied_tags", text, "venue", copied())

        self.registry.register(_Asked(collect))


class _Asked(Collector):
    def __init__(self, collect: Callable[[], Iterator[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterator[Metric]:
        """What Prometheus asks for."""
        return self._collect()


def _by_name(counts: Mapping[str, int]) -> dict[tuple[str, ...], int]:
    return {(str(what),): count for what, count in counts.items()}


def _gauges(name: str, about: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=(label,))
    for word, value in sorted(values.items()):
        family.add_metric((word,), value)
    return family


def _family(
    name: str, about: str, labels: tuple[str, ...], counts: Mapping[tuple[str, ...], int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, about, labels=labels)
    for values, count in sorted(counts.items()):
        family.add_metric(values, count)
    return family
