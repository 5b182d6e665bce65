"""The whole system tells the hotel's story: real processes, real bleak, real providers, one broker between."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from wire.pseudonym import pseudonym
from wire.tag import parse_tag

SIM = Path(sys.executable).with_name("innkeeper-sim")
PASSER_BY = "0badcafe-0bad-4afe-8bad-cafe0badcafe"
LONGEST_S = 180

Played = tuple[list[dict[str, Any]], Path]

pytestmark = pytest.mark.timeout(LONGEST_S + 30)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """What the demo printed, and the folder that it kept; it ended by itself, and well."""
    folder = tmp_path_factory.mktemp("demo") / "kept"
    command = [SIM, "demo", "--once", "--json", "--keep", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_S)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], folder


def test_exactly_the_right_messages_are_accepted(played: Played) -> None:
    lines, _ = played

    accepted = Counter((one["guest"], one["message"], one["provider"]) for one in lines if one["kind"] == "accepted")
    assert accepted == {
        ("milo", "room-rates", "apns"): 1,
        ("nora", "join-the-club", "smtp"): 1,
        ("rosa", "welcome", "fcm"): 1,
        ("rosa", "meal-discount", "fcm"): 1,
    }


def test_the_member_who_comes_back_gets_nothing_more_and_the_reason_is_told(played: Played) -> None:
    lines, _ = played

    came = [one for one in lines if one["kind"] == "entered" and (one["guest"], one["zone"]) == ("milo", "lobby")]
    refused = [one for one in lines if one.get("decision") == "not_started" and one["journey"] == "welcome"]
    assert len(came) == 2
    assert [(one["guest"], one["text"]) for one in refused] == [("milo", "messaged in the last 24h")]


def test_nothing_about_the_passer_by_is_on_the_wire_in_the_store_or_in_any_log(played: Played) -> None:
    lines, folder = played

    raw = bytes.fromhex(PASSER_BY.replace("-", ""))
    traces = [PASSER_BY.encode(), raw.hex().encode(), raw, raw.hex().upper().encode(), *_pseudonyms(folder)]
    product = [folder / "hotel", folder / "logs", folder / "accepted.jsonl", folder / "wire.jsonl"]
    files = [file for root in product for file in ([root] if root.is_file() else root.rglob("*")) if file.is_file()]
    found = [(file, trace) for file in files for trace in traces if trace in file.read_bytes()]
    assert found == []
    assert {one["guest"] for one in lines} == {"milo", "nora", "rosa"}


def test_the_wire_was_listened_to_and_carries_the_enrolled(played: Played) -> None:
    _, folder = played

    topics = {json.loads(line)["topic"] for line in (folder / "wire.jsonl").read_text().splitlines()}
    assert "ik/1/marlton/lobby-1/live/0" in topics
    assert "ik/1/marlton/restaurant-1/state" in topics
    assert "ik/1/marlton/lobby-1/ack" in topics


def _pseudonyms(folder: Path) -> list[bytes]:
    key = bytes.fromhex((folder / "hotel/var/keys/marlton.key").read_text())
    return [pseudonym(key, parse_tag(f"ibeacon:{PASSER_BY}:13:13")).encode()]
