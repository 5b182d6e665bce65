"""The broker is killed, the hub is killed, while a gateway hears a guest: nothing is lost, nothing is told twice."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from firmware_sim.demo.broker import broker_command
from tests.fakes.ports import free_ports
from tests.fakes.programs import VENUE, Hotel, Program, Programs, a_hotel, programs, until

pytestmark = pytest.mark.timeout(120)

TAG: Final = "ibeacon:5ca1ab1e-0000-4000-8000-00000000c0de:4:2"
OUTAGE_S: Final = 3.0  # three windows of the gateway, and several tries of both sides to reconnect


class House:
    """A broker of its own process, a hub, and a gateway whose radio is a recording that is being written."""

    def __init__(self, run: Programs, folder: Path) -> None:
        self._run = run
        self._folder = folder
        self._port = free_ports(1)[0]
        self.broker = self.start_broker()
        self.hotel: Hotel = a_hotel(run, folder, broker=f"mqtt://127.0.0.1:{self._port}")
        self.hub = self.start_hub()
        self.air = folder / "air.jsonl"
        self.air.touch()
        file = self.hotel.gateway("lobby-1")
        text = file.read_text().replace("mqtt://127.0.0.1:1883", f"mqtt://127.0.0.1:{self._port}")
        file.write_text(text.replace('source = "bluez"', f'source = "replay:{self.air}"'))
        self.gateway = run.start("lobby-1", "innkeeper-gateway", "run", "--config", file)

    def start_broker(self) -> Program:
        return self._run.start("broker", *broker_command(self._folder, self._port))

    def start_hub(self) -> Program:
        return self._run.start("hub", "innkeeper", "hub", "--config", self.hotel.config)

    def stored(self) -> tuple[int, int, int, str]:
        """Of the gateway's spool: upto, batches, lost and the ranges above `upto`."""
        with closing(sqlite3.connect(f"file:{self.hotel.folder}/var/innkeeper.db?mode=ro", uri=True)) as base:
            row: tuple[int, int, int, str] | None = base.execute(
                "SELECT upto, batches, lost, also_json FROM marks WHERE gateway = 'lobby-1'"
            ).fetchone()
            return row or (0, 0, 0, "[]")

    @contextmanager
    def guest_in_lobby(self) -> Iterator[None]:
        """Her tag is heard five times a second, now loud, now less so, that each window has something to tell."""
        gone = threading.Event()

        def beacon() -> None:
            for n in range(10_000):
                line = {"t": time.monotonic(), "gateway": "lobby-1", "tag": TAG, "rssi": -50 - n // 5 % 2 * 8}
                with self.air.open("a") as file:
                    file.write(json.dumps(line) + "\n")
                if gone.wait(0.2):
                    return

        radio = threading.Thread(target=beacon)
        radio.start()
        try:
            yield
        finally:
            gone.set()
            radio.join()

    def grows(self, by: int = 2) -> None:
        """Wait until so many more batches are stored."""
        before = self.stored()[1]
        until(lambda: self.stored()[1] >= before + by, f"{by} more batches after {before}", every_s=0.1)

    def nothing_was_lost(self) -> None:
        """Every batch that the gateway ever made is stored, once, also those that it has to send again."""
        until(self._whole, "no gap in what is stored", every_s=0.1)
        assert self.gateway.stop() == 0
        until(self._whole, "no gap in what is stored", every_s=0.1)  # with what it told last
        assert self.stored()[2] == 0

    def _whole(self) -> bool:
        upto, batches, lost, also = self.stored()
        return 0 < upto == batches + lost and also == "[]"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with programs(tmp_path) as run:
        yield House(run, tmp_path)


def test_broker_is_killed_and_returns(house: House) -> None:
    with house.hotel.api(house.hub) as api:
        api.enrol("rosa", TAG)
        with house.guest_in_lobby():
            until(house.hotel.accepted, "the push")
            house.broker.kill()
            time.sleep(OUTAGE_S)
            house.broker = house.start_broker()
            house.hub.says("Connected to the broker", times=2)
            house.gateway.says("Connected to the broker", times=2)
            house.grows()
        time.sleep(1.5)  # the last window is told and confirmed
        house.nothing_was_lost()

    assert house.hub.stop() == 0
    assert len(house.hotel.accepted()) == 1
    assert len(house.hub.lines("the connection is lost")) == 1
    assert len(house.hub.lines("unreachable")) <= 1
    assert len(house.gateway.lines("The broker has gone")) == 1
    assert len(house.gateway.lines("No broker")) <= 2  # before the hub's broker stood, and in the outage


def test_hub_is_killed_between_batches_and_the_guest_gets_no_second_message(house: House) -> None:
    with house.hotel.api(house.hub) as api:
        api.enrol("rosa", TAG)
        with house.guest_in_lobby():
            until(lambda: api.get("messages", state="SENT")["items"], "the push to be sent")
            house.hub.kill()
            time.sleep(OUTAGE_S)
            house.hub = house.start_hub()
            house.hub.says("Connected to the broker", times=2)
            house.grows()
            messages = api.get("messages")["items"]
            visits = api.get(f"presence/{VENUE}")["guests"]
        time.sleep(1.5)
        house.nothing_was_lost()

    assert house.hub.stop() == 0
    assert [(one["message"], one["state"]) for one in messages] == [("room-rates", "SENT")]
    assert [one["zone"] for one in visits] == ["lobby"]
    assert len(house.hotel.accepted()) == 1
    assert house.hub.lines("Traceback") == []
