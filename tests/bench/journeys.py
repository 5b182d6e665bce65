"""How fast are rules read, events decided, and a month of recorded events replayed through a draft, on one core?

Guests walk the hotel for two days each: zones entered and left, minutes at the pool, a purchase now and then. The rules
are the hotel pack, with a guest of twenty fields. Beside it, in the same run, conditions that the CEL library answers
alone on a prepared context.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import cel

from rules.backtest import History, backtest
from rules.check import check_files
from rules.decide import decide
from rules.decision import Decision
from rules.event import Event
from rules.examples import willing_guest
from rules.facts import Facts, Planned
from rules.read_journey import read_journey
from rules.replay import Replay
from rules.rulebook import Rulebook

HOTEL = Path(__file__).parents[2] / "rules" / "venues" / "hotel"
FIELDS = 20
EVENTS = 100  # a guest
EVENTS_REPLAYED = 1_000_000
ROUNDS = 5  # the quickest counts: whoever shares the processor only ever makes one slower
JOURNEYS = 50
ZONES = {"lobby": 5, "restaurant": 3, "pool": 2, "gym": 1, "floor-1": 4, "floor-2": 4}
DWELLS = {"pool": timedelta(minutes=5), "gym": timedelta(minutes=10)}
T0 = datetime(2026, 3, 1, 6, tzinfo=UTC)


def run(*, quick: bool = False) -> Mapping[str, float]:
    """Seconds of one core's time, and rates."""
    files = hotel_files()
    book = check_files(files).rulebooks["marlton"]
    assert len(book.venue.guest) == FIELDS
    decides, decisions = _deciding(book, guests=20 if quick else 300)
    return {
        "decides_per_s": decides,
        "decisions_per_s": decisions,
        "cel_conditions_per_s": _bare_cel(10_000 if quick else 100_000),
        "check_50_s": _checking(files, 5 if quick else JOURNEYS),
        "backtest_1m_s": _backtesting(book, files, 20_000 if quick else EVENTS_REPLAYED),
    }


def hotel_files() -> dict[str, str]:
    """The hotel pack, with a guest of twenty fields."""
    files = {f"hotel/{path.relative_to(HOTEL).as_posix()}": path.read_text() for path in HOTEL.rglob("*.yaml")}
    venue = check_files(files).rulebooks["marlton"].venue
    more = "".join(f"  more_{number}: {number}\n" for number in range(FIELDS - len(venue.guest)))
    name = "hotel/venue.yaml"
    return {**files, name: re.sub(r"^guest:.*\n", lambda found: found[0] + more, files[name], flags=re.MULTILINE)}


def _deciding(book: Rulebook, *, guests: int) -> tuple[int, int]:
    """Events decided a second, and decisions made a second, each with its reason."""
    cases = []
    for history in histories(book, guests * EVENTS):
        replay = Replay(book, history.facts, _Nobody())
        for event in history.events:
            replay.until(event.at)
            cases.append((event, replay.facts))
            replay.event(event)
    made = 0
    seconds = math.inf
    for _ in range(ROUNDS):
        started = time.process_time()
        made = sum(len(decide(book, event, facts).decisions) for event, facts in cases)
        seconds = min(seconds, time.process_time() - started)
    return round(len(cases) / seconds), round(made / seconds)


def _checking(files: Mapping[str, str], journeys: int) -> float:
    """Seconds to check so many journeys, their four examples each included."""
    welcome = files["hotel/journeys/welcome.yaml"]
    many = {f"hotel/journeys/w{n}.yaml": welcome.replace(": welcome\n", f": w{n}\n", 1) for n in range(journeys)}
    started = time.process_time()
    found = check_files({"hotel/venue.yaml": files["hotel/venue.yaml"], **many})
    seconds = time.process_time() - started
    assert not found.faults
    assert len(found.examples) == journeys * 4
    return round(seconds, 2)


def _backtesting(book: Rulebook, files: Mapping[str, str], events: int) -> float:
    """Seconds for so many events, both sides; the making of them is not counted."""
    text = files["hotel/journeys/welcome.yaml"].replace("messaged('24h')", "messaged('25h')")
    draft = read_journey(text, book.venue, file="draft")
    seconds, played, differ = 0.0, 0, 0
    for history in histories(book, events):
        started = time.process_time()
        [compared] = backtest(book, draft, [history])
        seconds += time.process_time() - started
        played += compared.events
        differ += compared.differs
    assert played >= events
    assert differ
    return round(seconds, 1)


def _bare_cel(times: int) -> int:
    program = cel.compile("guest.member && !guest.case_open")
    context = cel.Context({"guest": {f"more_{n}": n for n in range(FIELDS)} | {"member": True, "case_open": False}})
    seconds = math.inf
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(times):
            program.execute(context)
        seconds = min(seconds, time.process_time() - started)
    return round(times / seconds)


def histories(book: Rulebook, events: int) -> Iterator[History]:
    """So many events, of guests who walk for two days each; the same ones each time."""
    dice = Random(7)  # noqa: S311  traffic, not a secret
    for number in range(events // EVENTS):
        facts = willing_guest(book.venue, f"guest-{number}")._replace(profile=_profile(dice))
        yield History(facts=facts, events=tuple(_walk(dice, facts.guest)))


def _profile(dice: Random) -> dict[str, bool | str | int]:
    return {
        "member": dice.random() < 0.6,
        "reservation": dice.random() < 0.7,
        "in_house": dice.random() < 0.6,
        "case_open": dice.random() < 0.02,
        "first_name": "Ana",
        "room": "204",
        **{f"more_{number}": number for number in range(6)},
    }


def _walk(dice: Random, guest: str) -> Iterator[Event]:
    at, number = T0 + timedelta(seconds=dice.randrange(86_400)), 0
    while number < EVENTS:
        zone = dice.choices(list(ZONES), list(ZONES.values()))[0]
        stay = timedelta(seconds=dice.expovariate(1 / 900))
        steps: list[tuple[str, datetime, timedelta | None]] = [("entered", at, None)]
        if zone in DWELLS and stay > DWELLS[zone]:
            steps.append(("dwelled", at + DWELLS[zone], DWELLS[zone]))
        if zone == "restaurant" and stay > timedelta(minutes=20):
            steps.append(("purchase", at + timedelta(minutes=20), None))
        for kind, when, dwell in [*steps, ("left", at + stay, None)]:
            number += 1
            name = f"{guest}-{number}"
            yield Event(
                id=name, venue="marlton", guest=guest, kind=kind, object=zone, at=when, received=when, dwell=dwell
            )
        at += stay + timedelta(seconds=dice.expovariate(1 / 1_800))


class _Nobody:
    """Watches nothing."""

    def happens(self, event: Event) -> None: ...

    def decided(self, decision: Decision) -> None: ...

    def leaves(self, planned: Planned, facts: Facts, at: datetime) -> str | None: ...

    def dropped(self, planned: Planned, at: datetime, text: str) -> None: ...
