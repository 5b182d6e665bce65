"""The story over the broker as we deploy it: mosquitto with passwords, an ACL and TLS; real gateways replay."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.fakes.mosquitto import RunningMosquitto, running_mosquitto
from tests.fakes.programs import DEVICE, VENUE, Api, Hotel, Program, Programs, a_hotel, finished, programs, until

pytestmark = [pytest.mark.needs("mosquitto", "mosquitto_passwd", "mosquitto_pub"), pytest.mark.timeout(120)]

LOBBY, RESTAURANT, POOL = "lobby-1", "restaurant-1", "pool-1"
PASSWORDS: Final = {
    "hub": "hub-pw-5d1e",
    f"{VENUE}/{LOBBY}": "lobby-pw-77ab",
    f"{VENUE}/{RESTAURANT}": "rest-pw-91cc",
    f"{VENUE}/{POOL}": "pool-pw-02fe",
}
WRONG: Final = "wrong-pw-6666"
TAG: Final = "ibeacon:5ca1ab1e-0000-4000-8000-00000000c0de:4:2"
STRANGER: Final = "ibeacon:0badcafe-0bad-4afe-8bad-cafe0badcafe:13:13"  # nobody's


@pytest.fixture
def broker() -> Iterator[RunningMosquitto]:  # one for each test: it retains what a hub tells its gateways
    with running_mosquitto(PASSWORDS) as broker:
        yield broker


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Programs]:
    with programs(tmp_path) as running:
        yield running


class Air:
    """What the two radios hear: lines appended to the recording that both gateways replay."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.touch()

    def until_accepted(self, hotel: Hotel, count: int, *, near: str, dbm: int, far: str) -> None:
        """She is near one gateway and far from the other, five adverts a second, until so many were accepted."""
        end = time.monotonic() + 20
        while len(hotel.accepted()) < count:
            assert time.monotonic() < end, f"only {hotel.accepted()} were accepted"
            now = time.monotonic()
            heard = [(near, TAG, dbm), (far, TAG, -88), (near, STRANGER, -50)]
            with self.file.open("a") as file:
                for gateway, tag, rssi in heard:
                    file.write(json.dumps({"t": now, "gateway": gateway, "tag": tag, "rssi": rssi}) + "\n")
            time.sleep(0.2)


def test_guest_is_welcomed_and_then_offered_a_meal_over_tls_passwords_and_acl(
    broker: RunningMosquitto, run: Programs, tmp_path: Path
) -> None:
    secure = f'username = "hub"\npassword_file = "{broker.password_file("hub")}"\nca_file = "{broker.ca_file}"'
    hotel = a_hotel(run, tmp_path, broker=broker.url, mqtt=secure)
    air = Air(tmp_path / "air.jsonl")
    hub = run.start("hub", "innkeeper", "hub", "--config", hotel.config)
    gateways = [a_gateway(run, hotel, broker, name, air.file) for name in (LOBBY, RESTAURANT)]

    with hotel.api(hub) as api:
        api.enrol("rosa", TAG, reserved=True)
        until(lambda: {LOBBY, RESTAURANT} <= online(api), "both gateways to listen")
        air.until_accepted(hotel, 1, near=LOBBY, dbm=-64, far=RESTAURANT)
        air.until_accepted(hotel, 2, near=RESTAURANT, dbm=-48, far=LOBBY)
        said = [api.get(f"messages/{one['message']}") for one in hotel.accepted()]

    assert [(one["message"], one["state"], one["provider"]) for one in said] == [
        ("welcome", "SENT", "apns"),
        ("meal-discount", "SENT", "apns"),
    ]
    assert [program.stop() for program in (*gateways, hub)] == [0, 0, 0]
    key = (hotel.folder / f"var/keys/{VENUE}.key").read_text().strip()
    secrets = [
        *PASSWORDS.values(),
        api.token,
        key,
        DEVICE,
        "rosa",
        "Rosa",
        TAG,
        TAG.split(":")[1],
        STRANGER.split(":")[1],
    ]
    assert [(one.name, secret) for one in (*gateways, hub) for secret in secrets if secret in one.text()] == []


