"""gateway.toml as its text alone: what it says, what it names, and where it is wrong."""

from __future__ import annotations

import pytest

from tests.fakes.vendor_card import LEAST
from wire.errors import Misset
from wire.settings.gateway_toml import misset, read_gateway_toml


def test_the_least_file_names_no_other() -> None:
    settings = read_gateway_toml(LEAST.encode())

    assert (settings.venue, settings.gateway, settings.data_dir) == ("marlton", "lobby-1", "var")
    assert (settings.mqtt.host, settings.mqtt.port, settings.mqtt.tls) == ("127.0.0.1", 1883, False)
    assert settings.files == ()


def test_each_file_that_is_named_knows_what_to_say_when_it_is_missing() -> None:
    text = LEAST + 'password_file = "secrets/lobby-1"\n[radio]\nsource = "replay:walk.jsonl"\n'

    found = [(each.path, each.missing.line, str(each.missing)) for each in read_gateway_toml(text.encode()).files]

    right = "right would be a file that is there"
    assert found == [
        ("walk.jsonl", 8, "radio.source: found replay:walk.jsonl; right would be a recording that is there"),
        ("secrets/lobby-1", 6, f"mqtt.password_file: found secrets/lobby-1; {right}"),
    ]


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("mqtt://broker.example", "broker.example", 1883, False),
        ("MQTTS://broker.example/", "broker.example", 8883, True),
        ("mqtt://10.0.0.7:2883", "10.0.0.7", 2883, False),
        ("mqtt://[::1]:2883", "::1", 2883, False),
        ("mqtts://[fe80::1%eth0]", "fe80::1%eth0", 8883, True),
    ],
)
def test_a_brokers_address_is_read(url: str, host: str, port: int, tls: bool) -> None:  # noqa: FBT001  what is read
    mqtt = read_gateway_toml(LEAST.replace("mqtt://127.0.0.1", url).encode()).mqtt

    assert (mqtt.host, mqtt.port, mqtt.tls) == (host, port, tls)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("broker.example", "broker.example"),
        ("ws://broker.example", "ws://broker.example"),
        ("mqtt://", "mqtt://"),
        ("mqtt://h:65536", "mqtt://h:65536"),
        ("mqtt://h:1883/a", "mqtt://h:1883/a"),
        ("mqtt://h?keepalive=1", "mqtt://h?keepalive=1"),
        ("mqtt://::1", "mqtt://::1"),
        ("mqtt://lobby:hunter2@h", "h"),
        ("mqtt://lobby:hunter2@h:x", "h:x"),
        ("lobby:hunter2@h", "h"),
    ],
)
def test_what_is_no_address_of_a_broker_is_shown_without_a_password(url: str, shown: str) -> None:
    with pytest.raises(Misset) as caught:
        read_gateway_toml(LEAST.replace("mqtt://127.0.0.1", url).encode())

    assert str(caught.value) == f"mqtt.url: found {shown}; right would be mqtt://HOST[:PORT] or mqtts://HOST[:PORT]"
    assert (caught.value.line, caught.value.column) == (5, 1)


def test_what_windows_wrote_is_read_and_its_lines_are_counted() -> None:
    text = LEAST.replace("\n", "\r\n")

    assert read_gateway_toml(text.encode()).gateway == "lobby-1"
    with pytest.raises(Misset) as caught:
        read_gateway_toml(text.replace("url", "ulr").encode())
    assert caught.value.line == 5


def test_a_fault_of_someone_elses_finding_is_placed_too() -> None:
    fault = misset(LEAST, ("gateway", "venue"), "marlton", "another")

    assert (fault.line, fault.column, str(fault)) == (3, 1, "gateway.venue: found marlton; right would be another")
