"""gateways/*.toml beside hub.toml: what would keep a gateway from starting, or from being heard, is a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load
from gateway.errors import ConfigError
from hub.config.gateway_files import GatewayFiles, check_gateway_files

VENUES = {"marlton": ["lobby-1", "bar-1"], "attic": []}
LOBBY = '[gateway]\nid = "lobby-1"\nvenue = "marlton"\n[mqtt]\nurl = "mqtt://127.0.0.1"\n'


def checked(folder: Path, **texts: str) -> GatewayFiles:
    (folder / "gateways").mkdir()
    for name, text in texts.items():
        (folder / f"gateways/{name}.toml").write_text(text)
    return check_gateway_files(folder, VENUES)


def faults(found: GatewayFiles, folder: Path) -> list[str]:
    assert found.missing == []
    return [str(fault).removeprefix(f"{folder}/gateways/") for fault in found.faults]


def test_a_folder_without_gateways_has_no_faults(tmp_path: Path) -> None:
    assert check_gateway_files(tmp_path, VENUES) == GatewayFiles()


def test_sound_files_have_no_faults(tmp_path: Path) -> None:
    found = checked(tmp_path, lobby=LOBBY, bar=LOBBY.replace("lobby-1", "bar-1"))

    assert found == GatewayFiles()


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("url", "ulr"),
        ('"mqtt:', '"tcp:'),
        ("[mqtt]", "[mqtt"),
        ("[mqtt]", "[spool]\nmax_mib = 0\n[mqtt]"),
        ("[mqtt]", "[[format]]\nname = 'card'\n[mqtt]"),
        ("marlton", "Marlton"),
    ],
)
def test_what_the_gateway_would_refuse_is_told_in_its_own_words(tmp_path: Path, good: str, bad: str) -> None:
    found = checked(tmp_path, lobby=LOBBY.replace(good, bad, 1))

    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "gateways/lobby.toml")
    assert [str(fault) for fault in found.faults] == [str(caught.value)]


def test_each_file_tells_its_first_fault(tmp_path: Path) -> None:
    found = checked(tmp_path, lobby=LOBBY.replace("url", "ulr"), bar="[gatewai]\n")

    assert [fault.split(": found")[0] for fault in faults(found, tmp_path)] == [
        "bar.toml:1:1: gatewai",
        "lobby.toml:5:1: mqtt.ulr",
    ]


def test_a_venue_that_is_not_here_is_a_fault(tmp_path: Path) -> None:
    found = checked(tmp_path, lobby=LOBBY.replace("marlton", "ritz"))

    assert faults(found, tmp_path) == [
        "lobby.toml:3:1: gateway.venue: found ritz; right would be one of attic, marlton"
    ]


@pytest.mark.parametrize(
    ("venue", "gateway", "like"),
    [
        ("marlton", "loby-1", ", such as lobby-1"),
        ("marlton", "xyz", ", such as bar-1"),
        ("attic", "lobby-1", ""),
    ],
)
def test_a_gateway_that_its_venue_does_not_name_is_a_fault(tmp_path: Path, venue: str, gateway: str, like: str) -> None:
    found = checked(tmp_path, lobby=LOBBY.replace("marlton", venue).replace("lobby-1", gateway))

    right = f"right would be one that a zone of {venue} names in venue.yaml{like}"
    assert faults(found, tmp_path) == [f"lobby.toml:2:1: gateway.id: found {gateway}; {right}"]


def test_two_files_of_one_gateway_are_a_fault_for_each_would_throw_the_other_out(tmp_path: Path) -> None:
    found = checked(tmp_path, a=LOBBY, b=LOBBY)

    right = "right would be an id of its own, for gateways/a.toml has this one"
    assert faults(found, tmp_path) == [f"b.toml:2:1: gateway.id: found lobby-1; {right}"]


def test_where_no_venue_can_be_read_the_rest_is_checked_still(tmp_path: Path) -> None:
    checked(tmp_path, lobby=LOBBY.replace("marlton", "ritz"), bar=LOBBY.replace("[mqtt]", "[mqt]"))

    found = check_gateway_files(tmp_path, None)

    assert [fault.split(": found")[0] for fault in faults(found, tmp_path)] == ["bar.toml:4:1: mqt"]


def test_files_that_are_named_and_not_here_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    named = 'password_file = "../secret"\nca_file = "../ca.pem"\n[radio]\nsource = "replay:walk.jsonl"\n'

    found = checked(tmp_path, lobby=LOBBY.replace("mqtt:", "mqtts:") + named)

    file = tmp_path / "gateways/lobby.toml"
    assert found.faults == []
    assert [str(fault) for fault in found.missing] == [
        f"{file}:9:1: radio.source: found replay:walk.jsonl; right would be a recording that is there",
        f"{file}:7:1: mqtt.ca_file: found ../ca.pem; right would be a file that is there",
    ]


def test_a_folder_with_the_name_of_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "gateways/lobby.toml").mkdir(parents=True)

    found = check_gateway_files(tmp_path, VENUES)

    assert faults(found, tmp_path) == ["lobby.toml:1:1: cannot be read: is a directory"]
