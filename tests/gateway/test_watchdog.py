"""Never alive and deaf: a scanner that dies or falls silent is opened anew, a quiet venue is left in peace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway import watchdog
from gateway.watchdog import LAST_PAUSE_S, Ear, Told, Watch, pause_s
from tests.fakes.moments import until
from tests.fakes.radio import FakeRadio, an_advert
from wire.advert.advertisement import Advertisement

TAG = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"


class Guard:
    """A watch over a radio, and what it let through and reported."""

    def __init__(self, radio: FakeRadio) -> None:
        self.radio = radio
        self.heard: list[Advertisement] = []
        self.reports: list[tuple[str, str, str]] = []
        self.given_up: list[str] = []
        self.others = False
        told = Told(changed=self._report, give_up=self.given_up.append, others_hear=lambda _: self.others)
        self.watch = Watch("hci0", radio, lambda adv, _: self.heard.append(adv), told=told, now=time.monotonic)

    def _report(self, ear: Ear) -> None:
        self.reports.append((ear.name, ear.mode, ear.note))

    @asynccontextmanager
    async def on_duty(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.watch.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def sees(self, openings: int) -> None:
        async with asyncio.timeout(30):
            while self.radio.openings < openings or not self.radio.is_open:
                self.radio.opened.clear()
                await self.radio.opened.wait()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "FIRST_PAUSE_S", 0.01)


async def test_what_is_heard_goes_through() -> None:
    guard = Guard(FakeRadio())

    async with guard.on_duty():
        await guard.sees(1)
        guard.radio.heard(an_advert(TAG))

    assert guard.heard == [an_advert(TAG)]
    assert guard.reports == [("hci0", "fake", "")]


async def test_a_platform_that_goes_is_listened_to_again() -> None:
    guard = Guard(FakeRadio())

    async with guard.on_duty():
        await guard.sees(1)
        guard.radio.dies()
        await guard.sees(2)
        guard.radio.heard(an_advert(TAG))

    assert len(guard.heard) == 1


async def test_a_scanner_that_falls_silent_is_opened_anew() -> None:
    guard = Guard(FakeRadio(patience_s=0.05))

    async with guard.on_duty():
        await guard.sees(2)


async def test_a_radio_that_is_not_there_is_reported_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    guard = Guard(FakeRadio())
    guard.radio.unavailable = "radio.adapters: found hci0; right would be none that is plugged in"

    async with guard.on_duty():
        await asyncio.sleep(0.1)
        guard.radio.unavailable = ""
        await guard.sees(1)

    assert guard.reports[0] == ("hci0", "none", "radio.adapters: found hci0; right would be none that is plugged in")
    assert guard.reports[-1] == ("hci0", "fake", "")
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


async def test_a_silence_goes_up_the_ladder_and_ends_the_process_where_something_was_heard() -> None:
    guard = Guard(FakeRadio(patience_s=0.05))

    async with guard.on_duty():
        await guard.sees(1)
        for _ in range(5):
            guard.radio.now = time.monotonic()
            guard.radio.heard(an_advert(TAG))
            await asyncio.sleep(0.01)
        await until(lambda: guard.given_up, within_s=20)

    assert guard.radio.power_cycles == 1
    assert guard.watch.ear.restarts == 3
    assert guard.given_up == ["hci0: nothing was heard any more"]


async def test_with_another_adapter_that_hears_the_process_goes_on() -> None:
    guard = Guard(FakeRadio(patience_s=0.02))
    guard.others = True

    async with guard.on_duty():
        await guard.sees(1)
        guard.radio.now = time.monotonic()
        guard.radio.heard(an_advert(TAG))
        await guard.sees(4)

    assert guard.given_up == []


async def test_an_adapter_that_stays_away_ends_the_process_after_twenty_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watchdog, "GIVE_UP_S", 0.05)
    monkeypatch.setattr(watchdog, "LAST_PAUSE_S", 0.02)
    guard = Guard(FakeRadio())
    guard.radio.unavailable = "radio.adapters: found hci0; right would be one that is plugged in"

    async with guard.on_duty():
        await until(lambda: guard.given_up)

    assert guard.given_up[0].startswith("hci0: radio.adapters: found hci0")


async def test_it_is_well_when_it_hears_or_the_platform_says_that_it_scans() -> None:
    guard = Guard(FakeRadio())
    guard.radio.ailing = "hci0: BlueZ does not scan"

    async with guard.on_duty():
        await guard.sees(1)
        before = await guard.watch.well()
        guard.radio.now = time.monotonic()
        guard.radio.heard(an_advert(TAG))
        after = await guard.watch.well()

    assert (before, after) == ("hci0: BlueZ does not scan", "")


async def test_the_time_of_listening_is_counted() -> None:
    guard = Guard(FakeRadio())

    async with guard.on_duty():
        await guard.sees(1)
        await asyncio.sleep(0.05)
        listened = guard.watch.ear.listening_s(time.monotonic())

    assert 0.04 < listened < 5


def test_pauses_stay_below_the_ten_seconds_that_we_promise() -> None:
    assert max(pause_s(failures) for failures in range(100)) == LAST_PAUSE_S < 10
