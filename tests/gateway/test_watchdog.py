"""Never alive and deaf: a scanner that dies or falls silent is opened anew, a quiet venue is left in peace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway import watchdog
from gateway.watchdog import LAST_PAUSE_S, MAX_PATIENCE_S, Watch, patience_s, pause_s
from tests.fakes.radio import FakeRadio, an_advert
from wire.advert.advertisement import Advertisement

TAG = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"


class Guard:
    """A watch over a radio, and what it let through and reported."""

    def __init__(self, radio: FakeRadio) -> None:
        self.radio = radio
        self.heard: list[Advertisement] = []
        self.reports: list[tuple[str, str, str]] = []
        self.watch = Watch("hci0", radio, lambda adv, _: self.heard.append(adv), report=self._report)

    def _report(self, adapter: str, mode: str, note: str) -> None:
        self.reports.append((adapter, mode, note))

    @asynccontextmanager
    async def on_duty(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.watch.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def sees(self, openings: int) -> None:
        async with asyncio.timeout(5):
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


def test_patience_grows_with_silence_and_ends() -> None:
    assert [patience_s(60.0, silences) for silences in (0, 1, 2, 9, 99)] == [60.0, 120.0, 240.0, 600.0, MAX_PATIENCE_S]
    assert patience_s(None, 3) is None


def test_pauses_stay_below_the_ten_seconds_that_we_promise() -> None:
    assert max(pause_s(failures) for failures in range(100)) == LAST_PAUSE_S < 10
