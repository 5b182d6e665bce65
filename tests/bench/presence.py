"""Where is the guest, really? Ours beside the peers' rules, on held-out simulated buildings and on a real recording.

    python -m tests.bench.presence [--quick]

prints the table: accuracy, entry latency, missed stays and false enters a tag-hour, for each rule in the same run; then
how the figures bear slow and fast tags, a crowd, a gateway that dies, and one that was moved; then the cost.
The real recording is taken from the folder that INNKEEPER_RECORDING names, or from ../shared/recordings/office.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from firmware_sim.record import Crowd
from hub.presence.recording import Reading, Span, Told
from hub.presence.replay import replay
from hub.presence.score import Score, score_all
from hub.presence.tracker import Tracker
from tests.bench.peers.bermuda import Bermuda
from tests.bench.peers.espresense import EspresenseRoom
from tests.bench.peers.face import Rule, Zones
from tests.bench.peers.habluetooth import HabluetoothOwner
from tests.bench.peers.room_assistant import RoomAssistant
from tests.bench.venues import Case, recorded, simulated, without

PEERS: Mapping[str, Callable[[Zones], Rule]] = {
    "espresense": EspresenseRoom,
    "room_assistant": RoomAssistant,
    "habluetooth": HabluetoothOwner,
    "bermuda": Bermuda,
}
FULL = Crowd(tags=10, hours=2.0)  # 5 buildings: 100 tag-hours
BRIEF = Crowd(tags=3, hours=0.25)
VARIANT = Crowd(tags=5, hours=1.0)
DEAD_S = (1200.0, 1800.0)  # one gateway dead for ten minutes


def run(*, quick: bool = False) -> Mapping[str, float]:
    """The figures, flat."""
    figures: dict[str, float] = {}
    cases = list(_progress("building", simulated(BRIEF if quick else FULL)))
    office = recorded()
    for where, found in (("sim", cases), ("real", [office] if office is not None else [])):
        for name, told in _rules(found):
            figures |= _flat(f"{where}_{name}", score_all(told))
    for name, told in _variants(BRIEF if quick else VARIANT):
        figures |= _flat(name, score_all(told))
    figures["surveyed_tag_seconds_per_s"] = _cost(cases, surveyed=True)
    figures["margin_tag_seconds_per_s"] = _cost(cases, surveyed=False)
    return figures


def ours(case: Case, *, surveyed: bool, gone: Sequence[tuple[float, str, bool]] = ()) -> list[Told]:
    """What our presence says; `gone`: when which gateway said that it goes (False) or is back."""
    tracker = Tracker([case.layout(surveyed=surveyed)], heartbeat_s=0.0, tell_resumed=True)

    def rows() -> Iterator[Reading]:
        waiting = list(gone)
        for row in case.readings:
            while waiting and waiting[0][0] <= row.t:
                at, gateway, online = waiting.pop(0)
                tracker.gateway_state(case.name, gateway, at, online=online)
            yield row

    return [said.told for said in replay(tracker, case.name, rows())]


def theirs(case: Case, rule: Callable[[Zones], Rule]) -> list[Told]:
    """What a peer's rule says, looked at after every advert and every second."""
    told: list[Told] = []
    rules: dict[str, Rule] = {}
    believed: dict[str, str | None] = {}
    due = 0.0

    def look(tag: str, t: float) -> None:
        zone = rules[tag].zone
        if zone != believed.get(tag):
            believed[tag] = zone
            told.append(Told(t, tag, "at", zone))

    def tick(until: float) -> None:
        nonlocal due
        while due <= until:
            for tag, one in rules.items():
                one.tick(due)
                look(tag, due)
            due += 1.0

    for row in case.readings:
        tick(row.t)
        rules.setdefault(row.tag, rule(case.zones)).hear(row.t, row.gateway, row.rssi_dbm)
        look(row.tag, row.t)
    tick(max(span.t1 for span in case.truth))
    return told


