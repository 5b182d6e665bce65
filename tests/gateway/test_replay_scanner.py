"""A recording in place of a radio: in real time, for this gateway alone, and followed while it grows."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gateway import clock
from gateway.errors import ScannerUnavailable
from gateway.replay_scanner import ReplayScanner, read_line
from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.errors import Malformed
from wire.tag import frame_of

TAG = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"


def a_line(t: float, *, gateway: str = "lobby-1", tag: str = TAG, rssi: float = -60) -> str:
    return json.dumps({"t": t, "gateway": gateway, "tag": tag, "rssi": rssi}) + "\n"


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[Advertisement, float]] = []
        self._more = asyncio.Event()

    def __call__(self, adv: Advertisement, now: float) -> None:
        self.heard.append((adv, now))
        self._more.set()

    async def hears(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.heard) < count:
                self._more.clear()
                await self._more.wait()


def a_scanner(file: Path) -> ReplayScanner:
    return ReplayScanner(file, "lobby-1", now=clock.monotonic)


async def test_plays_this_gateways_lines_in_their_own_time(tmp_path: Path) -> None:
    file = tmp_path / "rec.jsonl"
    file.write_text(a_line(50.0) + a_line(50.1, gateway="bar-1") + a_line(50.2, rssi=-71))
    ear = Ear()

    async with a_scanner(file).listen(ear) as listening:
        await ear.hears(2)

    assert listening.mode == "replay"
    assert [formats.decode(adv) for adv, _ in ear.heard] == [frame_of(TAG)] * 2
    assert [adv.rssi_dbm for adv, _ in ear.heard] == [-60, -71]
    assert 0.19 <= ear.heard[1][1] - ear.heard[0][1] <= 0.6


async def test_follows_a_file_that_another_program_writes(tmp_path: Path) -> None:
    file = tmp_path / "rec.jsonl"
    file.touch()
    ear = Ear()

    async with a_scanner(file).listen(ear):
        with file.open("a") as growing:
            growing.write(a_line(0.0)[:20])
            growing.flush()
            await asyncio.sleep(0.05)
            growing.write(a_line(0.0)[20:] + a_line(0.0, rssi=-61))
            growing.flush()
            await ear.hears(2)

    assert [adv.rssi_dbm for adv, _ in ear.heard] == [-60, -61]


async def test_passes_over_lines_that_cannot_be_read_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "rec.jsonl"
    file.write_text("\n{\nnull\n" + a_line(0.0, tag="nonsense") + a_line(0.0))
    ear = Ear()

    async with a_scanner(file).listen(ear):
        await ear.hears(1)

    assert len(caplog.records) == 1


async def test_a_recording_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(ScannerUnavailable, match="right would be a recording"):
        async with a_scanner(tmp_path / "gone").listen(Ear()):
            pass


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'"t"',
        b"[" * 100_000,
        b'{"t":0,"gateway":"g","tag":"x"}',
        b'{"t":"0","gateway":"g","tag":"x","rssi":-60}',
        b'{"t":NaN,"gateway":"g","tag":"x","rssi":-60}',
        b'{"t":1e11,"gateway":"g","tag":"x","rssi":-60}',
        b'{"t":0,"gateway":1,"tag":"x","rssi":-60}',
        b'{"t":0,"gateway":"g","tag":"x","rssi":-127}',
        b'{"t":0,"gateway":"g","tag":"x","rssi":true}',
    ],
)
def test_a_line_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(Malformed, match="recording: found"):
        read_line(text)


def test_a_labelled_line_is_a_line() -> None:
    assert read_line(b'{"t":1,"gateway":"g","tag":"x","rssi":-60.4,"zone":"lobby"}') == (1.0, "g", "x", -60)
