"""What can be counted about the hub without naming a guest? Prometheus metrics, and where each is raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Figures:
    """All of the hub's metrics, on a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._decisions = Counter(
            "innkeeper_decisions",
            "Decisions, by what became of the event and why.",
            ("venue", "journey", "kind", "reason"),
            registry=self.registry,
        )
        self._messages = Counter(
            "innkeeper_messages",
            "Messages that reached a state.",
            ("venue", "journey", "state", "provider"),
            registry=self.registry,
        )

    def decided(self, venue: str, journey: str, kind: str, reason: str) -> None:
        """Count one decision."""
        self._decisions.labels(venue, journey, kind, reason).inc()

    def message(self, venue: str, journey: str, state: str, provider: str) -> None:
        """Count one message that reached a state."""
        self._messages.labels(venue, journey, state, provider).inc()

    def watch(self, *, ingest: Callable[[], Mapping[str, int]], link_up: Callable[[], bool]) -> None:
        """Show what ingest counted and whether the broker is there, as they are when somebody asks."""
        self.registry.register(_Standing(ingest, link_up))


class _Standing(Collector):
    def __init__(self, ingest: Callable[[], Mapping[str, int]], link_up: Callable[[], bool]) -> None:
        self._ingest = ingest
        self._link_up = link_up

    def collect(self) -> Iterator[Metric]:
        """What Prometheus asks for."""
        counts = CounterMetricFamily(
            "innkeeper_ingest", "Batches, rows and refusals that ingest has counted.", labels=("what",)
        )
        for what, count in sorted(self._ingest().items()):
            counts.add_metric((str(what),), count)
        yield counts
        yield GaugeMetricFamily("innkeeper_broker_up", "1 while there is a session with the broker.", self._link_up())
