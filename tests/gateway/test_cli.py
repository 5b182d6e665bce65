"""The command line, as a person meets it: real processes, exit codes, one line for each fault."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import pytest

import wire
from firmware_sim.bluez import PrivateBus, SimulatedBluez
from gateway import clock
from gateway.cli import main
from tests.fakes.broker import RunningBroker, running_broker
from tests.fakes.mqtt_client import MqttClient
from tests.fakes.ports import free_ports
from tests.fakes.radio import an_advert
from wire.mqtt import codec, topics
from wire.mqtt.messages import Ack, DesiredConfig, GatewayState
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

ROOT = Path(wire.__file__).parents[1]
KEY = bytes(range(32))
GUEST = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"
STRANGER = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:8"
NAME = pseudonym(KEY, parse_tag(GUEST))
STATE, LIVE = topics.state("marlton", "lobby-1"), topics.live("marlton", "lobby-1", 0)


@pytest.fixture
def broker() -> Iterator[RunningBroker]:
    with running_broker() as broker:
        yield broker


def a_config(folder: Path, url: str, *, source: str = "replay:rec.jsonl") -> Path:
    (folder / "rec.jsonl").touch()
    file = folder / "gateway.toml"
    file.write_text(
        f'[gateway]\nid = "lobby-1"\nvenue = "marlton"\n[radio]\nsource = "{source}"\n[mqtt]\nurl = "{url}"\n'
    )
    return file


@asynccontextmanager
async def a_gateway(*args: object) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *map(str, args)),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def test_a_gateway_hears_tells_is_confirmed_and_leaves_in_order(tmp_path: Path, broker: RunningBroker) -> None:
    config = DesiredConfig(version=1, key=KEY, tags={NAME: 0})
    async with MqttClient(broker.port) as hub, a_gateway("run", "--config", a_config(tmp_path, broker.url)) as gateway:
        hub.publish(topics.config("marlton", "lobby-1"), codec.encode_config(config, dumps=dumps), retain=True)
        await hub.arrived_where(lambda topic, payload: topic == STATE and state(payload).config != "")
        with (tmp_path / "rec.jsonl").open("a") as air:
            for tag in (GUEST, STRANGER):
                air.write(json.dumps({"t": 0, "gateway": "lobby-1", "tag": tag, "rssi": -61}) + "\n")

        batch = codec.decode_batch(await hub.arrived(LIVE), loads=json.loads)
        ack = Ack(epoch=batch.epoch, bucket=0, upto=batch.seq)
        hub.publish(topics.ack("marlton", "lobby-1"), codec.encode_ack(ack, dumps=dumps))
        await asyncio.sleep(0.3)
        gateway.send_signal(signal.SIGTERM)
        _, said = await gateway.communicate()
        last = await hub.arrived_where(lambda topic, payload: topic == STATE and not state(payload).online)

    assert [(row.tag, row.readings, row.max_dbm) for row in batch.rows] == [(NAME, 1, -61)]
    assert gateway.returncode == 0
    assert b"unconfirmed_batches=0" in said
    assert state(last).source == "replay"
    everything = said + b"".join(payload for _, payload, _ in hub.messages)
    assert b"fda50693" not in everything
    assert b"10:8" not in everything


@pytest.mark.needs("dbus-daemon")
async def test_a_gateway_on_bluez_hears_again_within_ten_seconds_of_its_restart(
    tmp_path: Path, broker: RunningBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = codec.encode_config(DesiredConfig(version=1, key=KEY, tags={NAME: 0}), dumps=dumps)
    file = a_config(tmp_path, broker.url, source="bluez")
    async with MqttClient(broker.port) as hub, PrivateBus() as bus, SimulatedBluez(bus.address) as bluez:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        hub.publish(topics.config("marlton", "lobby-1"), wishes, retain=True)
        async with a_gateway("run", "--config", file):
            await hub.arrived_where(
                lambda topic, payload: (
                    topic == STATE and state(payload).scan == "hybrid" and state(payload).config != ""
                )
            )
            bluez.hear("hci0", an_advert(GUEST, -61))
            await hub.arrived(LIVE)

            await bluez.crash()
            await bluez.start()
            async with asyncio.timeout(30):
                await bluez.scanned("hci0")
                await asyncio.sleep(0.5)  # until the monitor stands
                bluez.hear("hci0", an_advert(GUEST, -40))
                second = await hub.arrived_where(lambda topic, payload: topic == LIVE and rssi(payload) == -40)

    assert codec.decode_batch(second, loads=json.loads).seq == 2


async def test_a_gateway_that_is_killed_leaves_its_last_will(tmp_path: Path, broker: RunningBroker) -> None:
    async with MqttClient(broker.port) as hub, a_gateway("run", "--config", a_config(tmp_path, broker.url)) as gateway:
        await hub.arrived_where(lambda topic, payload: topic == STATE and state(payload).online)

        gateway.kill()

        will = await hub.arrived_where(lambda topic, payload: topic == STATE and not state(payload).online)
    assert (state(will).source, state(will).version) == ("replay", version("innkeeper"))


async def test_a_gateway_without_a_broker_says_so_once_and_goes_on(tmp_path: Path) -> None:
    url = f"mqtt://127.0.0.1:{free_ports(1)[0]}"
    async with a_gateway("--log-format", "json", "run", "--config", a_config(tmp_path, url)) as gateway:
        await asyncio.sleep(3)
        gateway.send_signal(signal.SIGTERM)
        _, said = await gateway.communicate()

    lines = [json.loads(line) for line in said.splitlines()]
    faults = [line["fault"] for line in lines if line["event"] == "No broker; trying again"]
    assert gateway.returncode == 0
    assert len(faults) == 1
    assert faults[0].startswith(f"{url}: found ")


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_wrong_configuration_is_one_line_and_exit_code_2(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = a_config(tmp_path, "tcp://127.0.0.1")

    code = main([command, "--config", str(file)])

    assert code == 2
    right = "right would be mqtt://HOST[:PORT] or mqtts://HOST[:PORT]"
    assert capsys.readouterr().err == f"{file}:7:1: mqtt.url: found tcp://127.0.0.1; {right}\n"


def test_check_says_that_the_broker_cannot_be_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"mqtt://127.0.0.1:{free_ports(1)[0]}"

    code = main(["check", "--config", str(a_config(tmp_path, url))])

    assert code == 1
    config, radio, broker, mend, disk, *_ = capsys.readouterr().out.splitlines()
    assert config == "config: ok, gateway lobby-1 of venue marlton"
    assert radio == f"radio: none, plays {tmp_path / 'rec.jsonl'}"
    assert broker.startswith(f"broker: {url}: found ")
    assert mend == "  mend: nothing listens there: does mosquitto run, and is the port the one in mqtt.url?"
    assert disk.startswith("disk: ok")


async def test_check_says_that_all_is_well(tmp_path: Path, broker: RunningBroker) -> None:
    config = codec.encode_config(DesiredConfig(version=4, key=KEY, tags={NAME: 0}), dumps=dumps)
    async with MqttClient(broker.port) as hub:
        hub.publish(topics.config("marlton", "lobby-1"), config, retain=True)
        await hub.arrived(topics.config("marlton", "lobby-1"))

        async with a_gateway("check", "--config", a_config(tmp_path, broker.url)) as gateway:
            said, _ = await gateway.communicate()

    assert gateway.returncode == 0
    lines = said.decode().splitlines()
    assert lines[2:4] == [
        f"broker: {broker.url} lets us in, MQTTv5",
        "hub: configuration 4, 1 tags enrolled",
    ]
    assert [line.partition(":")[0] for line in lines[4:6]] == ["disk", "clock"]
    assert all(topic != STATE for topic, _, _ in hub.messages)


@pytest.mark.needs("dbus-daemon")
async def test_scan_and_record_show_what_is_in_the_air(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with PrivateBus() as bus, SimulatedBluez(bus.address) as bluez:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        file = tmp_path / "walk.jsonl"
        for command in (["scan"], ["record", str(file), "--gateway", "lobby-1"]):
            async with a_gateway(*command, "--seconds", "3") as gateway:
                await asyncio.wait_for(bluez.scanned("hci0"), 20)
                await asyncio.sleep(0.5)
                bluez.hear("hci0", an_advert(GUEST, -61))
                said, _ = await gateway.communicate()
            assert gateway.returncode == 0
            assert b"hci0: hybrid" in said
            if command == ["scan"]:
                assert GUEST.encode() in said

    (line,) = [json.loads(line) for line in file.read_text().splitlines()]
    assert {**line, "t": 0} == {"t": 0, "gateway": "lobby-1", "tag": GUEST, "rssi": -61}


def test_a_recording_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "walk.jsonl"
    file.write_text("precious")

    code = main(["record", str(file), "--config", str(a_config(tmp_path, "mqtt://127.0.0.1"))])

    assert code == 2
    assert file.read_text() == "precious"
    assert "right would be a new file" in capsys.readouterr().err


def test_a_recording_is_of_the_tags_that_are_named_at_the_time_of_the_day(tmp_path: Path) -> None:
    config, file = a_config(tmp_path, "mqtt://127.0.0.1"), tmp_path / "walk.jsonl"
    rows = [{"t": t, "gateway": "lobby-1", "tag": tag, "rssi": -60} for t in (0, 0.2) for tag in (GUEST, STRANGER)]
    (tmp_path / "rec.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    began = clock.wall()

    code = main(["record", str(file), "--config", str(config), "--seconds", "1", "--tag", GUEST.upper()])

    first, second = [json.loads(line) for line in file.read_text().splitlines()]
    assert code == 0
    assert {first["tag"], second["tag"]} == {GUEST}
    assert began - 0.01 <= first["t"] < second["t"] <= clock.wall()
    assert 0.19 <= second["t"] - first["t"] <= 0.9


def test_a_recording_says_that_its_clock_is_not_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = a_config(tmp_path, "mqtt://127.0.0.1")
    for right in (True, False):
        monkeypatch.setattr(clock, "wall_ok", lambda right=right: right)

        main(["record", str(tmp_path / f"{right}"), "--config", str(config), "--seconds", "0.1"])

        assert ("clock: not synchronised" in capsys.readouterr().out) is not right


@pytest.mark.parametrize("tag", ["nonsense", "eid:room-7"])
def test_a_tag_that_cannot_be_recorded_is_told_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tag: str
) -> None:
    config, file = a_config(tmp_path, "mqtt://127.0.0.1"), tmp_path / "walk.jsonl"

    code = main(["record", str(file), "--config", str(config), "--tag", tag])

    assert code == 2
    assert capsys.readouterr().err.startswith("--tag: ")
    assert not file.exists()


def test_it_knows_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])

    assert left.value.code == 0
    assert capsys.readouterr().out == f"innkeeper-gateway {version('innkeeper')}\n"


@pytest.mark.parametrize("args", [[], ["fly"], ["run"], ["--log-format", "xml", "scan"]])
def test_wrong_usage_is_exit_code_2(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(args)

    assert left.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("innkeeper-gateway")
    assert said.endswith("--help` lists what is right\n")
    assert said.count("\n") == 1


def state(payload: bytes) -> GatewayState:
    return codec.decode_state(payload, loads=json.loads)


def rssi(payload: bytes) -> int:
    return codec.decode_batch(payload, loads=json.loads).rows[0].last_dbm


def dumps(fields: object) -> bytes:
    return json.dumps(fields).encode()


async def test_scan_with_a_configuration_says_who_is_enrolled(tmp_path: Path, broker: RunningBroker) -> None:
    wishes = codec.encode_config(DesiredConfig(version=4, key=KEY, tags={NAME: 0}), dumps=dumps)
    file = a_config(tmp_path, broker.url)
    rows = [{"t": 0, "gateway": "lobby-1", "tag": tag, "rssi": level} for tag, level in ((GUEST, -60), (STRANGER, -70))]
    (tmp_path / "rec.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    async with MqttClient(broker.port) as hub:
        hub.publish(topics.config("marlton", "lobby-1"), wishes, retain=True)
        await hub.arrived(topics.config("marlton", "lobby-1"))

        async with a_gateway("scan", "--config", file, "--seconds", "1") as gateway:
            said, _ = await gateway.communicate()

    lines = said.decode().splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["kind", "ibeacon", "ibeacon", "2"]
    assert [(line.split()[1], line.split()[-1]) for line in lines[2:4]] == [(GUEST, "yes"), (STRANGER, "no")]


def test_check_says_that_the_disk_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = a_config(tmp_path, f"mqtt://127.0.0.1:{free_ports(1)[0]}")
    (tmp_path / "var").write_text("in the way")

    code = main(["check", "--config", str(file)])

    assert code == 1
    said = capsys.readouterr().out
    assert "cannot be written" in said
    assert "  mend: data_dir must be a folder that this user may write: chown it, or name another" in said
