from __future__ import annotations

from hub.api.feed import RECENT_MAX, WAITING_MAX, Feed
from tests.fakes.hub_clock import T0


async def test_a_slow_listener_is_told_to_start_anew_and_holds_nobody_up() -> None:
    feed = Feed()
    with feed.subscribe("marlton") as slow:
        for n in range(WAITING_MAX + 1):
            feed.publish(venue="marlton", kind="entered", at=T0, n=n)

        first, second = await slow.next(), await slow.next()

    assert first == {"at": "2026-01-05T09:00:00Z", "kind": "resync", "venue": "marlton"}
    assert second is not None
    assert second["n"] == WAITING_MAX


async def test_a_listener_hears_its_venue_and_one_without_hears_all() -> None:
    feed = Feed()
    with feed.subscribe("marlton") as marlton, feed.subscribe(None) as everything:
        feed.publish(venue="sands", kind="left", at=T0)
        feed.publish(venue="marlton", kind="entered", at=T0)

        heard = [await marlton.next(), await everything.next(), await everything.next()]

    assert [item and item["venue"] for item in heard] == ["marlton", "sands", "marlton"]


async def test_a_closed_feed_lets_those_go_who_listen_and_those_who_come() -> None:
    feed = Feed()
    with feed.subscribe(None) as early:
        feed.close()
        with feed.subscribe(None) as late:
            ends = [await early.next(), await late.next()]

    assert ends == [None, None]
    assert not feed.listeners


async def test_nobody_listening_is_no_fault() -> None:
    feed = Feed()

    feed.publish(venue="marlton", kind="entered", at=T0)

    with feed.subscribe(None) as late:
        feed.close()
        assert await late.next() is None


async def test_what_happened_lately_is_remembered_by_venue_and_not_for_ever() -> None:
    feed = Feed()
    feed.publish(venue="sands", kind="left", at=T0)

    for n in range(RECENT_MAX + 1):
        feed.publish(venue="marlton", kind="entered", at=T0, n=n)

    assert [item["n"] for item in feed.recent("marlton")] == list(range(1, RECENT_MAX + 1))
    assert feed.recent("nowhere") == ()
