"""From nothing to a folder that is sound, and what an unsound one is told."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from gateway.config import load as read_gateway
from hub.config.hub_toml import read_config
from tests.fakes.command import Innkeeper

VENUE = "venues/marlton/venue.yaml"
WELCOME = "venues/marlton/journeys/welcome.yaml"
LOBBY = "gateways/lobby-1.toml"


def test_init_lays_out_a_venue_with_a_file_for_each_gateway(innkeeper: Innkeeper, tmp_path: Path) -> None:
    folder = tmp_path / "my-hotel"

    code, out, err = innkeeper("init", "hotel", folder)

    laid_out = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    gateways = {"lobby-1", "restaurant-1", "pool-1", "gym-1", "floor-1-1", "floor-2-1"}
    assert (code, err) == (0, "")
    assert out == f"{folder} holds Marlton (marlton): 6 zones. Next: innkeeper check {folder}\n"
    assert {f"gateways/{name}.toml" for name in gateways} == {name for name in laid_out if "gateways" in name}
    assert {"hub.toml", VENUE, WELCOME, "venues/marlton/floorplan.yaml"} <= laid_out
    for name in gateways:
        config = read_gateway(folder / f"gateways/{name}.toml")
        assert (config.gateway, config.venue) == (name, "marlton")


def test_all_paths_that_init_writes_are_inside(hotel: Path) -> None:
    config = read_config(hotel / "hub.toml")
    gateway = tomllib.loads((hotel / "gateways/lobby-1.toml").read_text())

    paths = [config.hub.data_dir, config.hub.venues_dir, config.database, *(path for _, path in config.missing_files())]
    paths.append((hotel / "gateways" / gateway["gateway"]["data_dir"]).resolve())
    assert len(paths) > 4
    assert all(path.is_relative_to(hotel) for path in paths)


def test_init_takes_an_empty_folder(innkeeper: Innkeeper, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert innkeeper("init", "hotel", tmp_path / "empty").code == 0


def test_init_of_an_unknown_pack_names_the_one_that_may_be_meant(innkeeper: Innkeeper, tmp_path: Path) -> None:
    near = innkeeper("init", "hotle", tmp_path / "x")
    far = innkeeper("init", "spaceport", tmp_path / "x")

    assert near == (2, "", "innkeeper: unknown pack 'hotle'; did you mean hotel?\n")
    assert far.code == 2
    assert far.err.startswith("innkeeper: unknown pack 'spaceport'; known: ")
    assert "hotel" in far.err
    assert not (tmp_path / "x").exists()


def test_init_never_writes_over_anything(innkeeper: Innkeeper, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    folder = innkeeper("init", "hotel", tmp_path)
    file = innkeeper("init", "hotel", tmp_path / "notes.txt")

    right = "right would be a new or an empty folder\n"
    assert folder == (2, "", f"innkeeper: {tmp_path}: found notes.txt there; {right}")
    assert file == (2, "", f"innkeeper: {tmp_path}/notes.txt: not a directory; {right}")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_check_passes_right_after_init_with_warnings_for_what_is_still_to_be_filled_in(
    innkeeper: Innkeeper, hotel: Path
) -> None:
    code, out, err = innkeeper("check", hotel)

    assert code == 0
    assert out.startswith("1 venue, ")
    assert out.endswith(": all is well\n")
    assert [line.partition(" warning: ")[2] for line in err.splitlines()] == [
        f"[apns] key_file: {hotel}/secrets/apns.p8 is not there yet; the channel is off until it is",
        (
            f"[fcm] service_account_file: {hotel}/secrets/service-account.json is not there yet; "
            "the channel is off until it is"
        ),
        (
            "[hub] public_url: found nothing; right would be the address at which guests reach this hub; "
            "without it no email has a link to unsubscribe"
        ),
    ]


def test_check_json_is_one_object(innkeeper: Innkeeper, hotel: Path) -> None:
    code, out, err = innkeeper("check", hotel, "--json")

    report = json.loads(out)
    assert (code, err) == (0, "")
    assert (report["ok"], report["faults"], report["examples"]["failed"]) == (True, [], 0)
    assert report["examples"]["passed"] > 5
    assert {"file", "line", "column", "message", "hint"} == set(report["warnings"][0])


@pytest.mark.parametrize(
    ("file", "good", "bad", "place", "told"),
    [
        (VENUE, "languages:", "langages:", ":5:1: ", "langages"),
        (WELCOME, "send: welcome", "send: welcom", ":", "welcom"),
        ("hub.toml", "listen =", "lisen =", ":", "lisen"),
        (LOBBY, "scan =", "skan =", ":10:1: radio.skan: found an unknown key", "adapters, scan, source"),
        (LOBBY, '"lobby-1"', '"loby-1"', ":4:1: gateway.id: found loby-1", "such as lobby-1"),
    ],
)
def test_a_fault_is_told_with_its_file_line_and_column(  # noqa: PLR0913, PLR0917  a fault and what is told of it
    innkeeper: Innkeeper, hotel: Path, file: str, good: str, bad: str, place: str, told: str
) -> None:
    text = (hotel / file).read_text()
    assert good in text
    (hotel / file).write_text(text.replace(good, bad, 1))

    code, _, err = innkeeper("check", hotel)
    report = json.loads(innkeeper("check", hotel, "--json").out)

    faults = [line for line in err.splitlines() if line.startswith(f"{hotel}/{file}{place}") and "warning" not in line]
    assert code == 1
    assert faults
    assert told in faults[0]
    assert not report["ok"]
    line = int(faults[0].removeprefix(f"{hotel}/{file}:").partition(":")[0])
    assert bad in (hotel / file).read_text().splitlines()[line - 1]


def test_a_floor_plan_that_cannot_be_drawn_is_a_fault(innkeeper: Innkeeper, hotel: Path) -> None:
    file = hotel / "venues/marlton/floorplan.yaml"
    file.write_text(file.read_text().replace("w: 34", "w: wide", 1))

    code, _, err = innkeeper("check", hotel)

    assert code == 1
    assert f"{file}:" in err


def test_a_floor_plan_that_is_no_text_is_a_fault_with_its_line(innkeeper: Innkeeper, hotel: Path) -> None:
    file = hotel / "venues/marlton/floorplan.yaml"
    file.write_bytes(b"floors: {}\nrooms: []  # caf\xe9\n")

    code, _, err = innkeeper("check", hotel)

    assert code == 1
    assert f"{file}:2:1: found byte 0xe9 at offset " in err


def test_a_journey_that_nobody_would_read_is_a_fault(innkeeper: Innkeeper, hotel: Path) -> None:
    file = hotel / "venues/marlton/journeys/sunset.yml"
    file.write_text("journey: sunset\n")

    code, _, err = innkeeper("check", hotel)

    assert code == 1
    assert f"{file}:1:1: nobody reads it by this name; right would be sunset.yaml" in err


def test_an_example_that_fails_is_a_fault(innkeeper: Innkeeper, hotel: Path) -> None:
    text = (hotel / WELCOME).read_text()
    assert "messaged('24h')" in text
    (hotel / WELCOME).write_text(text.replace("messaged('24h')", "messaged('1m')"))

    code, _, err = innkeeper("check", hotel)

    assert code == 1
    assert f"{hotel}/{WELCOME}:" in err
    assert "example" in err


def test_a_message_that_no_channel_could_carry_is_a_fault(innkeeper: Innkeeper, hotel: Path) -> None:
    text = (hotel / "hub.toml").read_text()
    (hotel / "hub.toml").write_text(text[: text.index("[apns]")])

    code, _, err = innkeeper("check", hotel)

    assert code == 1
    assert f"{hotel}/{WELCOME}:" in err


def test_a_folder_that_is_not_there_is_one_line_and_the_sum(innkeeper: Innkeeper, tmp_path: Path) -> None:
    code, out, err = innkeeper("check", tmp_path / "nowhere")

    assert (code, out) == (1, "")
    assert err.splitlines()[0].startswith(f"{tmp_path}/nowhere/hub.toml:1:1: cannot be read: no such file")


def test_venues_that_are_not_there_are_a_fault(innkeeper: Innkeeper, hotel: Path) -> None:
    (hotel / "venues").rename(hotel / "elsewhere")

    code, _, err = innkeeper("check", hotel)

    assert code == 1
    assert f"{hotel}/venues" in err


@pytest.mark.parametrize("broken", ["hub.toml", VENUE])
def test_a_gateway_is_checked_beside_another_file_that_cannot_be_read(
    innkeeper: Innkeeper, hotel: Path, broken: str
) -> None:
    (hotel / broken).write_text("[")
    (hotel / LOBBY).write_text((hotel / LOBBY).read_text().replace("mqtt://", "tcp://"))

    code, _, err = innkeeper("check", hotel)

    told = [line for line in err.splitlines() if f"{hotel}/gateways/" in line]
    assert code == 1
    assert [line.partition(": found")[0] for line in told] == [f"{hotel}/{LOBBY}:14:1: mqtt.url"]


def test_a_secret_that_lies_on_the_gateway_alone_is_a_warning(innkeeper: Innkeeper, hotel: Path) -> None:
    (hotel / LOBBY).write_text((hotel / LOBBY).read_text().replace("# password_file", "password_file"))

    code, _, err = innkeeper("check", hotel)

    missing = "mqtt.password_file: found ../secrets/lobby-1; right would be a file that is there"
    assert code == 0
    assert f"{hotel}/{LOBBY}:15:1: warning: {missing}; on the gateway itself it must be\n" in err


def test_a_file_that_is_no_text_is_a_fault(innkeeper: Innkeeper, hotel: Path) -> None:
    (hotel / WELCOME).write_bytes(b"\xff\xfe")

    code, _, err = innkeeper("check", hotel)

    assert code == 1
    assert f"{hotel}/{WELCOME}:1:1: found byte 0xff at offset 0; right would be text in UTF-8" in err
