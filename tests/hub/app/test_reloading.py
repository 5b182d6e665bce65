"""Other venue files, while the hub runs: taken whole, or what was in force stays."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.app.reloading import Reloading
from hub.errors import StoreFailed
from tests.fakes.broker import RunningBroker, running_broker
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
