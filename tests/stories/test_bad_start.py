"""What each program says, and with which exit code, when it is started wrong: one line, where, found, what is right."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.fakes.ports import free_ports
from tests.fakes.programs import finished

pytestmark = pytest.mark.timeout(120)


class Start(NamedTuple):
    """One wrong start: what is done to a laid-out hotel, what is run in it, and what it must say."""

    name: str
    change: Callable[[Path], object]
    command: str  # words; HUB and GATEWAY stand for the two files
    code: int
    says: str  # a pattern for the one line


def nothing(_: Path) -> None:
    """Leave the hotel as it is."""


def replace(file: str, old: str, new: str) -> Callable[[Path], object]:
    def change(hotel: Path) -> None:
        text = (hotel / file).read_text()
        assert old in text
        (hotel / file).write_text(text.replace(old, new))

    return change


def write(file: str, content: bytes) -> Callable[[Path], object]:
    return lambda hotel: (hotel / file).write_bytes(content)


RUN_HUB, RUN_GATEWAY = "innkeeper hub --config HUB", "innkeeper-gateway run --config GATEWAY"
LOBBY, WELCOME, POLICY = "gateways/lobby-1.toml", "venues/marlton/journeys/welcome.yaml", "venues/marlton/venue.yaml"
FOUND: Final = r"(found|cannot be read|unknown|missing|expected|required)"
HUB_AT, GATEWAY_AT = rf"hub\.toml:\d+:\d+: .*{FOUND}", rf"lobby-1\.toml:\d+:\d+: .*{FOUND}"

STARTS: Final = (
    Start("hub.toml is missing", nothing, "innkeeper hub --config nowhere.toml", 2, r"nowhere\.toml.*cannot be read"),
    Start("hub.toml is no TOML", write("hub.toml", b"[hub\n"), RUN_HUB, 2, r"hub\.toml:\d+:\d+: "),
    Start("unknown table", write("hub.toml", b"[hob]\n"), RUN_HUB, 2, HUB_AT),
    Start("unknown key", replace("hub.toml", "listen", "lissen"), RUN_HUB, 2, HUB_AT),
    Start("wrong type", replace("hub.toml", 'team_id = "TEAM000000"', "team_id = 7"), RUN_HUB, 2, HUB_AT),
    Start("an example fails", replace(WELCOME, "[09:00 room-rates]", "[]"), RUN_HUB, 2, r"welcome\.yaml:\d+:\d+: "),
    Start("no such time zone", replace(POLICY, "Europe/Lisbon", "Mars/Base"), RUN_HUB, 2, r"venue\.yaml:\d+:\d+: "),
    Start("no venue", replace("hub.toml", '"venues"', '"attic"'), RUN_HUB, 2, "attic.*no such folder"),
    Start("unknown command", nothing, "innkeeper greet", 2, "greet.*--help"),
    Start(
        "gateway.toml is missing", nothing, "innkeeper-gateway run --config nowhere.toml", 2, r"nowhere\.toml.*found"
    ),
    Start("gateway.toml is no TOML", write(LOBBY, b"[radio\n"), RUN_GATEWAY, 2, GATEWAY_AT),
    Start("gateway: unknown key", replace(LOBBY, "scan =", "skan ="), RUN_GATEWAY, 2, GATEWAY_AT),
    Start("gateway: unknown command", nothing, "innkeeper-gateway sing", 2, "sing"),
    Start("sim: unknown command", nothing, "innkeeper-sim sing", 2, "sing.*--help"),
    Start(
        "sim: no such port", nothing, "innkeeper-sim providers --port 99999 --dir d --log l", 2, "99999.*right would"
    ),
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """Exit code, standard output and standard error of each start; four at a time, for they only load Python."""
    folder = tmp_path_factory.mktemp("starts")
    laid_out = folder / "hotel"
    finished("innkeeper", "init", "hotel", laid_out)

    def one(at: int) -> tuple[int, str, str]:
        start, hotel = STARTS[at], folder / str(at)
        shutil.copytree(laid_out, hotel)
        start.change(hotel)
        words = start.command.replace("HUB", "hub.toml").replace("GATEWAY", LOBBY).split()
        done = finished(*words, folder=hotel)
        return done.returncode, done.stdout, done.stderr

    with ThreadPoolExecutor(4) as pool:
        return {start.name: result for start, result in zip(STARTS, pool.map(one, range(len(STARTS))), strict=True)}


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.name.replace(" ", "-"))
def test_wrong_start_ends_with_its_code_and_one_line(start: Start, said: dict[str, tuple[int, str, str]]) -> None:
    code, out, err = said[start.name]

    (line,) = [line for line in err.splitlines() if ": warning: " not in line]
    assert (code, out) == (start.code, "")
    assert re.search(start.says, line), err


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    hotel = tmp_path / "hotel"
    finished("innkeeper", "init", "hotel", hotel)
    port, providers = free_ports(2)
    replace("hub.toml", "127.0.0.1:8080", f"127.0.0.1:{port}")(hotel)
    with socket.create_server(("127.0.0.1", port)), socket.create_server(("127.0.0.1", providers)):
        taken = finished("innkeeper", "hub", "--config", hotel / "hub.toml")
        arguments = ("--port", str(providers), "--dir", tmp_path / "d", "--log", tmp_path / "l")
        also_taken = finished("innkeeper-sim", "providers", *arguments)

    for done, number in ((taken, port), (also_taken, providers)):
        last = done.stderr.splitlines()[-1]  # the hub has warned of secrets that are not there
        assert (done.returncode, done.stdout) == (1, "")
        assert str(number) in last
        assert "in use" in last
