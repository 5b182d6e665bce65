"""A hub with a survey beside its venue file: from the broker to `entered`, and what a reload makes of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub import pipeline
from hub.app.books import read_books
from hub.errors import BadConfig
from hub.presence import margin, minding
from hub.presence.recording import Reading
from hub.presence.survey import dump, learn
from tests.fakes.broker import RunningBroker, running_broker
from tests.fakes.running_hub import VENUE, RunningHub, a_hub, lay_out, until

LEVELS = {"lobby-1": -70, "pool-1": -60}
# In this house the pool's gateway hears the lobby better than the lobby's own: only a survey can know.


@pytest.fixture(scope="module")
def broker() -> Iterator[RunningBroker]:
    with running_broker() as broker:
        yield broker


def a_survey(venue: str = VENUE) -> str:
    walk = [Reading(float(at), gateway, "s", dbm, "lobby") for at in range(120) for gateway, dbm in LEVELS.items()]
    walk += [Reading(float(at), "pool-1", "s", -45, "pool") for at in range(120, 240)]
    walk += [Reading(float(at), "restaurant-1", "s", -93, None) for at in range(240, 360)]
    return dump(learn(venue, walk))


class Walker:
    """Ana, heard again and again as somebody in the lobby is."""

    def __init__(self, hub: RunningHub) -> None:
        self._hub = hub
        self._seq = 0

    async def until_in(self, zone: str) -> None:
        async def heard() -> bool:
            self._seq += 1
            for gateway, dbm in LEVELS.items():
                rows = [[self._hub.tags["ana"], 900, 10, 3, dbm, dbm, dbm]]
                batch = {
                    "v": 1,
                    "gw": gateway,
                    "epoch": "e",
                    "boot": "b",
                    "seq": self._seq,
                    "low": 1,
                    "sent": 1,
                    "rows": rows,
                }
                batch["sent"] = int(asyncio.get_running_loop().time() * 1000)
                assert self._hub.gateway is not None
                self._hub.gateway.says(f"ik/1/{VENUE}/{gateway}/live/0", json.dumps(batch).encode())
            return await self._hub.where() == {"ana": zone}

        await until(heard, f"ana to be in the {zone}")


async def test_a_hub_goes_by_the_survey_beside_its_venue_file_and_takes_another_by_reload(
    tmp_path: Path, broker: RunningBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "TICK_S", 0.05)
    monkeypatch.setattr(minding, "EARLIEST_S", 0.02)  # a second of thinking in the twentieth part of one
    monkeypatch.setattr(margin, "SWITCH_HOLD_S", 0.3)
    config = lay_out(tmp_path, broker_port=broker.port)
    survey = config.hub.venues_dir / VENUE / "survey.json"
    survey.write_text(a_survey())
    with capture_logs() as said:
        async with a_hub(config, broker_port=broker.port) as hub:
            await hub.knows("ana")
            ana = Walker(hub)
            await ana.until_in("lobby")
            survey.write_text(a_survey("elsewhere"))
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda: any("have a fault" in line["event"] for line in said), "the fault")
            kept = await hub.where()
            survey.unlink()
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda: any("are in force" in line["event"] for line in said), "the margin rule")
            await ana.until_in("pool")

    assert kept == {"ana": "lobby"}
    [fault] = [line["fault"] for line in said if "have a fault" in line["event"]]
    assert fault == f"{survey}:1:1: found a survey of elsewhere; right would be one of {VENUE}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("not json", "found no survey; right would be what `innkeeper presence survey` wrote"),
        (a_survey().replace('"lobby"', '"foyer"'), "found zone 'foyer', which venue.yaml has not; known: lobby, "),
    ],
    ids=["no survey", "a zone that is no more"],
)
def test_a_wrong_survey_is_one_line_at_the_start(tmp_path: Path, text: str, fault: str) -> None:
    config = lay_out(tmp_path)
    survey = config.hub.venues_dir / VENUE / "survey.json"
    survey.write_text(text)

    with pytest.raises(BadConfig) as caught:
        read_books(config)

    [line] = str(caught.value).splitlines()
    assert line.startswith(f"{survey}:1:1: {fault}")
