"""gateway.toml: what is right is read, and what is wrong is one line that says where and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import Broker, Config, Radio, load
from gateway.errors import ConfigError

LEAST = """
[gateway]
id = "lobby-1"
venue = "marlton"
[mqtt]
url = "mqtt://127.0.0.1"
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "gateway.toml"
    file.write_text(text)
    return file


def test_the_least_file_has_sound_defaults(tmp_path: Path) -> None:
    file = written(tmp_path, LEAST)

    assert load(file) == Config(
        file=file,
        gateway="lobby-1",
        venue="marlton",
        data_dir=tmp_path / "var",
        radio=Radio(adapters=("hci0",), scan="hybrid", replay=None),
        broker=Broker(host="127.0.0.1", port=1883, tls=False, username="marlton/lobby-1"),
        max_mib=64,
        metrics=None,
    )


def test_the_fullest_file_is_read_and_its_paths_are_relative_to_it(tmp_path: Path) -> None:
    for name in ("secret", "ca.pem", "cert.pem", "key.pem", "walk.jsonl"):
        (tmp_path / name).write_text("s3cret\n")
    text = """
    [gateway]
    id = "lobby-1"
    venue = "marlton"
    data_dir = "data"
    [radio]
    adapters = ["hci1", "AA:BB:CC:DD:EE:FF"]
    scan = "passive"
    source = "replay:walk.jsonl"
    [mqtt]
    url = "mqtts://broker.example"
    password_file = "secret"
    ca_file = "ca.pem"
    cert_file = "cert.pem"
    key_file = "key.pem"
    [spool]
    max_mib = 8
    [metrics]
    listen = "127.0.0.1:9101"
    """

    config = load(written(tmp_path, text))

    assert config.radio == Radio(adapters=("hci1", "AA:BB:CC:DD:EE:FF"), scan="passive", replay=tmp_path / "walk.jsonl")
    assert (config.broker.url, config.broker.password()) == ("mqtts://broker.example:8883", "s3cret")
    assert (config.broker.ca_file, config.broker.key_file) == (tmp_path / "ca.pem", tmp_path / "key.pem")
    assert (config.data_dir, config.max_mib, config.metrics) == (tmp_path / "data", 8, ("127.0.0.1", 9101))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("[radar]\n", "radar: found an unknown key; right would be one of gateway, radio, mqtt, spool, metrics"),
        (
            '[radio]\nscam = "active"\n',
            "radio.scam: found an unknown key; right would be one of adapters, scan, source",
        ),
        ('[radio]\nscan = "loud"\n', "radio.scan: found loud; right would be one of hybrid, active, passive"),
        ('[radio]\nadapters = "hci0"\n', "radio.adapters: found hci0; right would be a list"),
        ("[radio]\nadapters = []\n", "radio.adapters: found []; right would be a list"),
        ('[radio]\nsource = "wifi"\n', 'radio.source: found wifi; right would be "bluez" or "replay:FILE"'),
        (
            '[radio]\nsource = "replay:gone.jsonl"\n',
            "radio.source: found replay:gone.jsonl; right would be a recording",
        ),
        ("[spool]\nmax_mib = 0\n", "spool.max_mib: found 0; right would be a whole number from 1 to 4096"),
        ("[spool]\nmax_mib = '64'\n", "spool.max_mib: found '64'; right would be a whole number from 1 to 4096"),
        ("[spool]\nmax_mib = true\n", "spool.max_mib: found True; right would be a whole number"),
        ('[metrics]\nlisten = "9101"\n', "metrics.listen: found 9101; right would be"),
        ("[metrics]\nlisten = 9101\n", "metrics.listen: found 9101; right would be a text"),
        ("spool = 3\n", "spool: found 3; right would be a table, [spool]"),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path: Path, change: str, says: str) -> None:
    text = change + LEAST if not change.startswith("[") else LEAST + change

    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))

    assert str(caught.value).startswith(f"{tmp_path}/gateway.toml: {says}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("found", "instead", "says"),
    [
        ('id = "lobby-1"', 'id = "Lobby 1"', "gateway.id: found Lobby 1; right would be 1 to 40 of a-z, 0-9 and -"),
        ('id = "lobby-1"', "", "gateway.id: found nothing; right would be a text"),
        ('id = "lobby-1"', "id = 7", "gateway.id: found 7; right would be a text"),
        ('"mqtt://127.0.0.1"', '"127.0.0.1:1883"', "mqtt.url: found 127.0.0.1:1883; right would be mqtt://HOST"),
        ('"mqtt://127.0.0.1"', '"http://127.0.0.1"', "mqtt.url: found http://127.0.0.1; right would be mqtt://HOST"),
        ('"mqtt://127.0.0.1"', '"mqtt://h:99999"', "mqtt.url: found mqtt://h:99999; right would be mqtt://HOST"),
        ('"mqtt://127.0.0.1"', '"mqtt://me:secret@h"', "mqtt.url: found h; right would be mqtt://HOST"),
        (
            "url =",
            'password_file = "gone"\nurl =',
            "mqtt.password_file: found gone; right would be a file that is there",
        ),
        (
            "url =",
            'ca_file = "gateway.toml"\nurl =',
            "mqtt.ca_file: found a TLS file beside mqtt://; right would be mqtts://",
        ),
        ("[mqtt]", "[[mqtt]]", "mqtt: found [{'url': 'mqtt://127.0.0.1'}]; right would be a table"),
        ("[mqtt]", "[mqtt", "file: found no TOML"),
    ],
)
def test_a_wrong_value_is_one_line(tmp_path: Path, found: str, instead: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, LEAST.replace(found, instead)))

    assert str(caught.value).startswith(f"{tmp_path}/gateway.toml: {says}")
    assert "secret" not in str(caught.value)


def test_a_missing_file_says_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"file: found nothing there; right would be a gateway.toml"):
        load(tmp_path / "gateway.toml")


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigError, match="right would be a readable file in UTF-8"):
        load(tmp_path / "gateway.toml")
