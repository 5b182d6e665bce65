"""P21: 1970, days ahead or back, summer time: no second message in 24 hours of true time, and none in quiet hours."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from hub.store.schema import migrate
from hub.store.sqlite import open_migrated
from tests.fakes.arrivals import know_ana
from tests.soak.site import ROOT

pytestmark = pytest.mark.needs("faketime")

DAY: Final = timedelta(days=1)
NOON: Final = 12
NIGHT_ENDS: Final = time_of_day(8)  # in the hotel


@dataclass
class Hub:
    """One start of a hub, and the wall clock that it sees."""

    process: asyncio.subprocess.Process
    offset: Path

    async def says(self, command: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{command}\n".encode())
        await self.process.stdin.drain()
        while True:
            line = (await self.process.stdout.readline()).decode().strip()
            if not line[:2].isdigit() or line.isdigit():  # its log begins with the year
                return line

    async def sent(self, expected: int = 0) -> int:
        """How many were; one that is expected is waited for, one that is not gets its time to come."""
        await self.says("held")  # wakes it
        until = time.monotonic() + (10 if expected else 0.5)
        while (sent := int(await self.says("sent"))) != (expected or -1) and time.monotonic() < until:  # noqa: ASYNC110  another process
            await asyncio.sleep(0.05)
        return sent


def to_noon() -> timedelta:
    """What makes it noon now, whenever the test runs."""
    now = datetime.now(UTC)
    return now.replace(hour=NOON, minute=0, second=0) - now


def set_wall(offset: Path, span: timedelta) -> None:
    new = offset.with_suffix(".new")
    new.write_text(f"{span.total_seconds():+.0f}\n")
    new.replace(offset)


@asynccontextmanager
async def a_hub(database: Path, offset: Path, boot: str, *, machine: str = "") -> AsyncIterator[Hub]:
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))  # noqa: ASYNC240  once
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.soak.clock_program", str(database), boot, machine or "-",
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        },
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        hub = Hub(process, offset)
        await hub.says("held")
        yield hub
    finally:
        process.kill()
        await process.wait()


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    path = tmp_path / "innkeeper.db"
    await asyncio.to_thread(migrate, path)
    async with open_migrated(path) as store:
        await know_ana(store, member=True)
    return path


@pytest.mark.parametrize("jump", [2 * DAY, -2 * DAY, DAY + timedelta(hours=1), -timedelta(days=20_000)])
async def test_p21_a_jump_brings_no_second_message_then_or_when_the_clock_is_right_again(
    tmp_path: Path, database: Path, jump: timedelta
) -> None:
    offset, noon = tmp_path / "offset", to_noon()
    set_wall(offset, noon)
    async with a_hub(database, offset, "b1") as hub:
        decided = await hub.says("enter first")
        first = await hub.sent(1)
        set_wall(offset, noon + jump)
        held = await hub.says("held")
        second = await hub.says("enter second")
        while_wrong = await hub.sent()
        set_wall(offset, noon)
        right = await hub.says("held")
        await hub.says("enter third")
        after = await hub.sent()

    assert (decided, first) == ("room-rates", 1)
    assert second == "room-rates"  # by the wrong clock there was reason to
    assert held == "clock"
    assert while_wrong == 1
    assert (right, after) == ("no", 1)


async def test_p21_a_machine_that_begins_in_1970_waits_for_the_time_and_greets_nobody_again(
    tmp_path: Path, database: Path
) -> None:
    offset, noon = tmp_path / "offset", to_noon()
    set_wall(offset, noon)
    async with a_hub(database, offset, "b1") as hub:
        await hub.says("enter first")
        first = await hub.sent(1)
    set_wall(offset, timedelta(seconds=10) - (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)))
    async with a_hub(database, offset, "b2", machine="another start") as hub:
        held = await hub.says("held")
        await hub.says("enter second")
        in_1970 = await hub.sent()
        set_wall(offset, noon + timedelta(minutes=2))
        right = await hub.says("held")
        await hub.says("enter third")
        after = await hub.sent()

    assert (first, held, in_1970, right, after) == (1, "clock", 0, "no", 0)


async def test_p21_two_days_ahead_at_noon_that_is_midnight_by_true_time_sends_nothing(
    tmp_path: Path, database: Path
) -> None:
    offset, noon = tmp_path / "offset", to_noon()
    night = noon + timedelta(hours=12)
    set_wall(offset, night)
    async with a_hub(database, offset, "b1") as hub:
        await hub.says("enter first")
        in_the_night = await hub.sent()
        set_wall(offset, night + timedelta(hours=12))  # it says noon
        await hub.says("enter second")
        at_false_noon = await hub.sent()
        set_wall(offset, night)
        back = await hub.sent()

    assert (in_the_night, at_false_noon, back) == (0, 0, 0)


CHANGES = [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]  # of Lisbon's clocks


async def enters_at(database: Path, moment: datetime, name: str, *, sends: int) -> tuple[str, int]:
    """A new start of the machine at a moment: what was decided, and how many were sent."""
    offset = database.with_name("offset")
    set_wall(offset, moment - datetime.now(UTC))
    async with a_hub(database, offset, name, machine=name) as hub:
        return await hub.says(f"enter {name}"), await hub.sent(sends)


@pytest.mark.parametrize("change", CHANGES)
async def test_p21_a_day_in_which_the_clocks_change_has_24_hours_all_the_same(database: Path, change: datetime) -> None:
    noon = change.replace(hour=NOON)

    first = await enters_at(database, noon - DAY, "b1", sends=1)
    early = await enters_at(database, noon - timedelta(minutes=1), "b2", sends=0)
    second = await enters_at(database, noon + timedelta(minutes=1), "b3", sends=1)

    assert (first, early, second) == (("room-rates", 1), ("refused", 0), ("room-rates", 1))


@pytest.mark.parametrize("change", CHANGES)
async def test_p21_the_night_of_a_change_ends_by_the_clock_on_the_wall(database: Path, change: datetime) -> None:
    morning = datetime.combine(change, NIGHT_ENDS, ZoneInfo("Europe/Lisbon")).astimezone(UTC)

    in_the_night = await enters_at(database, morning - timedelta(minutes=10), "b1", sends=0)
    awake = await enters_at(database, morning + timedelta(minutes=1), "b2", sends=1)

    assert in_the_night == ("room-rates", 0)  # held
    assert awake == ("refused", 1)  # released; and she was messaged, so that nothing more is sent
