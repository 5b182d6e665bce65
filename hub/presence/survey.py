"""What does each place of a venue sound like? Learned from a labelled walk, kept as spots, written as JSON.

A spot is a few seconds of the walk: how loud each gateway heard the tag there, and what share of the time. The surveyor
goes all over each zone for two minutes, and also where nobody is meant to be found (corridors: zone null).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, floor, isfinite
from typing import Final

from hub.errors import BadRequest
from hub.presence.gait import PACE_DB, pace_db_of
from hub.presence.recording import Reading

SPOT_S: Final = 2.0  # two metres and a half of a stroll: one place; what is smoothed already needs no more averaging
SPOTS_A_PLACE: Final = 48  # two minutes of walking make 38; a longer walk makes longer spots: the hub's work is bounded
SMOOTH_S: Final = 2.0  # the levels of guests are smoothed as much
SETTLE_S: Final = 1.5  # after a door: what is heard still mixes two places
SILENT_INTERVALS: Final = 3.0  # a gateway that missed so many adverts in a row does not hear the place
SILENT_S: Final = 1.5
STEP_S: Final = 1.0
PAUSE_S: Final = 300.0  # of silence: he has stopped walking, and what is not heard meanwhile tells of no place
FEWEST_OF_A_REFERENCE: Final = 30  # adverts; fewer average nothing
VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One place."""

    zone: str | None  # None is nowhere
    walk: int  # which stretch of the walk it is of: neighbours are of one stretch
    levels: Mapping[str, tuple[float, float]]  # by gateway: dBm, and the share of the time in which it was heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A venue's places."""

    venue: str
    spots: tuple[Spot, ...]
    references: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # by name, then gateway: dBm
    pace_db: float = PACE_DB  # how much levels change while somebody walks there

    @property
    def gateways(self) -> frozenset[str]:
        """Every gateway that was heard from anywhere."""
        return frozenset(gateway for spot in self.spots for gateway in spot.levels)


