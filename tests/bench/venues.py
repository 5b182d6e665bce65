"""In which venues is presence measured? Buildings that nobody tuned on, and a real recording where there is one."""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from firmware_sim.buildings import KINDS, building
from firmware_sim.floorplan import Area, Floorplan, Gateway, Point
from firmware_sim.record import HOUR_S, Crowd, guests_of, surveyor_of
from firmware_sim.world import World
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.recording import Reading, Span, labelled, readings, truth
from hub.presence.survey import learn

ROOT = Path(__file__).parents[2]
OFFICE_VARIABLE = "INNKEEPER_RECORDING"  # a folder like recordings/office
HELD_OUT_SEED = 100  # and up; what constants were chosen on has seeds 1, 11, 201 to 224, and 301 to 324


@dataclass(frozen=True, kw_only=True)
class Case:
    """One venue, what was heard there, and what was true."""

    name: str
    zones: Mapping[str, str]  # gateway: its zone
    readings: Sequence[Reading]
    walk: Sequence[Reading]
    truth: Sequence[Span]

    def layout(self, *, surveyed: bool) -> Layout:
        by_zone: dict[str, list[str]] = defaultdict(list)
        for gateway, zone in self.zones.items():
            by_zone[zone].append(gateway)
        return Layout(
            venue=self.name,
            zones=tuple(ZoneLayout(zone=zone, gateways=tuple(names)) for zone, names in by_zone.items()),
            survey=learn(self.name, self.walk) if surveyed else None,
        )


def simulated(
    crowd: Crowd, *, kinds: Iterable[str] = KINDS, seed: int = HELD_OUT_SEED, twice: bool = False
) -> Iterator[Case]:
    """A building of each kind; `twice` with two gateways for each."""
    for kind in kinds:
        plan = building(kind, seed)
        if twice:
            plan = _with_twice_the_gateways(plan)
        guests = guests_of(plan, crowd, seed)
        surveyor = surveyor_of(plan, seed)
        until_s = crowd.hours * HOUR_S
        world = World(plan, guests, seed=seed, collisions=crowd.collisions)
        yield Case(
            name=kind,
            zones={gateway.id: gateway.zone for gateway in plan.gateways},
            readings=[Reading(h.t, h.gateway, h.tag, h.advertisement.rssi_dbm) for h in world.heard(until_s)],
            walk=[
                Reading(h.t, h.gateway, h.tag, h.advertisement.rssi_dbm, plan.zone_at(surveyor.track.at(h.t).at))
                for h in World(plan, [surveyor], seed=seed).heard(surveyor.track.end_s)
            ],
            truth=[
                Span(guest.beacon.tag, span.t0_s, min(span.t1_s, until_s), span.zone)
                for guest in guests
                for span in guest.track.spans(plan)
                if span.t0_s < until_s
            ],
        )


def _with_twice_the_gateways(plan: Floorplan) -> Floorplan:
    """To each gateway another of its zone, across the middle of its room."""
    rooms = [room for room in plan.rooms if room.zone is not None]
    more = []
    for gateway in plan.gateways:
        room = next(room for room in rooms if room.zone == gateway.zone and _is_in(room, gateway.at))
        x_m, y_m = 2 * room.x_m + room.w_m - gateway.at.x_m, 2 * room.y_m + room.h_m - gateway.at.y_m
        at = Point(floor=gateway.at.floor, x_m=x_m, y_m=y_m)
        more.append(Gateway(id=f"{gateway.id}-across", zone=gateway.zone, at=at))
    return replace(plan, gateways=(*plan.gateways, *more))


def _is_in(room: Area, at: Point) -> bool:
    return room.x_m <= at.x_m <= room.x_m + room.w_m and room.y_m <= at.y_m <= room.y_m + room.h_m


def recorded() -> Case | None:
    """The real recording, if it is there."""
    folder = Path(os.environ.get(OFFICE_VARIABLE, ROOT.parent / "shared" / "recordings" / "office"))
    if not (folder / "layout.json").is_file():
        return None
    zones = {name: place["zone"] for name, place in json.loads((folder / "layout.json").read_text()).items()}
    return Case(
        name=folder.name,
        zones=zones,
        readings=list(readings(_lines(folder / "recording.jsonl.gz"), file="recording")),
        walk=list(labelled(_lines(folder / "survey.jsonl.gz"), file="survey")),
        truth=truth((folder / "truth.jsonl").read_text().splitlines(), file="truth"),
    )


def without(case: Case, gateway: str, start_s: float, end_s: float) -> Case:
    """The same, with a gateway that hears nothing for a while."""
    kept = [row for row in case.readings if row.gateway != gateway or not start_s <= row.t < end_s]
    return Case(name=case.name, zones=case.zones, readings=kept, walk=case.walk, truth=case.truth)


def _lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from file
