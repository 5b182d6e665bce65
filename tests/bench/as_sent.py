"""What does the hub hear of the adverts that its gateways hear? Windows of a second, and of what stays the same, few.

Recordings and the peers' rules have every advert. A hub has what gateway/window.py makes of them: fewer rows, later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import inf

from gateway.window import Rates, Sighting, Windows
from hub.presence.listening import Row
from hub.presence.recording import Reading, Told
from hub.presence.replay import AFTERMATH_S, TICK_S, said
from hub.presence.tracker import Tracker
from wire.pseudonym import Pseudonym

RATES = Rates()  # what a hub wishes that wishes nothing


def told_as_sent(
    tracker: Tracker, venue: str, readings: Iterable[Reading], states: Iterable[tuple[float, str, bool]] = ()
) -> tuple[list[Told], int]:
    """What presence says of a recording that its gateways thinned; and in how many rows they sent it.

    `states`: when it is told which gateway is gone (False) or back, in order.
    """
    told: list[Told] = []
    rows_sent = 0
    waiting = list(states)
    for at, gateway, sightings in sent(readings):
        while waiting and waiting[0][0] <= at:
            when, whose, online = waiting.pop(0)
            tracker.gateway_state(venue, whose, when, online=online)
        if gateway is None:
            changes = tracker.expire(at)
        else:
            rows_sent += len(sightings)
            changes = tracker.hear(venue, gateway, [_row(one, at) for one in sightings], (at, 1.0, inf))
        told += [line.told for line in said(changes, at)]
    return told, rows_sent


def sent(readings: Iterable[Reading]) -> Iterator[tuple[float, str | None, Sequence[Sighting]]]:
    """When which gateway sends what; each second, once all have, nothing of no gateway: the hub's clock ticks."""
    gateways: dict[str, Windows] = {}
    due: float | None = None
    last = 0.0
    for row in readings:
        due = row.t + TICK_S if due is None else due
        while due <= row.t:
            yield from _tick(gateways, due)
            due += TICK_S
        last = row.t
        windows = gateways.setdefault(row.gateway, Windows(RATES))
        if windows.hear(Pseudonym(row.tag), round(row.rssi_dbm), row.t):
            yield row.t, row.gateway, windows.urgent(row.t)
    while due is not None and due <= last + AFTERMATH_S:
        yield from _tick(gateways, due)
        due += TICK_S


def _tick(gateways: dict[str, Windows], now: float) -> Iterator[tuple[float, str | None, Sequence[Sighting]]]:
    for name, windows in gateways.items():
        if rows := windows.close(now):
            yield now, name, rows
    yield now, None, ()


def _row(one: Sighting, at: float) -> Row:
    """As it comes from the wire: with ages instead of times."""
    return (one.tag, at - one.first_at, at - one.last_at, *one[3:])
