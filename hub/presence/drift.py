"""Does a gateway still hear as it did when the venue was surveyed? Reference tags tell, which hang where they hung.

What each gateway hears of a reference is averaged over ten minutes, and compared with what it heard during the survey.
One gateway that hears one of them otherwise was moved, or something was put before it; when all gateways do, it is the
tag. Pure: levels and moments in, what has drifted out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import exp
from typing import Final, NamedTuple

from hub.presence.atlas import FAINT_DBM

DRIFT_DB: Final = 6.0  # more than people, doors and the weather do to ten minutes' average; a metre's shift does it
OVER_S: Final = 600.0
PLAIN_DBM: Final = -86.0  # a gateway that heard it fainter in the survey may as well miss it


class Drifted(NamedTuple):
    """A gateway hears a reference otherwise than at the survey."""

    reference: str
    gateway: str | None  # None: all of them do, so it is the tag itself
    by_db: float  # negative is fainter

    def __str__(self) -> str:
        """For people."""
        how = f"{abs(self.by_db):.0f} dB {'fainter' if self.by_db < 0 else 'louder'} than at the survey"
        if self.gateway is None:
            return f"reference {self.reference} is heard {how} by all gateways: was it moved, or is its battery low?"
        return f"gateway {self.gateway} hears reference {self.reference} {how}: was it moved?"


class Drift:
    """One venue's references."""

    def __init__(self, survey: Mapping[str, Mapping[str, float]]) -> None:
        self._survey = survey  # by reference, then gateway: dBm
        self._since: dict[tuple[str, str], float] = {}
        self._last: dict[tuple[str, str], float] = {}
        self._average: dict[tuple[str, str], float] = {}  # dB over the survey's level

    def note(self, reference: str, levels: Mapping[str, float], now: float, *, gone: Collection[str] = ()) -> None:
        """What each gateway hears of a reference at Unix second `now`; those that are gone cannot say."""
        for gateway, surveyed in self._survey.get(reference, {}).items():
            key = (reference, gateway)
            last = self._last.get(key)
            if now == last or gateway in gone or (gateway not in levels and surveyed < PLAIN_DBM):
                continue
            self._last[key] = now
            difference = levels.get(gateway, FAINT_DBM) - surveyed
            if last is None or not 0.0 <= now - last < OVER_S:  # it begins, or the clock was set
                self._since[key], self._average[key] = now, difference
                continue
            seconds = now - last
            weight = max(1 - exp(-seconds / OVER_S), seconds / max(now - self._since[key], seconds))
            self._average[key] += weight * (difference - self._average[key])

    def skip(self, now: float) -> None:
        """Nobody could hear until `now`: the time since the last look tells nothing."""
        for key, last in self._last.items():
            self._since[key] += now - last
            self._last[key] = now

    def found(self) -> tuple[Drifted, ...]:
        """What has drifted, once there are ten minutes to say so."""
        drifted: list[Drifted] = []
        for reference, gateways in self._survey.items():
            known = {
                gateway: self._average[reference, gateway]
                for gateway in gateways
                if (key := (reference, gateway)) in self._last and self._last[key] - self._since[key] >= OVER_S
            }
            off = {gateway: by_db for gateway, by_db in known.items() if abs(by_db) >= DRIFT_DB}
            if len(off) > 1 and off.keys() == known.keys() and len({by_db < 0 for by_db in off.values()}) == 1:
                drifted.append(Drifted(reference, None, sum(off.values()) / len(off)))
            else:
                drifted += [Drifted(reference, gateway, by_db) for gateway, by_db in off.items()]
        return tuple(drifted)