def learn(venue: str, walk: Iterable[Reading]) -> Survey:
    """Learn a venue from the readings of a labelled walk. Raises BadRequest for a walk that names no zone."""
    rows = sorted(walk, key=lambda reading: reading.t)
    stretches = _stretches(rows)
    if not any(zone is not None and samples for zone, samples in stretches):
        raise BadRequest("survey: found no zone that was walked for some seconds; right would be two minutes in each")
    per_place: dict[str | None, int] = {}
    for zone, samples in stretches:
        per_place[zone] = per_place.get(zone, 0) + len(samples)
    spots: list[Spot] = []
    for number, (zone, samples) in enumerate(stretches):
        length = max(round(SPOT_S / STEP_S), -(-per_place[zone] // _room(zone, stretches)))
        spots += [
            Spot(zone=zone, walk=number, levels=_levels(samples[at : at + length]))
            for at in range(0, len(samples), length)
            if len(samples) - at > 1
        ]
    return Survey(venue=venue, spots=tuple(spots), pace_db=pace_db_of(samples for _, samples in stretches))


def _room(zone: str | None, stretches: Sequence[tuple[str | None, list[dict[str, float]]]]) -> int:
    """How many spots a place may have: nowhere is many places, and gets as many as two zones."""
    return SPOTS_A_PLACE * (2 if zone is None else 1) if stretches else SPOTS_A_PLACE


def _stretches(rows: Sequence[Reading]) -> list[tuple[str | None, list[dict[str, float]]]]:
    """The walk, zone after zone: what was heard, second by second."""
    found: list[tuple[str | None, list[dict[str, float]]]] = []
    if not rows:
        return found
    hold_s = max(SILENT_S, SILENT_INTERVALS * interval_of(rows))
    heard: dict[str, list[float]] = {}  # gateway: when, and how loud
    zone, changed, now, at = rows[0].zone, rows[0].t, rows[0].t, 0
    found.append((zone, []))
    while now <= rows[-1].t:
        now += STEP_S
        if at < len(rows) and rows[at].t - now > PAUSE_S:
            changed, now = rows[at].t, now + STEP_S * floor((rows[at].t - now) / STEP_S)
            heard.clear()
            found.append((zone, []))
            continue
        while at < len(rows) and rows[at].t <= now:
            row = rows[at]
            at += 1
            if row.zone != zone:
                zone, changed = row.zone, row.t
                found.append((zone, []))
            smooth(heard, row.gateway, row.t, row.rssi_dbm)
        if now - changed >= SETTLE_S:
            found[-1][1].append({name: level for name, (t, level) in heard.items() if now - t < hold_s})
    return found


def smooth(heard: dict[str, list[float]], gateway: str, t: float, dbm: float) -> None:
    """One reading into the smoothed level of its gateway."""
    ear = heard.get(gateway)
    if ear is None or t - ear[0] > 4 * SMOOTH_S:
        heard[gateway] = [t, dbm]
        return
    ear[1] += (1 - exp(-max(t - ear[0], 0.1) / SMOOTH_S)) * (dbm - ear[1])
    ear[0] = t


def interval_of(rows: Sequence[Reading]) -> float:
    """How often the surveyor's tag spoke, in seconds."""
    times = sorted({round(row.t, 1) for row in rows})
    gaps = sorted(later - earlier for earlier, later in pairwise(times))
    return gaps[len(gaps) // 4] if gaps else 1.0


def _levels(samples: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, float]]:
    levels: dict[str, list[float]] = {}
    for sample in samples:
        for gateway, dbm in sample.items():
            levels.setdefault(gateway, []).append(dbm)
    return {name: (round(sum(dbm) / len(dbm), 2), round(len(dbm) / len(samples), 3)) for name, dbm in levels.items()}


def dump(survey: Survey) -> str:
    """As a file holds it: one spot a line."""
    spots = ",\n".join(
        json.dumps({"zone": spot.zone, "walk": spot.walk, "levels": spot.levels}, separators=(",", ":"))
        for spot in survey.spots
    )
    references = f'"references":{json.dumps(survey.references)},' if survey.references else ""
    pace = f'"pace_db":{survey.pace_db},'
    return f'{{"survey":{VERSION},"venue":{json.dumps(survey.venue)},{pace}{references}"spots":[\n{spots}\n]}}\n'


def heard_of(rows: Iterable[Reading], names: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """What each gateway hears of the reference tags in a recording, on average; `names` are theirs, by tag."""
    levels: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if row.tag in names:
            levels.setdefault((names[row.tag], row.gateway), []).append(row.rssi_dbm)
    found: dict[str, dict[str, float]] = {}
    for (name, gateway), dbm in levels.items():
        if len(dbm) >= FEWEST_OF_A_REFERENCE:
            found.setdefault(name, {})[gateway] = round(sum(dbm) / len(dbm), 2)
    return found


def _references(found: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    return {
        str(name): {str(gateway): float(dbm) for gateway, dbm in levels.items() if isfinite(dbm)}
        for name, levels in found.items()
    }


def load(text: str, *, file: str) -> Survey:
    """What `dump` wrote. Raises BadRequest when it is something else."""
    try:
        top = json.loads(text.removeprefix("\ufeff"))
        if top["survey"] != VERSION:
            raise BadRequest(f"{file}:1:1: found survey {top['survey']!r}; right would be {VERSION}")
        spots = tuple(
            Spot(
                zone=None if spot["zone"] is None else str(spot["zone"]),
                walk=int(spot["walk"]),
                levels={str(name): (float(dbm), float(share)) for name, (dbm, share) in spot["levels"].items()},
            )
            for spot in top["spots"]
        )
        pace_db = float(top.get("pace_db", PACE_DB))
        if not all(isfinite(value) for spot in spots for pair in spot.levels.values() for value in (*pair, pace_db)):
            raise ValueError("a level that is no number")  # noqa: TRY301  told as every other fault of the file
        references = _references(top.get("references", {}))
        return Survey(venue=str(top["venue"]), spots=spots, references=references, pace_db=pace_db)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as exc:
        raise BadRequest(f"{file}:1:1: found no survey; right would be what `innkeeper presence survey` wrote") from exc