def test_a_gateway_speaks_for_itself_alone(broker: RunningMosquitto, run: Programs, tmp_path: Path) -> None:
    secure = f'username = "hub"\npassword_file = "{broker.password_file("hub")}"\nca_file = "{broker.ca_file}"'
    hotel = a_hotel(run, tmp_path, broker=broker.url, mqtt=secure)
    hub = run.start("hub", "innkeeper", "hub", "--config", hotel.config)
    with hotel.api(hub) as api:
        pseudonym = api.enrol("rosa", TAG)
        hub.says("Connected to the broker")

        forged = publish(broker, speaker=LOBBY, as_gateway=RESTAURANT, tag=pseudonym)
        honest = publish(broker, speaker=LOBBY, as_gateway=LOBBY, tag=pseudonym)
        until(lambda: api.count("batches") == 1, "the honest batch")

        assert "not authorized" in forged.lower()
        assert honest == ""
        heard = {one["gateway"] for one in api.get("gateways")["items"] if one["last_heard"]}
        assert heard == {LOBBY}


def test_a_wrong_password_is_said_once_and_the_right_one_lets_the_gateway_in(
    broker: RunningMosquitto, run: Programs, tmp_path: Path
) -> None:
    hotel = a_hotel(run, tmp_path, broker=broker.url)
    air = Air(tmp_path / "air.jsonl")
    right = broker.password_file(f"{VENUE}/{POOL}").read_text()
    password = tmp_path / "password"
    password.write_text(WRONG)
    gateway = a_gateway(run, hotel, broker, POOL, air.file, password=password)

    gateway.says("not authorized")
    time.sleep(3)  # two more tries at the least
    refusals = gateway.lines("not authorized")
    password.write_text(right)

    gateway.says("Connected", within_s=20)
    assert len(refusals) == 1
    assert WRONG not in gateway.text()
    checked = finished("innkeeper-gateway", "check", "--config", hotel.gateway(POOL))
    assert "lets us in" in checked.stdout
    assert "hub: " in checked.stdout


def a_gateway(
    run: Programs, hotel: Hotel, broker: RunningMosquitto, name: str, air: Path, *, password: Path | None = None
) -> Program:
    """A real gateway daemon, its radio a recording."""
    file = hotel.gateway(name)
    password = password or broker.password_file(f"{VENUE}/{name}")
    text = file.read_text().replace('source = "bluez"', f'source = "replay:{air}"')
    secure = f'url = "{broker.url}"\npassword_file = "{password}"\nca_file = "{broker.ca_file}"'
    file.write_text(text.replace('url = "mqtt://127.0.0.1:1883"', secure))
    return run.start(name, "innkeeper-gateway", "run", "--config", file)


def online(api: Api) -> set[str]:
    return {one["gateway"] for one in api.get("gateways")["items"] if one["online"] and one["scan"]}


def publish(broker: RunningMosquitto, *, speaker: str, as_gateway: str, tag: str) -> str:
    """One batch by hand, with one gateway's password, on another's topic or its own; its complaint."""
    user = f"{VENUE}/{speaker}"
    row = [tag, 0, 0, 5, -55.0, -52, -55]
    batch = {"v": 1, "gw": as_gateway, "epoch": "e", "boot": "b", "seq": 1, "low": 1, "sent": 0, "rows": [row]}
    return finished(
        *("mosquitto_pub", "-V", "mqttv5", "-h", "localhost", "-p", str(broker.port), "--cafile", broker.ca_file),
        *("-u", user, "-P", PASSWORDS[user], "-q", "1"),
        *("-t", f"ik/1/{VENUE}/{as_gateway}/live/0", "-m", json.dumps(batch)),
    ).stderr
