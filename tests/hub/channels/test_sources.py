"""A venue's sources: a table, or an address that answers, answers late, answers rubbish, or does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx2
import pytest

from hub.channels import sources as page
from hub.channels.sources import MOST_BYTES, PAUSE, Sources, open_sources
from rules.venue import Source
from tests.fakes.hub_clock import StillClock

RATE = Source(name="rate", table={"tonight": 189}, url="https://rates.example/tonight", ttl=timedelta(minutes=5))
MINUTE = timedelta(minutes=1)
Answer = Callable[[httpx2.Request], Awaitable[httpx2.Response]]


class Address:
    """What stands at the address."""

    def __init__(self, answer: httpx2.Response | Exception, *, after_s: float = 0) -> None:
        self.answer = answer
        self.after_s = after_s
        self.asked = 0

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        del request
        self.asked += 1
        await asyncio.sleep(self.after_s)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def says(text: str, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, text=text)


@asynccontextmanager
async def asking(address: Address, clock: StillClock) -> AsyncIterator[Sources]:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(address), timeout=None) as client:
        sources = Sources(client, clock)
        yield sources
        await sources.close()


async def test_a_table_is_what_the_file_says_and_never_stale() -> None:
    async with open_sources(StillClock()) as sources:
        values = await sources.values("marlton", Source(name="rate", table={"tonight": 189}))

    assert values == {"tonight": 189, "stale": False}


async def test_an_address_is_asked_once_and_kept_for_as_long_as_the_file_says() -> None:
    clock, address = StillClock(), Address(says('{"tonight": 175, "more": "left out"}'))
    async with asking(address, clock) as sources:
        first = await sources.values("marlton", RATE)
        clock.pass_(4 * MINUTE)
        second = await sources.values("marlton", RATE)
        clock.pass_(1 * MINUTE)
        await sources.values("marlton", RATE)

    assert first == second == {"tonight": 175, "stale": False}
    assert address.asked == 2


async def test_what_is_known_and_fresh_is_there_at_once_and_nobody_is_asked_for_it() -> None:
    clock, address = StillClock(), Address(says('{"tonight": 175}'))
    table = Source(name="rate", table={"tonight": 189})
    async with asking(address, clock) as sources:
        of_the_file, before = sources.at_once("marlton", table), sources.at_once("marlton", RATE)
        await sources.values("marlton", RATE)
        fresh, elsewhere = sources.at_once("marlton", RATE), sources.at_once("astoria", RATE)
        clock.pass_(5 * MINUTE)
        over = sources.at_once("marlton", RATE)

    assert of_the_file == {"tonight": 189, "stale": False}
    assert fresh == {"tonight": 175, "stale": False}
    assert (before, elsewhere, over) == (None, None, None)
    assert address.asked == 1


async def test_many_messages_at_once_ask_once() -> None:
    address = Address(says('{"tonight": 175}'), after_s=0.01)
    async with asking(address, StillClock()) as sources:
        found = await asyncio.gather(*(sources.values("marlton", RATE) for _ in range(50)))

    assert {values["tonight"] for values in found} == {175}
    assert address.asked == 1


@pytest.mark.parametrize(
    "answer",
    [
        says("no such thing", 404),
        says("not json"),
        says('{"tonight": "cheap"}'),
        says("{}"),
        says("[" * 100_000),
        says(" " * (MOST_BYTES + 1) + '{"tonight": 1}'),
        httpx2.Response(302, headers={"location": "http://169.254.169.254/"}),
        httpx2.ConnectError("refused"),
    ],
)
async def test_who_answers_wrong_is_as_who_does_not_and_is_left_alone_for_a_while(
    answer: httpx2.Response | Exception,
) -> None:
    clock, address = StillClock(), Address(answer)
    async with asking(address, clock) as sources:
        first = await sources.values("marlton", RATE)
        second = await sources.values("marlton", RATE)
        asked = address.asked
        clock.pass_(PAUSE)
        address.answer = says('{"tonight": 175}')
        later = await sources.values("marlton", RATE)

    assert first == second == {"tonight": 189, "stale": True}
    assert asked == 1
    assert later == {"tonight": 175, "stale": False}


async def test_what_was_last_answered_goes_on_with_a_mark() -> None:
    clock, address = StillClock(), Address(says('{"tonight": 175}'))
    async with asking(address, clock) as sources:
        await sources.values("marlton", RATE)
        clock.pass_(6 * MINUTE)
        address.answer = httpx2.ConnectError("refused")
        values = await sources.values("marlton", RATE)

    assert values == {"tonight": 175, "stale": True}


async def test_a_text_does_not_wait_for_who_is_slow_and_the_next_one_has_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page, "WAIT", timedelta(milliseconds=5))
    address = Address(says('{"tonight": 175}'), after_s=0.05)
    async with asking(address, StillClock()) as sources:
        first = await sources.values("marlton", RATE)
        await asyncio.sleep(0.1)
        second = await sources.values("marlton", RATE)

    assert first == {"tonight": 189, "stale": True}
    assert second == {"tonight": 175, "stale": False}
    assert address.asked == 1


async def test_two_venues_ask_for_themselves() -> None:
    address = Address(says('{"tonight": 175}'))
    async with asking(address, StillClock()) as sources:
        await sources.values("marlton", RATE)
        await sources.values("sands", RATE)

    assert address.asked == 2
