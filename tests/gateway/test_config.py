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
        ("[radar]\n", "7:1: radar: found an unknown key; right would be one of gateway, radio, mqtt, spool, metrics"),
        (
            '[radio]\nscam = "active"\n',
            "8:1: radio.scam: found an unknown key; right would be one of adapters, scan, source",
        ),
        ('[radio]\nscan = "loud"\n', "8:1: radio.scan: found loud; right would be one of hybrid, active, passive"),
        ('[radio]\nadapters = "hci0"\n', "8:1: radio.adapters: found hci0; right would be a list"),
        ("[radio]\nadapters = []\n", "8:1: radio.adapters: found []; right would be a list"),
        ('[radio]\nsource = "wifi"\n', '8:1: radio.source: found wifi; right would be "bluez" or "replay:FILE"'),
        (
            '[radio]\nsource = "replay:gone.jsonl"\n',
            "8:1: radio.source: found replay:gone.jsonl; right would be a recording",
        ),
        ("[spool]\nmax_mib = 0\n", "8:1: spool.max_mib: found 0; right would be a whole number from 1 to 4096"),
        ("[spool]\nmax_mib = '64'\n", "8:1: spool.max_mib: found '64'; right would be a whole number from 1 to 4096"),
        ("[spool]\nmax_mib = true\n", "8:1: spool.max_mib: found True; right would be a whole number"),
        ('[metrics]\nlisten = "9101"\n', "8:1: metrics.listen: found 9101; right would be"),
        ("[metrics]\nlisten = 9101\n", "8:1: metrics.listen: found 9101; right would be a text"),
        ("spool = 3\n", "1:1: spool: found 3; right would be a table, [spool]"),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path: Path, change: str, says: str) -> None:
    text = change + LEAST if not change.startswith("[") else LEAST + change

    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))

    assert str(caught.value).startswith(f"{tmp_path}/gateway.toml:{says}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("found", "instead", "says"),
    [
        (
            'id = "lobby-1"',
            'id = "Lobby 1"',
            "3:1: gateway.id: found Lobby 1; right would be 1 to 40 of a-z, 0-9 and -",
        ),
        ('id = "lobby-1"', "", "2:1: gateway.id: found nothing; right would be a text"),
        ('id = "lobby-1"', "id = 7", "3:1: gateway.id: found 7; right would be a text"),
        ('"mqtt://127.0.0.1"', '"127.0.0.1:1883"', "6:1: mqtt.url: found 127.0.0.1:1883; right would be mqtt://HOST"),
        (
            '"mqtt://127.0.0.1"',
            '"http://127.0.0.1"',
            "6:1: mqtt.url: found http://127.0.0.1; right would be mqtt://HOST",
        ),
        ('"mqtt://127.0.0.1"', '"mqtt://h:99999"', "6:1: mqtt.url: found mqtt://h:99999; right would be mqtt://HOST"),
        ('"mqtt://127.0.0.1"', '"mqtt://me:secret@h"', "6:1: mqtt.url: found h; right would be mqtt://HOST"),
        ('"mqtt://127.0.0.1"', '"mqtt://me:secret@h:x"', "6:1: mqtt.url: found h:x; right would be mqtt://HOST"),
        ('"lobby-1"', '"lobby\\n1"', r"3:1: gateway.id: found 'lobby\n1'; right would be 1 to 40 of a-z, 0-9 and -"),
        (
            "url =",
            'password_file = "gone"\nurl =',
            "6:1: mqtt.password_file: found gone; right would be a file that is there",
        ),
        (
            "url =",
            'ca_file = "gateway.toml"\nurl =',
            "6:1: mqtt.ca_file: found a TLS file beside mqtt://; right would be mqtts://",
        ),
        ("[mqtt]", "[[mqtt]]", "5:1: mqtt: found [{'url': 'mqtt://127.0.0.1'}]; right would be a table"),
        (
            "[mqtt]",
            "[mqtt",
            "5:6: found no TOML, expected ']' at the end of a table declaration; right would be TOML 1.0",
        ),
    ],
)
def test_a_wrong_value_is_one_line(tmp_path: Path, found: str, instead: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, LEAST.replace(found, instead)))

    assert str(caught.value).startswith(f"{tmp_path}/gateway.toml:{says}")
    assert "secret" not in str(caught.value)


def test_a_missing_file_says_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gateway.toml: found nothing there; right would be a gateway.toml"):
        load(tmp_path / "gateway.toml")


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_bytes(b"[gateway]\nid = '\xff\xfe'")

    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "gateway.toml")

    assert str(caught.value) == f"{tmp_path}/gateway.toml:2:1: found byte 0xff; right would be text in UTF-8"


def test_a_folder_in_place_of_the_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)

    assert str(caught.value) == f"{tmp_path}: found is a directory; right would be a file that can be read"


def test_a_fault_in_a_table_that_stands_in_braces_is_where_the_braces_begin(tmp_path: Path) -> None:
    text = 'gateway = { id = "lobby-1", venue = "marlton" }\n  mqtt = { url = 7 }\n'

    with pytest.raises(ConfigError, match=r"gateway.toml:2:3: mqtt.url: found 7; right would be a text"):
        load(written(tmp_path, text))


def test_a_fault_in_the_second_format_is_in_its_own_lines(tmp_path: Path) -> None:
    card = '[[format]]\nname = "card"\ncompany = 1\nid_at = 0\nid_bytes = 6\n'
    text = LEAST + card + card.replace("card", "badge").replace("6", "60")

    with pytest.raises(ConfigError, match=r"gateway.toml:16:1: format 2.id_bytes: found 60; right would be"):
        load(written(tmp_path, text))
