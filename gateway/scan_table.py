"""What is on the air, as a table that a person can read while it changes? Values in, lines out; time comes in.

One line a beacon, the loudest first: its kind, its id as it is given when a tag is bound, how loud and how often, its
battery, and whether the hub has enrolled it. A beacon that says several things (an id and telemetry) has one line, by
its address.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.advert.frame import EddystoneTlm, EddystoneUrl, TagFrame, TagId, VendorBeacon
from wire.advert.vendor import VendorFormats
from wire.pseudonym import pseudonym

SPAN_S: Final = 10.0  # over which rates are counted; who was silent for so long leaves the table
MAX_BEACONS: Final = 2000
MAX_TIMES: Final = 1000
BAR: Final = 12
QUIET_DBM, LOUD_DBM = -100, -40

HEADER: Final = f"{'kind':<14} {'id':<60} {'dBm':>4} {'':<{BAR}} {'adv/s':>6} {'battery':>8} {'enrolled':>8}"


@dataclass(slots=True)
class _Beacon:
    kind: str
    id: str
    rssi_dbm: int = -127
    battery_mv: int | None = None
    times: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_TIMES))


class ScanTable:
    """All beacons that were heard lately."""

    def __init__(
        self, enrolled: Container[str] | None = None, key: bytes = b"", *, vendors: VendorFormats | None = None
    ) -> None:
        self._enrolled = enrolled  # pseudonyms; None: nobody knows
        self._key = key
        self._vendors = vendors or VendorFormats()
        self._beacons: dict[tuple[str, str], _Beacon] = {}  # by kind and id
        self._by_address: dict[str, _Beacon] = {}
        self._others: dict[str, float] = {}  # addresses of no beacon: last heard

    def hear(self, adv: Advertisement, now: float) -> None:
        """One advert."""
        frame = formats.decode(adv) or self._vendors.decode(adv)
        if isinstance(frame, EddystoneTlm):
            beacon = self._by_address.get(adv.address)
            if beacon is not None:
                beacon.battery_mv = frame.battery_mv
                self._count(beacon, adv, now)
            return
        if frame is None:
            if len(self._others) < MAX_BEACONS or adv.address in self._others:
                self._others[adv.address] = now
            return
        kind, name = _name(frame)
        beacon = self._beacons.get((kind, name))
        if beacon is None:
            if len(self._beacons) >= MAX_BEACONS:
                return
            beacon = self._beacons[kind, name] = _Beacon(kind, name)
        self._by_address[adv.address] = beacon
        if isinstance(frame, VendorBeacon):
            beacon.battery_mv = frame.battery_mv
        self._count(beacon, adv, now)

    @staticmethod
    def _count(beacon: _Beacon, adv: Advertisement, now: float) -> None:
        beacon.rssi_dbm = adv.rssi_dbm
        beacon.times.append(now)

    def lines(self, now: float, *, began: float) -> list[str]:
        """The table, and a line about the rest."""
        self._forget(now)
        span_s = max(1.0, min(SPAN_S, now - began))
        beacons = sorted(self._beacons.values(), key=lambda each: (-each.rssi_dbm, each.id))
        rows = [self._line(each, len(each.times) / span_s) for each in beacons]
        return [HEADER, *rows, f"{len(rows)} beacons, {len(self._others)} other devices"]

    def _line(self, beacon: _Beacon, rate: float) -> str:
        battery = "" if beacon.battery_mv is None else f"{beacon.battery_mv / 1000:.2f} V"
        enrolled = self._is_enrolled(beacon)
        return (
            f"{beacon.kind:<14} {beacon.id:<60} {beacon.rssi_dbm:>4} {bar(beacon.rssi_dbm):<{BAR}} "
            f"{rate:>6.1f} {battery:>8} {enrolled:>8}"
        )

    def _is_enrolled(self, beacon: _Beacon) -> str:
        if self._enrolled is None or beacon.kind == "eddystone-url":
            return "?" if self._enrolled is None else "no"
        name = pseudonym(self._key, TagId(beacon.id))
        return "yes" if name in self._enrolled else "no"

    def _forget(self, now: float) -> None:
        for name, beacon in list(self._beacons.items()):
            while beacon.times and now - beacon.times[0] > SPAN_S:
                beacon.times.popleft()
            if not beacon.times:
                del self._beacons[name]
        alive = {id(beacon) for beacon in self._beacons.values()}
        self._by_address = {address: each for address, each in self._by_address.items() if id(each) in alive}
        self._others = {address: at for address, at in self._others.items() if now - at <= SPAN_S}


def bar(rssi_dbm: int) -> str:
    """How loud, at a glance."""
    share = (rssi_dbm - QUIET_DBM) / (LOUD_DBM - QUIET_DBM)
    return "█" * round(BAR * min(1.0, max(0.0, share)))


def _name(frame: TagFrame | EddystoneUrl) -> tuple[str, str]:
    if isinstance(frame, EddystoneUrl):
        return "eddystone-url", frame.url
    return frame.tag.partition(":")[0], frame.tag
