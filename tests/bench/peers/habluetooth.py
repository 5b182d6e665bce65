"""habluetooth's owner rule: which scanner does a device belong to?

After habluetooth's manager (_prefer_previous_adv_from_different_source) and its advertisement tracker: another scanner
takes over when it is 16 dB louder than the owner's last advert, or when the owner's is older than the learned interval
and five seconds. The interval is the longest gap of 16 adverts by one owner, learnt anew after each change of owner,
and 195 s until then. A device is gone when the poll, every five minutes, finds that nobody heard it for that long.
"""

from __future__ import annotations

from tests.bench.peers.face import Zones

SWITCH_DB, WOBBLE_S, FALLBACK_S, POLL_S, TIMINGS = 16.0, 5.0, 195.0, 300.0, 16


class HabluetoothOwner:
    """One tag."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._owner: str | None = None
        self._rssi = 0.0
        self._at = 0.0
        self._timings: list[float] = []
        self._interval: float | None = None
        self._polled = 0.0
        self.zone: str | None = None

    def _stale_s(self) -> float:
        return self._interval + WOBBLE_S if self._interval else FALLBACK_S

    def hear(self, t: float, gateway: str, rssi_dbm: float) -> None:
        if (
            self._owner is not None
            and gateway != self._owner
            and t - self._at <= self._stale_s()
            and rssi_dbm - SWITCH_DB <= self._rssi
        ):
            return
        if gateway != self._owner:
            self._timings, self._interval = [], None  # the tracker forgets an address whose source changes
        if self._interval is None:
            self._timings.append(t)
            if len(self._timings) >= TIMINGS:
                pairs = zip(self._timings, self._timings[1:], strict=False)
                self._interval = max(later - earlier for earlier, later in pairs)
        self._owner, self._rssi, self._at = gateway, rssi_dbm, t
        self.zone = self._zones[gateway]

    def tick(self, t: float) -> None:
        if t - self._polled < POLL_S:
            return
        self._polled = t
        if self._owner is not None and t - self._at > self._stale_s():
            self._owner, self.zone = None, None
