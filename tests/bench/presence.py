"""Where is the guest, really? Ours beside the peers' rules, on held-out simulated buildings and on a real recording.

    python -m tests.bench.presence [--quick]

prints the table: accuracy, entry latency, missed stays and false enters a tag-hour, for each rule in the same run; then
what is left of ours when gateways thin what they hear, as they do, before the hub sees it; then how the figures bear
slow and fast tags, a crowd, a gateway that dies, and one that was moved; then the cost.
The real recording is taken from the folder that INNKEEPER_RECORDING names, or from ../shared/recordings/office.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from firmware_sim.record import Crowd
from hub.presence.recording import Span, Told
from hub.presence.replay import replay
from hub.presence.score import Score, score_all
from hub.presence.tracker import Tracker
from tests.bench.as_sent import told_as_sent
from tests.bench.peers.bermuda import Bermuda
from tests.bench.peers.espresense import EspresenseRoom
from tests.bench.peers.face import Rule, Zones
from tests.bench.peers.habluetooth import HabluetoothOwner
from tests.bench.peers.room_assistant import RoomAssistant
from tests.bench.venues import HELD_OUT_SEED, Case, recorded, simulated, without

PEERS: Mapping[str, Callable[[Zones], Rule]] = {
    "espresense": EspresenseRoom,
    "room_assistant": RoomAssistant,
    "habluetooth": HabluetoothOwner,
    "bermuda": Bermuda,
}
FULL = Crowd(tags=10, hours=2.0)  # 5 buildings: 100 tag-hours
BRIEF = Crowd(tags=3, hours=0.25)
FURTHER = Crowd(tags=2, hours=2.0)  # 25 buildings: 100 tag-hours
FURTHER_SEEDS = range(HELD_OUT_SEED + 1, HELD_OUT_SEED + 6)
VARIANT = Crowd(tags=5, hours=1.0)
KINDS_VARIED = ("hotel", "lounge", "stadium")
DEAD_A_BUILDING = 3  # gateways, one after the other
DEAD_S = (1200.0, 1800.0)  # one gateway dead for ten minutes
WILL_S = 23.0  # until its last will says so: the broker waits one keepalive of 15 s and a half


def run(*, quick: bool = False) -> Mapping[str, float]:
    """The figures, flat."""
    figures: dict[str, float] = {}
    cases = list(_progress("building", simulated(BRIEF if quick else FULL)))
    office = recorded()
    for where, found in (("sim", cases), ("real", [office] if office is not None else [])):
        for name, told in _rules(found):
            figures |= _flat(f"{where}_{name}", score_all(told))
        figures |= _as_sent(where, found)
    for name, told in _further(BRIEF if quick else FURTHER, FURTHER_SEEDS[:1] if quick else FURTHER_SEEDS):
        figures |= _flat(name, score_all(told))
    for name, told in _variants(BRIEF if quick else VARIANT):
        figures |= _flat(name, score_all(told))
    for name, told in _halls(BRIEF if quick else FULL):
        figures |= _flat(name, score_all(told))
    figures |= _dead(BRIEF if quick else VARIANT)
    figures["surveyed_tag_seconds_per_s"] = _cost(cases, surveyed=True)
    figures["margin_tag_seconds_per_s"] = _cost(cases, surveyed=False)
    return figures


def ours(case: Case, *, surveyed: bool) -> list[Told]:
    """What our presence says, when it hears every advert."""
    tracker = Tracker([case.layout(surveyed=surveyed)], heartbeat_s=0.0, tell_resumed=True)
    return [said.told for said in replay(tracker, case.name, case.readings)]


def as_sent(case: Case, *, surveyed: bool, states: Iterable[tuple[float, str, bool]] = ()) -> tuple[list[Told], int]:
    """What it says of what gateways send, and how many rows that was; `states` as in told_as_sent."""
    tracker = Tracker([case.layout(surveyed=surveyed)], tell_resumed=True)
    return told_as_sent(tracker, case.name, case.readings, states)


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


def _as_sent(where: str, cases: Sequence[Case]) -> dict[str, float]:
    """Ours with what the gateways make of the adverts, and how many rows they send for one."""
    figures: dict[str, float] = {}
    rows = adverts = 0
    for rule, surveyed in (("margin", False), ("surveyed", True)):
        told = []
        for case in _progress(f"{rule}, as sent", cases):
            said, sent = as_sent(case, surveyed=surveyed)
            told.append((case.truth, said))
            rows += sent
            adverts += len(case.readings)
        figures |= _flat(f"{where}_{rule}_as_sent", score_all(told)) if told else {}
    return figures | {f"{where}_rows_an_advert": round(rows / max(adverts, 1), 2)}


def _further(crowd: Crowd, seeds: Iterable[int]) -> Iterator[tuple[str, list[tuple[Sequence[Span], list[Told]]]]]:
    """As many hours in more buildings: five are few, and an awkward one among them moves every figure."""
    cases = list(_progress("further", (case for seed in seeds for case in simulated(crowd, seed=seed))))
    yield "further_bermuda", [(case.truth, theirs(case, Bermuda)) for case in cases]
    yield "further_surveyed", [(case.truth, ours(case, surveyed=True)) for case in cases]


def _variants(crowd: Crowd) -> Iterator[tuple[str, list[tuple[Sequence[Span], list[Told]]]]]:
    """Surveyed in an ordinary house, and what becomes of it when things are otherwise."""
    for name, air in (
        ("as_surveyed", crowd),
        ("interval_0_35_s", replace(crowd, interval_s=0.35)),
        ("interval_3_s", replace(crowd, interval_s=3.0)),
        ("crowd_40_loss", replace(crowd, collisions=0.4)),
        ("loss_55", replace(crowd, collisions=0.55)),
    ):
        cases = list(_progress(name, simulated(air, kinds=KINDS_VARIED)))
        yield name, [(case.truth, ours(case, surveyed=True)) for case in cases]
        if name == "as_surveyed":
            yield "gateway_dead_10_min", [(case.truth, with_dead(case, next(iter(case.zones)))) for case in cases]
            yield "gateway_moved", [(_moved(case).truth, ours(_moved(case), surveyed=True)) for case in cases]


def _halls(crowd: Crowd) -> Iterator[tuple[str, list[tuple[Sequence[Span], list[Told]]]]]:
    """The hardest of the buildings, and what its survey advises: more gateways."""
    for name, twice in (("shop", False), ("shop_twice_the_gateways", True)):
        cases = list(_progress(name, simulated(crowd, kinds=("shop",), twice=twice)))
        yield name, [(case.truth, ours(case, surveyed=True)) for case in cases]


def with_dead(case: Case, gateway: str, *, surveyed: bool = True) -> list[Told]:
    """What is said when a gateway loses its power for ten minutes, and its last will says so after a while."""
    start, end = DEAD_S
    states = [(start + WILL_S, gateway, False), (end, gateway, True)]
    return as_sent(without(case, gateway, start, end), surveyed=surveyed, states=states)[0]


def _dead(crowd: Crowd) -> dict[str, float]:
    """False exits from zones whose gateway is dead, each gateway in turn; and those of the same time when none is."""
    found = {f"{rule}_{what}": 0.0 for rule in ("margin", "surveyed") for what in ("dead", "alive")}
    for case in _progress("dead", simulated(crowd, kinds=KINDS_VARIED)):
        for surveyed in (False, True):
            rule = "surveyed" if surveyed else "margin"
            alive = as_sent(case, surveyed=surveyed)[0]
            for gateway, zone in list(case.zones.items())[:DEAD_A_BUILDING]:
                found[f"{rule}_dead"] += false_exits(case, zone, with_dead(case, gateway, surveyed=surveyed))
                found[f"{rule}_alive"] += false_exits(case, zone, alive)
    return {f"false_exits_{name}": count for name, count in found.items()}


def false_exits(case: Case, zone: str, told: Iterable[Told]) -> int:
    """How often a guest was said to have left a zone, in the ten minutes and one more, though she stayed for longer."""
    start, end = DEAD_S[0], DEAD_S[1] + 60.0
    return sum(
        any(span.tag == one.tag and span.zone == zone and span.t0 <= one.t < span.t1 - 5.0 for span in case.truth)
        for one in told
        if one.kind == "left" and one.zone == zone and start <= one.t < end
    )


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
    counts = ("_per_s", "_an_advert")
    rest = [f"{key}: {found:,}" for key, found in figures.items() if key.endswith(counts) or "false_exits" in key]
    return "\n".join([*lines, "", *rest])


if __name__ == "__main__":
    found = run(quick="--quick" in sys.argv)
    sys.stdout.write((json.dumps(found) if "--json" in sys.argv else table(found)) + "\n")
