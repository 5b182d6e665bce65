"""Other venue files, while the hub runs: taken whole, or what was in force stays."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.app.books import Books
from hub.app.enrolling import Enrolling
from hub.app.reloading import Reloading
from hub.app.trackers import Trackers
from hub.errors import StoreFailed
from hub.journeys.rulebooks import Rulebooks
from hub.presence.transition import Transition
from tests.fakes.broker import RunningBroker, running_broker
from tests.fakes.hub_clock import T0
from tests.fakes.running_hub import VENUE, RunningHub, a_hub, lay_out, until


@pytest.fixture(scope="module")
def broker() -> Iterator[RunningBroker]:
    with running_broker() as broker:
        yield broker


def hup() -> None:
    os.kill(os.getpid(), signal.SIGHUP)


def venue_file(hub: RunningHub) -> Path:
    return hub.config.hub.venues_dir / VENUE / "venue.yaml"


async def test_sighup_puts_other_venue_files_in_force(tmp_path: Path, broker: RunningBroker) -> None:
    config = lay_out(tmp_path, broker_port=broker.port)
    with capture_logs() as said:
        async with a_hub(config, broker_port=broker.port) as hub:
            await hub.signs_in()
            file = venue_file(hub)
            file.write_text(file.read_text().replace("gateways: [lobby-1]", "gateways: [lobby-1, lobby-2]"))
            hup()
            await until(lambda: hub.told("lobby-2"), "the new gateway to be told")
            gateways = {one["gateway"]: one["zone"] for one in (await hub.get("gateways"))["items"]}

    assert gateways["lobby-2"] == "lobby"
    assert {"event": "The venue files are in force", "venues": [VENUE], "log_level": "info"} in said


async def test_p22_sighup_with_a_broken_file_keeps_what_was_in_force_and_says_where(tmp_path: Path) -> None:
    config = lay_out(tmp_path)
    with capture_logs() as said:
        async with a_hub(config, ready=False) as hub:
            await hub.signs_in()
            file = venue_file(hub)
            good = file.read_text()
            file.write_text(good.replace("languages: [en, pt]", "langages: [en, pt]"))
            hup()
            await until(lambda: any(line["log_level"] == "error" for line in said))
            kept = {one["gateway"] for one in (await hub.get("gateways"))["items"]}
            file.write_text(good)
            hup()
            await until(lambda: any("in force" in line["event"] and "venues" in line for line in said))

    [fault, *_] = [line["fault"] for line in said if line["log_level"] == "error"]
    assert fault.startswith(f"{file}:5:1: ")
    assert "langages" in fault
    assert "lobby-1" in kept


async def test_sighup_while_the_disk_is_full_keeps_the_hub_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise StoreFailed("store: database or disk is full")

    config = lay_out(tmp_path)
    with capture_logs() as said:
        async with a_hub(config, ready=False) as hub:
            monkeypatch.setattr(Reloading, "take", refuse)
            hup()
            await until(lambda: any(line["log_level"] == "error" for line in said))
            alive = await hub.status("/healthz")

    assert alive == 200


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("floorplan.yaml", b"floors: {}\nrooms: []  # caf\xe9\n", ":2:1: found byte 0xe9 at offset "),
        ("survey.json", b"[" * 200_000, ":1:1: found no survey; right would be what"),
        ("journeys/welcome.yaml", b"journey: welcome\nstart: enter loby\n", ":2:14: unknown zone 'loby'"),
    ],
)
async def test_p22_whatever_stands_in_a_file_of_the_set_the_hub_stays(
    tmp_path: Path, name: str, content: bytes, fault: str
) -> None:
    config = lay_out(tmp_path)
    with capture_logs() as said:
        async with a_hub(config, ready=False) as hub:
            file = config.hub.venues_dir / VENUE / name
            file.write_bytes(content)
            hup()
            await until(lambda: any(line["log_level"] == "error" for line in said))
            alive = await hub.status("/healthz")

    faults = [line["fault"] for line in said if line["log_level"] == "error"]
    assert any(line.startswith(f"{file}{fault}") for line in faults)
    assert alive == 200


async def test_p22_a_fault_of_our_own_while_reloading_leaves_what_was_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trip(*_: object) -> None:
        raise KeyError("ours")

    config = lay_out(tmp_path)
    with capture_logs() as said:
        async with a_hub(config, ready=False) as hub:
            monkeypatch.setattr("hub.app.reloading.read_books", trip)
            hup()
            await until(lambda: any(line["log_level"] == "error" for line in said))
            alive = await hub.status("/healthz")

    [line] = [line for line in said if line["log_level"] == "error"]
    assert line["event"] == "The venue files cannot be taken; what was in force stays"
    assert line["fault"].startswith("KeyError at ")
    assert alive == 200


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (StoreFailed("store: disk is full"), "The venue files are in force; their gateways are told later"),
        (KeyError("ours"), "The venue files are in force; their gateways cannot be told"),
    ],
)
async def test_files_that_are_in_force_are_said_to_be_whether_or_not_gateways_can_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, event: str
) -> None:
    async def trip(_: object) -> None:
        raise error

    with capture_logs() as said:
        async with a_hub(tmp_path, ready=False) as hub:
            monkeypatch.setattr(Enrolling, "changed", trip)
            hup()
            await until(lambda: any(line["log_level"] == "error" for line in said))
            alive = await hub.status("/healthz")

    assert [line["event"] for line in said if line["log_level"] == "error"] == [event]
    assert alive == 200


async def test_p22_files_that_are_taken_half_way_are_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = lay_out(tmp_path)
    with capture_logs() as said:
        async with a_hub(config, ready=False) as hub:
            await hub.signs_in()
            lay_out_whole, tripped = Trackers.lay_out, list[float]()

            def trip_once(trackers: Trackers, now: float) -> list[Transition]:
                if not tripped:
                    tripped.append(now)
                    raise KeyError("ours")
                return lay_out_whole(trackers, now)

            monkeypatch.setattr(Trackers, "lay_out", trip_once)
            file = venue_file(hub)
            file.write_text(file.read_text().replace("gateways: [lobby-1]", "gateways: [lobby-1, lobby-2]"))
            hup()
            await until(lambda: any(line["log_level"] == "error" for line in said))
            kept = {one["gateway"] for one in (await hub.get("gateways"))["items"]}
            hup()
            await until(lambda: any("in force" in line["event"] and "venues" in line for line in said))
            taken = {one["gateway"] for one in (await hub.get("gateways"))["items"]}

    assert (taken - kept, kept - taken) == ({"lobby-2"}, set())


async def test_files_that_are_on_their_way_are_not_overtaken_by_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slowly(rulebooks: object, *_: object, now: datetime) -> object:
        del now
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return rulebooks

    monkeypatch.setattr("hub.app.reloading.with_versions_in_use", slowly)
    before, after = (Books(rulebooks={}, texts=(), plans={}, surveys={}) for _ in range(2))
    rooms: Any = SimpleNamespace(ledger=None, take_books=lambda _: None, now=lambda: T0)
    reloading = Reloading(
        config=rooms,
        books=before,
        rulebooks=Rulebooks({}),
        standing=rooms,
        stores=rooms,
        enrolling=rooms,
        clock=rooms,
        taken=lambda _: None,
        let_go=lambda: None,
    )

    await asyncio.gather(reloading.take(after, T0), reloading.versions_changed())

    assert reloading.books is after
