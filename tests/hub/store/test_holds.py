"""Journeys that are held back, and what stopping one takes back."""

from __future__ import annotations

from pathlib import Path

from hub.journeys.holds import ALL, Held, Hold, holding
from hub.outbox.message import State
from hub.store.holds import HoldStore
from hub.store.posting import put_message
from tests.fakes.hub_clock import T0
from tests.fakes.planned import a_planned
from tests.fakes.rulebook import a_rulebook
from tests.fakes.store import a_store, rows_of


async def test_what_is_held_back_is_there_after_a_restart_until_it_is_let_go(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await HoldStore(store).hold("marlton", "welcome", Hold.PAUSED, now=T0)
        await HoldStore(store).hold("marlton", "welcome", Hold.STOPPED, now=T0)
        await HoldStore(store).hold("sands", "welcome", Hold.DRAINING, now=T0)
    async with a_store(tmp_path) as store:
        holds = HoldStore(store)
        held = list(await holds.held())
        let_go = [await holds.release("marlton", "welcome"), await holds.release("marlton", "welcome")]

        assert held == [
            Held(venue="marlton", journey="welcome", hold=Hold.STOPPED, since=T0),
            Held(venue="sands", journey="welcome", hold=Hold.DRAINING, since=T0),
        ]
        assert let_go == [True, False]
        assert [one.venue for one in await holds.held()] == ["sands"]


async def test_to_let_everything_go_lets_each_go(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        holds = HoldStore(store)
        await holds.hold("marlton", "welcome", Hold.PAUSED, now=T0)
        await holds.hold("marlton", ALL, Hold.PAUSED, now=T0)

        await holds.release("marlton", ALL)

        assert await holds.held() == []


async def test_stopping_takes_back_what_has_not_left_of_this_journey_alone(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for name in ("waits", "on-its-way"):
            await store.write(lambda c, name=name: put_message(c, a_planned(name), T0))
        await store.write(lambda c: c.execute("UPDATE messages SET state = 'SENDING' WHERE id = 'on-its-way'"))
        holds = HoldStore(store)

        taken_back = [
            await holds.take_back("sands", ALL, now=T0),
            await holds.take_back("marlton", "other", now=T0),
            await holds.take_back("marlton", "welcome", now=T0),
        ]

    assert taken_back == [0, 0, 1]
    states = rows_of(tmp_path / "innkeeper.db", "SELECT id, state, reason FROM messages ORDER BY id DESC")
    assert states == [("waits", State.CANCELLED, "stopped"), ("on-its-way", State.SENDING, None)]


def test_the_rules_know_who_is_held_back_and_forget_it() -> None:
    books = {"marlton": a_rulebook(), "sands": a_rulebook()}

    paused = holding(books, [Held(venue="marlton", journey="welcome", hold=Hold.PAUSED, since=T0)])
    stopped = holding(paused, [Held(venue="marlton", journey=ALL, hold=Hold.STOPPED, since=T0)])
    free = holding(stopped, [])

    assert (paused["marlton"].paused, paused["marlton"].draining) == ({"welcome"}, frozenset())
    assert (stopped["marlton"].paused, stopped["marlton"].draining) == (frozenset(), {"welcome"})
    assert paused["sands"] is books["sands"]
    assert (free["marlton"].paused, free["marlton"].draining) == (frozenset(), frozenset())