def _rules(cases: Sequence[Case]) -> Iterator[tuple[str, list[tuple[Sequence[Span], list[Told]]]]]:
    if not cases:
        return
    for name, rule in PEERS.items():
        yield name, [(case.truth, theirs(case, rule)) for case in _progress(name, cases)]
    for name, surveyed in (("margin", False), ("surveyed", True)):
        yield name, [(case.truth, ours(case, surveyed=surveyed)) for case in _progress(name, cases)]


def _variants(crowd: Crowd) -> Iterator[tuple[str, list[tuple[Sequence[Span], list[Told]]]]]:
    """Surveyed in an ordinary house, and what becomes of it when things are otherwise."""
    kinds = ("hotel", "lounge", "stadium")
    for name, air in (
        ("as_surveyed", crowd),
        ("interval_0_35_s", replace(crowd, interval_s=0.35)),
        ("interval_3_s", replace(crowd, interval_s=3.0)),
        ("crowd_40_loss", replace(crowd, collisions=0.4)),
        ("loss_55", replace(crowd, collisions=0.55)),
    ):
        cases = list(_progress(name, simulated(air, kinds=kinds)))
        yield name, [(case.truth, ours(case, surveyed=True)) for case in cases]
        if name == "as_surveyed":
            yield "gateway_dead_10_min", [(case.truth, _with_dead(case)) for case in cases]
            yield "gateway_moved", [(_moved(case).truth, ours(_moved(case), surveyed=True)) for case in cases]


def _with_dead(case: Case) -> list[Told]:
    gateway = next(iter(case.zones))
    start, end = DEAD_S
    return ours(without(case, gateway, start, end), surveyed=True, gone=[(start, gateway, False), (end, gateway, True)])


def _moved(case: Case) -> Case:
    """Two gateways of different zones have changed places since the survey: the survey's levels are wrong for both."""
    first, second = next(iter(case.zones)), list(case.zones)[-1]
    swapped = {first: second, second: first}
    walk = [row._replace(gateway=swapped.get(row.gateway, row.gateway)) for row in case.walk]
    return Case(name=case.name, zones=case.zones, readings=case.readings, walk=walk, truth=case.truth)


def _cost(cases: Sequence[Case], *, surveyed: bool) -> float:
    """Seconds of one tag's life that one second of processor time takes in."""
    seconds = cpu_s = 0.0
    for case in cases:
        begun = time.process_time()
        ours(case, surveyed=surveyed)
        cpu_s += time.process_time() - begun
        seconds += sum(span.t1 - span.t0 for span in case.truth)
    return round(seconds / cpu_s)


def _flat(name: str, score: Score) -> dict[str, float]:
    return {
        f"{name}_accuracy": round(100 * score.accuracy, 1),
        f"{name}_p50_s": round(score.entry_p50_s or 0.0, 1),
        f"{name}_p95_s": round(score.entry_p95_s or 0.0, 1),
        f"{name}_missed": round(100 * score.missed, 1),
        f"{name}_false_per_h": round(score.false_per_h, 2),
    }


def _progress(what: str, items: Iterable[Case]) -> Iterator[Case]:
    for item in items:
        sys.stderr.write(f"presence: {what}, {item.name}\n")
        yield item


def table(figures: Mapping[str, float]) -> str:
    """As docs/presence.md has it."""
    names = [key.removesuffix("_accuracy") for key in figures if key.endswith("_accuracy")]
    lines = ["| rule | accuracy % | entry p50 / p95 s | missed % | false enters/h |", "| --- | --- | --- | --- | --- |"]
    for name in names:
        accuracy, p50, p95, missed, false = (
            figures[f"{name}_{key}"] for key in ("accuracy", "p50_s", "p95_s", "missed", "false_per_h")
        )
        lines.append(f"| {name} | {accuracy} | {p50} / {p95} | {missed} | {false} |")
    rest = [f"{key}: {value:,}" for key, value in figures.items() if key.endswith("_per_s")]
    return "\n".join([*lines, "", *rest])


if __name__ == "__main__":
    found = run(quick="--quick" in sys.argv)
    sys.stdout.write((json.dumps(found) if "--json" in sys.argv else table(found)) + "\n")
