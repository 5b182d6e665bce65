"""A tag that somebody has copied: told once in the log, shown by the API, counted."""

from __future__ import annotations

from datetime import timedelta

from structlog.testing import capture_logs

from hub.app.copies import HOW, CopiedTags
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.tracker import Tracker
from tests.fakes.hub_clock import StillClock
from wire.pseudonym import Pseudonym

TAG = Pseudonym("Wxyc7f0aKq2m_9Zt")
HOTEL = Layout(
    venue="marlton",
    zones=(ZoneLayout(zone="lobby", gateways=("lobby-1",)), ZoneLayout(zone="bar", gateways=("bar-1",))),
)


def test_a_copied_tag_is_shown_for_an_hour_whatever_the_clock_does() -> None:
    tracker, clock = Tracker([HOTEL]), StillClock()
    copied = CopiedTags(tracker=tracker, clock=clock)
    for _ in range(12):
        clock.pass_(timedelta(seconds=5))
        at = clock.now().timestamp()
        for gateway, tags in (("lobby-1", (TAG, "rosa", "ada", "ana")), ("bar-1", (TAG,))):
            rows = [(Pseudonym(tag), 0, 0, 5, -60.0, -58, -60) for tag in tags]
            tracker.hear("marlton", gateway, rows, (at, 0.001, 90_000))
        copied.look()

    shown = []
    for span, by in ((60, 0), (5, 0), (5, 0), (5, 0), (5, 0), (5, 0), (60, -2), (3000, 0), (900, 0)):
        clock.is_set(timedelta(days=by))
        clock.pass_(timedelta(seconds=span))
        tracker.expire(clock.now().timestamp())
        copied.look()
        shown.append(copied.figures()["marlton"])

    assert shown == [1] * 8 + [0]


def test_p31_a_copied_tag_is_told_once_within_a_minute() -> None:
    tracker, clock = Tracker([HOTEL]), StillClock()
    copied = CopiedTags(tracker=tracker, clock=clock)

    def hears(gateway: str, *tags: str) -> None:
        at = clock.now().timestamp()
        tracker.observe([("marlton", gateway, Pseudonym(tag), at, at - 0.9, 5, -60.0, -58, -60, True) for tag in tags])

    with capture_logs() as said:
        for _ in range(12):
            clock.pass_(timedelta(seconds=5))
            hears("lobby-1", TAG, "rosa", "ada", "ana")
            hears("bar-1", TAG)
            copied.look()

    assert [(line["event"], line["venue"], line["zones"]) for line in said] == [(HOW, "marlton", ["bar", "lobby"])]
    assert copied.figures() == {"marlton": 1}
    assert copied.of({"marlton": TAG, "sands": "x"}) == {"marlton": ["bar", "lobby"]}
    assert copied.of({"marlton": "a" * 16}) == {}
