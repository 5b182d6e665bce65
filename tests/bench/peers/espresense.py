"""ESPresense nodes and Home Assistant's mqtt_room.

After ESPresense's AdaptivePercentileRSSI::getMedianIQR (the mean of what lies within Tukey's fences, over 15 s) and
BleFingerprint::report: a node reports at the multiples of five seconds, where something was heard since its last
report; sooner when the distance has moved by half a metre, but then by no more than a ninth to a half of the five
seconds, the more the farther. Nodes keep network time, so all report at the same moments. And after Home Assistant's
sensor mqtt_room: a report counts when it is of the same room, nearer than the last that counted, or when that is
`timeout` old; `away_timeout` (off by default, or nobody would ever leave) is looked at every 30 s.
"""

from __future__ import annotations

from math import log2

from tests.bench.peers.face import Zones

REF_DBM, ABSORPTION, MAX_M = -59.0, 3.5, 16.0
WINDOW_S, FENCE = 15.0, 1.5
SKIP_M, SKIP_S, MAX_DIVISOR = 0.5, 5.0, 10
TIMEOUT_S, AWAY_S, POLL_S = 5.0, 120.0, 30.0


def fenced(values: list[float]) -> float:
    """The mean within Tukey's fences; the median where nothing is."""
    ranked = sorted(values)

    def at(share: float) -> float:
        place = share * (len(ranked) - 1)
        low = int(place)
        high = min(low + 1, len(ranked) - 1)
        return ranked[low] + (place - low) * (ranked[high] - ranked[low])

    low, high = at(0.25), at(0.75)
    reach = FENCE * (high - low)
    kept = [value for value in ranked if low - reach <= value <= high + reach]
    return sum(kept) / len(kept) if kept else at(0.5)


class Node:
    """One tag at one node."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, float]] = []
        self.value = float("inf")
        self.pending = False  # heard since the last report
        self.due = 0.0
        self.reported_m = 0.0

    def add(self, t: float, rssi_dbm: float) -> None:
        self.heard = [(at, dbm) for at, dbm in self.heard if t - at <= WINDOW_S] + [(t, rssi_dbm)]
        self.value = 10 ** ((REF_DBM - fenced([dbm for _, dbm in self.heard])) / (10 * ABSORPTION))
        self.pending = True

    def reports(self, t: float) -> bool:
        if not self.pending or self.value > MAX_M:
            return False
        if t < self.due:
            moved = abs(self.value - self.reported_m)
            if moved < SKIP_M:
                return False
            steps = int(log2(round(2 ** min(moved / SKIP_M, 60.0))))
            if t < self.due - SKIP_S / max(2, min(MAX_DIVISOR, MAX_DIVISOR - steps)):
                return False
        self.due = t + (SKIP_S - t % SKIP_S) % SKIP_S
        self.reported_m, self.pending = self.value, False
        return True


class EspresenseRoom:
    """One tag."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._nodes: dict[str, Node] = {}
        self._distance: float | None = None
        self._updated = float("-inf")
        self._looked = 0.0
        self._room: str | None = None  # each node is a room of its own; several may stand in one zone
        self.zone: str | None = None

    def hear(self, t: float, gateway: str, rssi_dbm: float) -> None:
        self._nodes.setdefault(gateway, Node()).add(t, rssi_dbm)
        self._report(t, gateway)

    def tick(self, t: float) -> None:
        for gateway in self._nodes:
            self._report(t, gateway)
        if t >= self._looked + POLL_S:
            self._looked = t
            if t - self._updated > AWAY_S:
                self._room = self.zone = None

    def _report(self, t: float, gateway: str) -> None:
        node = self._nodes[gateway]
        if not node.reports(t):
            return
        if (
            self._distance is None
            or gateway == self._room
            or node.value < self._distance
            or t - self._updated >= TIMEOUT_S
        ):
            self._room, self._distance, self._updated = gateway, round(node.value, 2), t
            self.zone = self._zones[gateway]
