"""`innkeeper-sim load` against a real hub: all that it publishes is stored, and nobody is sent anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fakes.broker import running_broker
from tests.fakes.programs import VENUE, a_hotel, finished, programs

pytestmark = pytest.mark.timeout(120)


def test_a_crowd_is_enrolled_its_sightings_are_stored_and_no_message_leaves(tmp_path: Path) -> None:
    with running_broker() as broker, programs(tmp_path) as run:
        hotel = a_hotel(run, tmp_path, broker=broker.url)
        hub = run.start("hub", "innkeeper", "hub", "--config", hotel.config)
        with hotel.api(hub) as api:
            hub.says("Connected to the broker")
            (tmp_path / "token").write_text(f"{api.token}\n")
            done = finished(
                *("innkeeper-sim", "load", "--hub", str(api.client.base_url), "--token-file", tmp_path / "token"),
                *("--mqtt", broker.url_v4, "--venue", VENUE, "--gateways", "2", "--tags", "6"),
                *("--seconds", "5", "--rate", "60"),
            )
            entered = {one["guest"] for one in api.get(f"presence/{VENUE}")["guests"]}
            sent = api.get("messages")["items"]

    assert done.returncode == 0, done.stderr
    assert re.search(r"^published 300 sightings in 5\.\d s: \d+ a second$", done.stdout, re.MULTILINE)
    assert "stored    300 of them, 0 unconfirmed" in done.stdout
    assert re.search(r"^stored after \d+ ms p50, \d+ ms p99, of a batch$", done.stdout, re.MULTILINE)
    assert entered == {f"load-{n}" for n in range(1, 7)}
    assert sent == []
