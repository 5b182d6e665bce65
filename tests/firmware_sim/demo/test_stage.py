"""What the demo writes before anyone walks."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path

import pytest

from firmware_sim.demo import stage as on
from firmware_sim.demo.broker import broker_command
from firmware_sim.demo.processes import Fallen
from firmware_sim.demo.stage import Stage

HUB = '[hub]\nlisten = "127.0.0.1:8080"   # loopback\n\n[mqtt]\nurl = "mqtt://127.0.0.1:1883"\n[store]\nurl = "s"\n'
GATEWAY = (
    '[gateway]\nid = "lobby-1"\n[radio]\nadapters = ["hci0"]\nsource = "bluez"\n[mqtt]\nurl = "mqtt://127.0.0.1:1883"\n'
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(folder=tmp_path, hub_port=9001, broker_port=9002, providers_port=9003)
    (stage.config.parent / "gateways").mkdir(parents=True)
    stage.config.write_text(HUB)
    (stage.config.parent / "gateways/lobby-1.toml").write_text(GATEWAY)
    return stage


def test_the_hub_is_told_all_the_addresses_and_the_rest_stays(stage: Stage, tmp_path: Path) -> None:
    part = tmp_path / "hub.toml.part"
    part.write_text('[smtp]\nhost = "127.0.0.1"\n')

    on._write_hub(stage, part)

    config = tomllib.loads(stage.config.read_text())
    assert config == {
        "hub": {"listen": "127.0.0.1:9001"},
        "mqtt": {"url": "mqtt://127.0.0.1:9002"},
        "store": {"url": "s"},
        "smtp": {"host": "127.0.0.1"},
    }
    assert "# loopback" in stage.config.read_text()


@pytest.mark.parametrize(
    ("source", "adapter"), [("bluez", "hci0"), ("replay:/tmp/heard/lobby-1.jsonl", "hci0"), ("bluez", "hci7")]
)
def test_a_gateway_is_pointed_at_the_broker_and_its_radio(stage: Stage, source: str, adapter: str) -> None:
    on.write_gateways(stage, {"lobby-1": {"source": source, "adapter": adapter}})

    gateway = tomllib.loads((stage.config.parent / "gateways/lobby-1.toml").read_text())
    assert gateway["mqtt"]["url"] == "mqtt://127.0.0.1:9002"
    assert gateway["radio"] == {"adapters": [adapter], "source": source}


def test_a_setting_that_is_not_where_it_used_to_be_is_told(stage: Stage, tmp_path: Path) -> None:
    stage.config.write_text("[hub]\n")

    with pytest.raises(Fallen, match="listen is not where"):
        on._write_hub(stage, tmp_path / "hub.toml.part")


def test_the_venue_is_moved_to_another_time_zone_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "venue.yaml"
    file.write_text("venue: marlton\ntimezone: Europe/Lisbon\nlanguages: [en]\n")

    on._move_venue(file, "Etc/GMT-3")

    assert file.read_text() == "venue: marlton\ntimezone: Etc/GMT-3\nlanguages: [en]\n"


def test_ports_are_apart_and_one_may_be_chosen(tmp_path: Path) -> None:
    chosen = on.choose_ports(tmp_path, 9001)
    free = on.choose_ports(tmp_path, None)

    assert chosen.hub_url == "http://127.0.0.1:9001"
    assert len({free.hub_port, free.broker_port, free.providers_port}) == 3


async def test_what_never_comes_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on, "READY_S", 0.05)
    monkeypatch.setattr(on, "LOOK_AGAIN_S", 0.01)

    with pytest.raises(Fallen, match="in vain for the broker"):
        await on._until(lambda: False, "the broker")


async def test_what_comes_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on, "LOOK_AGAIN_S", 0.001)
    answers = iter([False, False, True])

    await asyncio.wait_for(on._until(lambda: next(answers), "the broker"), 5)

    assert next(answers, None) is None


def test_the_broker_listens_on_loopback_alone(tmp_path: Path) -> None:
    command = broker_command(tmp_path, 9002)

    config = tomllib.loads((tmp_path / "rumqttd.toml").read_text())
    assert command[-4:] == ["--config", str(tmp_path / "rumqttd.toml"), "--log-level", "WARNING"]
    assert [listener["listen"] for listener in config["v5"].values()] == ["127.0.0.1:9002"]
    assert "v4" not in config
