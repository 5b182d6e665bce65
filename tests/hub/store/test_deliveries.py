"""A dead letter is tried again when a person says so, and a doubt only when she accepts that it may come twice.

Whether it may go is for `ask` to say (tests/rules/test_once_more.py).
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.errors import BadRequest, NotFound
from hub.outbox.by_hand import AskOnceMore, TriedAgain, asking
from hub.outbox.message import State
from hub.outbox.retry import MAX_ATTEMPTS
from hub.store.box import BoxStore
from hub.store.deliveries import DeliveryStore
from hub.store.facts import facts_of
from hub.store.posting import put_message
from hub.store.sqlite import Store
from rules.decision import Reason
from rules.facts import Facts, Planned
from rules.gate import Hold, Refusal
from tests.fakes.arrivals import know_ana
from tests.fakes.hub_clock import T0
from tests.fakes.planned import a_planned
from tests.fakes.store import a_store

MINUTE = timedelta(minutes=1)


async def a_message(store: Store, state: State, *, attempts: int = 0) -> None:
    await know_ana(store, member=True)
    await store.write(lambda c: put_message(c, a_planned(), T0))
    await store.write(lambda c: c.execute("UPDATE messages SET state = ?, attempts = ?", (state, attempts)))


async def retry(
    store: Store,
    message: str = "m1",
    *,
    accept: bool = False,
    now: datetime = T0,
    ask: AskOnceMore = lambda _planned, _facts: None,
) -> TriedAgain:
    deliveries = DeliveryStore(store, timezone_of=lambda _: UTC)
    return await deliveries.retry(message, accept_duplicate=accept, now=now, ask=ask)


async def facts(store: Store, at: datetime) -> Facts:
    found = await store.read(lambda c: facts_of(c, venue="marlton", guest="ana", at=at, timezone=UTC))
    assert found is not None
    return found


async def test_a_dead_letter_has_all_its_attempts_again(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, State.DEAD, attempts=MAX_ATTEMPTS)
        again = await retry(store, now=T0 + MINUTE)
        box = BoxStore(store, timezone_of=lambda _: UTC)
        [claimed] = await box.claim(now=T0 + MINUTE, lease_until=T0 + 2 * MINUTE, token="t1", limit=1)

    assert again == TriedAgain(was=State.DEAD, held=None)
    assert claimed.attempts == 0


async def test_a_doubt_is_refused_until_a_second_one_is_accepted(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, State.UNKNOWN)
        with pytest.raises(BadRequest, match="--accept-duplicate"):
            await retry(store)

        assert (await retry(store, accept=True)).was is State.UNKNOWN


async def test_a_dead_letter_that_was_once_in_doubt_is_refused_as_a_doubt_is(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, State.DEAD, attempts=2)
        attempt = (
            "INSERT INTO attempts (message, n, channel, provider, started_us, outcome) VALUES ('m1', ?, ?, ?, 0, ?)"
        )
        for row in ((1, "sms", "webhook.sms", "doubt"), (2, "sms", "webhook.sms", "content")):
            await store.write(lambda c, row=row: c.execute(attempt, row))
        with pytest.raises(BadRequest, match="found DEAD, possibly delivered"):
            await retry(store)

        assert (await retry(store, accept=True)).was is State.DEAD


async def test_a_doubt_is_asked_about_its_own_channel_alone_and_a_dead_letter_about_all_that_are_left(
    tmp_path: Path,
) -> None:
    doubt, dead = set[tuple[str, ...]](), set[tuple[str, ...]]()
    async with a_store(tmp_path) as store:
        await a_message(store, State.UNKNOWN)
        await retry(store, accept=True, ask=lambda planned, _: doubt.add(planned.channels))
        await store.write(lambda c: c.execute("UPDATE messages SET state = 'DEAD', resent = 0"))
        await retry(store, ask=lambda planned, _: dead.add(planned.channels))

    assert (doubt, dead) == ({("push",)}, {("push", "email")})


@pytest.mark.parametrize("state", sorted(set(State) - {State.DEAD, State.UNKNOWN}))
async def test_nothing_else_is_tried_again(tmp_path: Path, state: State) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, state)

        with pytest.raises(BadRequest, match=f"found {state}; right would be one that is DEAD or UNKNOWN"):
            await retry(store, accept=True)


async def test_what_is_not_worth_sending_any_more_is_not_sent_by_hand_either(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, State.DEAD)

        with pytest.raises(BadRequest, match="not worth sending since 2026-01-05T09:15:00"):
            await retry(store, now=T0 + 15 * MINUTE)


async def test_a_message_that_nobody_knows_is_not_found(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        with pytest.raises(NotFound):
            await retry(store, "m9")


@pytest.mark.parametrize(("state", "accept"), [(State.DEAD, False), (State.UNKNOWN, True)])
async def test_what_may_not_go_by_now_stays_as_it_was_and_says_why(
    tmp_path: Path, state: State, *, accept: bool
) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, state, attempts=1)
        before = await store.read(lambda c: [tuple(row) for row in c.execute("SELECT * FROM messages, guests")])
        with pytest.raises(BadRequest, match="found one that may not go: too soon; right would be one that may"):
            await retry(store, accept=accept, ask=lambda *_: Refusal(reason=Reason.GUARD, text="too soon"))
        after = await store.read(lambda c: [tuple(row) for row in c.execute("SELECT * FROM messages, guests")])

    assert after == before


async def test_it_is_asked_about_on_her_facts_and_on_the_channels_that_are_left(tmp_path: Path) -> None:
    told: list[tuple[Planned, Facts]] = []

    def ask(planned: Planned, known: Facts) -> Hold:
        told.append((planned, known))
        return Hold(until=T0 + MINUTE, text="quiet hours until 08:00")

    async with a_store(tmp_path) as store:
        await a_message(store, State.DEAD)
        await store.write(lambda c: c.execute("UPDATE messages SET channel_at = 1"))
        expected = await facts(store, T0)
        again = await retry(store, ask=ask)

    assert again.held == "quiet hours until 08:00"
    assert told[-1] == (a_planned(channels=("email",)), expected)


async def test_it_counts_from_now_on_and_whoever_decided_on_what_was_before_decides_anew(tmp_path: Path) -> None:
    later = T0 + 10 * MINUTE
    async with a_store(tmp_path) as store:
        await a_message(store, State.DEAD)
        before = await facts(store, later)
        await retry(store, now=later)
        after = await facts(store, later)

    [dead], [waits] = before.past, after.past
    assert (dead.counts, waits.counts) == (False, True)
    assert (waits.at, waits.decided) == (later, T0)
    assert after.version > before.version


async def test_of_two_that_failed_the_second_is_asked_about_with_the_first_on_its_way(tmp_path: Path) -> None:
    def alone(planned: Planned, known: Facts) -> Refusal | None:
        others = [each for each in known.past if each.counts and each.id != planned.id]
        return Refusal(reason=Reason.GUARD, text="messaged") if others else None

    async with a_store(tmp_path) as store:
        await a_message(store, State.DEAD)
        await store.write(lambda c: put_message(c, a_planned("m2"), T0))
        await store.write(lambda c: c.execute("UPDATE messages SET state = 'DEAD'"))
        found = await asyncio.gather(
            retry(store, "m1", ask=alone), retry(store, "m2", ask=alone), return_exceptions=True
        )

    assert [type(each) for each in found] == [TriedAgain, BadRequest]


async def test_a_message_of_somebody_who_was_erased_is_nobodys(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, State.DEAD)
        await store.write(lambda c: c.execute("DELETE FROM guests"))

        with pytest.raises(BadRequest, match="found one whose guest was erased"):
            await retry(store)


async def test_a_message_of_a_venue_without_a_file_may_not_go(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, State.DEAD)

        with pytest.raises(BadRequest, match="its venue was taken away"):
            await retry(store, ask=asking(lambda _: None, T0))


@pytest.mark.parametrize(("first", "counts"), [(State.UNKNOWN, True), (State.DEAD, False)])
@pytest.mark.parametrize("then", [State.SUPPRESSED, State.EXPIRED, State.DEAD, State.CANCELLED])
async def test_what_was_in_doubt_counts_however_its_second_try_ends(
    tmp_path: Path, first: State, then: State, *, counts: bool
) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, first)
        await retry(store, accept=True)
        await store.write(lambda c: c.execute("UPDATE messages SET state = ?", (then,)))

        [past] = (await facts(store, T0)).past

    assert past.counts is counts


async def test_a_doubt_without_an_attempt_that_says_so_is_one_at_every_try(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_message(store, State.UNKNOWN)  # as a restore leaves it
        await retry(store, accept=True)
        await store.write(lambda c: c.execute("UPDATE messages SET state = 'DEAD'"))
        with pytest.raises(BadRequest, match="found DEAD, possibly delivered"):
            await retry(store)

        asked = set[tuple[str, ...]]()
        await retry(store, accept=True, ask=lambda planned, _: asked.add(planned.channels))
        await store.write(lambda c: c.execute("UPDATE messages SET state = 'DEAD'"))
        [past] = (await facts(store, T0)).past

    assert asked == {("push",)}
    assert past.counts
