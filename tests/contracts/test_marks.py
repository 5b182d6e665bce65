"""What every keeper of marks must do: the fake, and SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.ingest.marks import MAX_EPOCHS, Mark, MarkBook, MarkKey
from hub.ingest.port import Marks
from hub.store.marks import MarkStore
from tests.fakes.marks import FakeMarks
from tests.fakes.store import STORES

T0 = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOBBY = MarkKey("marlton", "lobby-1", "e1", 0)
BAR = MarkKey("marlton", "bar-1", "e1", 0)


@pytest.fixture(params=["fake", *STORES])
async def marks(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Marks]:
    if request.param == "fake":
        yield FakeMarks()
        return
    async with STORES[request.param](tmp_path) as store:
        yield MarkStore(store)


async def test_new_keeper_holds_nothing(marks: Marks) -> None:
    assert list(await marks.load()) == []


async def test_mark_comes_back_as_it_was_kept(marks: Marks) -> None:
    mark = Mark(key=LOBBY, upto=812, also=((900, 934), (940, 940)), batches=848, rows=9000, lost=3)

    await marks.store([mark], T0)

    assert list(await marks.load()) == [mark]


async def test_later_mark_takes_the_place_of_the_earlier_and_the_order(marks: Marks) -> None:
    await marks.store([Mark(key=LOBBY, upto=1)], T0)
    await marks.store([Mark(key=BAR, upto=1)], T0 + timedelta(seconds=1))

    await marks.store([Mark(key=LOBBY, upto=2)], T0 + timedelta(seconds=2))

    assert [(mark.key, mark.upto) for mark in await marks.load()] == [(BAR, 1), (LOBBY, 2)]


async def test_storing_nothing_is_nothing(marks: Marks) -> None:
    await marks.store([], T0)

    assert list(await marks.load()) == []


async def test_epochs_of_one_gateway_are_bounded_and_the_newest_stay(marks: Marks) -> None:
    await marks.store([Mark(key=BAR, upto=1)], T0)
    for number in range(MAX_EPOCHS + 5):
        key = LOBBY._replace(epoch=f"e{number}")
        await marks.store([Mark(key=key, upto=1)], T0 + timedelta(seconds=number))

    kept = [mark.key for mark in await marks.load()]

    assert kept[0] == BAR
    assert [key.epoch for key in kept[1:]] == [f"e{number}" for number in range(5, MAX_EPOCHS + 5)]


async def test_book_that_is_restored_knows_what_was_stored(marks: Marks) -> None:
    book = MarkBook()
    for seq in (1, 2, 5):
        book.note(LOBBY, seq=seq, low=1, rows=1)
    await marks.store(book.take(), T0)

    later = MarkBook()
    later.restore(await marks.load())

    assert [later.note(LOBBY, seq=seq, low=1, rows=1).fresh for seq in range(1, 7)] == [
        False,
        False,
        True,
        True,
        False,
        True,
    ]
