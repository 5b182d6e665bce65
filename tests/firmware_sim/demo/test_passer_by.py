"""Whatever names the passer-by is found, wherever the product might have put it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firmware_sim.demo.cast import PASSER_BY
from firmware_sim.demo.passer_by import dropped, traces
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

KEY = bytes(32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A demo's folder in which nothing names the passer-by; what went through the air is nobody's to forget."""
    (tmp_path / "hotel/var/keys").mkdir(parents=True)
    (tmp_path / "hotel/var/keys/marlton.key").write_text(KEY.hex())
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/hub.log").write_text("The hub is ready\n")
    (tmp_path / "heard").mkdir()
    (tmp_path / "heard/lobby-1.jsonl").write_text(PASSER_BY)
    return tmp_path


def test_nothing_is_found_where_nothing_was_kept(folder: Path) -> None:
    assert traces(folder, PASSER_BY) == []


@pytest.mark.parametrize(
    "name",
    [
        PASSER_BY.encode(),
        b"0badcafe0bad4afe8badcafe0badcafe",
        b"0BADCAFE0BAD4AFE8BADCAFE0BADCAFE",
        bytes.fromhex("0badcafe0bad4afe8badcafe0badcafe"),
        pseudonym(KEY, parse_tag(PASSER_BY)).encode(),
    ],
)
@pytest.mark.parametrize("file", ["hotel/var/innkeeper.db", "logs/lobby-1.log", "accepted.jsonl", "wire.jsonl"])
def test_every_form_of_its_name_is_found_in_every_place(folder: Path, name: bytes, file: str) -> None:
    (folder / file).write_bytes(b"\x00before " + name + b" after\xff")

    assert traces(folder, PASSER_BY) == [Path(file)]


def test_what_was_heard_and_forgotten_is_counted_by_what_each_gateway_said_last(tmp_path: Path) -> None:
    said = [("lobby-1/state", {"dropped": 3}), ("lobby-1/live/0", {"rows": []}), ("lobby-1/state", {"dropped": 40})]
    said += [("pool-1/state", {"dropped": 2}), ("gym-1/state", {"online": True})]
    wire = tmp_path / "wire.jsonl"
    wire.write_text(
        "".join(
            json.dumps({"topic": f"ik/1/marlton/{topic}", "payload": json.dumps(payload)}) + "\n"
            for topic, payload in said
        )
    )

    assert dropped(wire) == 42
