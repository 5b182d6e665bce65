"""A dead letter is tried again when a person says so, and a doubt only when she accepts that it may come twice."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import pytest

from hub.errors import BadRequest, NotFound
from hub.outbox.message import State
from hub.outbox.retry import MAX_ATTEMPTS
from hub.store.box import BoxStore
from hub.store.deliveries import DeliveryStore
from hub.store.posting import put_message
from hub.store.sqlite import Store
from tests.fakes.hub_clock import T0
from tests.fakes.planned import a_planned
from tests.fakes.store import a_store

MINUTE = timedelta(minutes=1)


async def a_message(store: Store, state: State, *, attempts: int = 0) -> None:
    await store.write(lambda c: put_message(c, a_planned(), T0))
    await store.write(lambda c: c.execute("UPDATE messages SET state = ?, attempts = ?", (state, attempts)))


async def test_a_dead_letter_has_all_its_attempts_again(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, State.DEAD, attempts=MAX_ATTEMPTS)
        was = await DeliveryStore(store).retry("m1", accept_duplicate=False, now=T0 + MINUTE)
        box = BoxStore(store, timezone_of=lambda _: UTC)
        [claimed] = await box.claim(now=T0 + MINUTE, lease_until=T0 + 2 * MINUTE, token="t1", limit=1)

    assert was is State.DEAD
    assert claimed.attempts == 0


async def test_a_doubt_is_refused_until_a_second_one_is_accepted(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, State.UNKNOWN)
        with pytest.raises(BadRequest, match="--accept-duplicate"):
            await DeliveryStore(store).retry("m1", accept_duplicate=False, now=T0)

        assert await DeliveryStore(store).retry("m1", accept_duplicate=True, now=T0) is State.UNKNOWN


async def test_a_dead_letter_that_was_once_in_doubt_is_refused_as_a_doubt_is(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, State.DEAD, attempts=2)
        attempt = (
            "INSERT INTO attempts (message, n, channel, provider, started_us, outcome) VALUES ('m1', ?, ?, ?, 0, ?)"
        )
        for row in ((1, "sms", "webhook.sms", "doubt"), (2, "sms", "webhook.sms", "content")):
            await store.write(lambda c, row=row: c.execute(attempt, row))
        with pytest.raises(BadRequest, match="found DEAD, possibly delivered"):
            await DeliveryStore(store).retry("m1", accept_duplicate=False, now=T0)

        assert await DeliveryStore(store).retry("m1", accept_duplicate=True, now=T0) is State.DEAD


@pytest.mark.parametrize("state", sorted(set(State) - {State.DEAD, State.UNKNOWN}))
async def test_nothing_else_is_tried_again(tmp_path: Path, state: State) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, state)

        with pytest.raises(BadRequest, match=f"found {state}; right would be one that is DEAD or UNKNOWN"):
            await DeliveryStore(store).retry("m1", accept_duplicate=True, now=T0)


async def test_what_is_not_worth_sending_any_more_is_not_sent_by_hand_either(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, State.DEAD)

        with pytest.raises(BadRequest, match="not worth sending since 2026-01-05T09:15:00"):
            await DeliveryStore(store).retry("m1", accept_duplicate=False, now=T0 + 15 * MINUTE)


async def test_a_message_that_nobody_knows_is_not_found(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        with pytest.raises(NotFound):
            await DeliveryStore(store).retry("m9", accept_duplicate=False, now=T0)
