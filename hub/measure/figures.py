"""What can be counted about the hub without naming a guest? Prometheus metrics, and where each is raised.

Read when somebody asks, from plain counts: nothing is kept for Prometheus alone, and no series says when it began.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Counts = Callable[[], Mapping[str, int]]


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


class _Asked(Collector):
    def __init__(self, collect: Callable[[], Iterator[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterator[Metric]:
        """What Prometheus asks for."""
        return self._collect()


def _by_name(counts: Mapping[str, int]) -> dict[tuple[str, ...], int]:
    return {(str(what),): count for what, count in counts.items()}


def _family(
    name: str, about: str, labels: tuple[str, ...], counts: Mapping[tuple[str, ...], int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, about, labels=labels)
    for values, count in sorted(counts.items()):
        family.add_metric(values, count)
    return family
