"""A guest whose own phone hears the beacons that hang in the venue, and says so over HTTP to a whole hub."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.app import repairing
from hub.config.hub_toml import HubConfig
from hub.ingest import phones
from hub.presence import margin
from hub.presence.recording import Reading
from hub.presence.survey import dump, learn
from tests.fakes.running_hub import VENUE, RunningHub, a_hub, agreed_an_hour_ago, lay_out, until
from tests.fakes.store import rows_of

BEACONS = {zone: f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:1:{n}" for n, zone in enumerate(("lobby", "pool"))}
KEPT = ("visits", "late", "events", "decisions", "runs", "messages")


@pytest.fixture(autouse=True)
def _agreed_an_hour_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    agreed_an_hour_ago(monkeypatch)


@pytest.fixture
def _mends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repairing, "QUIET_S", 0.1)
    monkeypatch.setattr(repairing, "LOOK_S", 0.05)


@pytest.fixture
def config(tmp_path: Path) -> HubConfig:
    config = lay_out(tmp_path)
    hang(config, BEACONS)
    return config


def hang(config: HubConfig, beacons: Mapping[str, str]) -> None:
    file = config.hub.venues_dir / VENUE / "venue.yaml"
    text = file.read_text()
    for zone, beacon in beacons.items():
        text = text.replace(f"gateways: [{zone}-1]", f'gateways: [{zone}-1], beacons: ["{beacon}"]')
    file.write_text(text)


def heard(zone: str, ages_s: Iterable[float], *, dbm: int = -58) -> list[dict[str, Any]]:
    """A zone's beacon, as a phone heard it so many seconds ago."""
    now = datetime.now(UTC)
    return [{"beacon": BEACONS[zone], "rssi": dbm, "at": (now - timedelta(seconds=age)).isoformat()} for age in ages_s]


async def says(hub: RunningHub, sightings: list[dict[str, Any]], guest: str = "ana") -> tuple[int, str]:
    body = {"venue": VENUE, "guest": guest, "sightings": sightings}
    answer = await hub.api.post("/v1/app/sightings", json=body)
    return answer.status_code, answer.json().get("outcome", answer.text)


def rows(hub: RunningHub, table: str) -> list[tuple[object, ...]]:
    return rows_of(hub.config.database, f"SELECT * FROM {table}")  # noqa: S608  our own names


def all_kept(hub: RunningHub) -> dict[str, list[tuple[object, ...]]]:
    return {table: rows(hub, table) for table in KEPT}


async def sent(hub: RunningHub) -> list[str]:
    return [one["message"] for one in (await hub.get("messages"))["items"] if one["guest"] == "ana"]


async def test_she_enters_is_messaged_and_a_repeat_does_nothing_more(config: HubConfig) -> None:
    async with a_hub(config, ready=False) as hub:
        await hub.knows("ana")
        word = heard("lobby", range(8, -1, -1))
        first = await says(hub, word)
        where, messages, kept = await hub.where(), await sent(hub), all_kept(hub)
        again = await says(hub, word)
        after = all_kept(hub)

    assert (first, again) == ((202, "taken"), (200, "repeated"))
    assert where == {"ana": "lobby"}
    assert messages == ["room-rates"]
    assert [len(kept[table]) for table in ("visits", "events", "messages")] == [1, 1, 1]
    assert [table for table in KEPT if len(after[table]) != len(kept[table])] == []


async def test_without_consent_nothing_is_kept_and_a_stranger_is_404(config: HubConfig) -> None:
    async with a_hub(config, ready=False) as hub:
        await hub.signs_in()
        await hub.put("guests/ana", {"first_name": "Ana", "member": True, "holdout": "never"})
        hers = await says(hub, heard("lobby", (*range(600, 590, -1), *range(8, -1, -1))))
        strangers, _ = await says(hub, heard("lobby", [0]), guest="nobody")
        where, kept = await hub.where(), all_kept(hub)

    assert (hers, strangers) == ((200, "no_consent"), 404)
    assert (where, kept) == ({}, {table: [] for table in KEPT})


async def test_of_what_was_heard_before_she_agreed_nothing_is_kept(config: HubConfig) -> None:
    async with a_hub(config, ready=False) as hub:
        await hub.knows("ana")
        before = await says(hub, heard("lobby", range(3700, 3680, -1)))
        kept = all_kept(hub)

    assert before == (200, "no_consent")
    assert kept == {table: [] for table in KEPT}


async def test_when_she_withdraws_her_phone_is_nobodys_at_once(config: HubConfig) -> None:
    async with a_hub(config, ready=False) as hub:
        await hub.knows("ana")
        await says(hub, heard("lobby", range(8, -1, -1)))
        await hub.put("guests/ana/consents/presence/tag", {"granted": False, "source": "app", "wording": "No more."})
        await until(lambda: rows_of(hub.config.database, "SELECT 1 FROM visits WHERE left_us IS NOT NULL"), "its end")
        where, kept = await hub.where(), all_kept(hub)
        after = await says(hub, heard("pool", range(8, -1, -1)))

        assert (where, after) == ({}, (200, "no_consent"))
        assert [rows(hub, table) for table in ("visits", "late", "events")] == [
            kept[table] for table in ("visits", "late", "events")
        ]


async def test_when_she_agrees_again_it_is_another_visit(config: HubConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(margin, "_hold_s", lambda *_, **__: 0.0)
    async with a_hub(config, ready=False) as hub:
        await hub.knows("ana")
        await says(hub, heard("lobby", range(8, -1, -1)))
        for granted in (False, True):
            consent = {"granted": granted, "source": "app", "wording": f"Is it {granted}?"}
            await hub.put("guests/ana/consents/presence/tag", consent)
        await says(hub, heard("lobby", [0.01, 0]))
        visits = rows_of(hub.config.database, "SELECT guest, left_us IS NULL FROM visits ORDER BY entered_us")

    assert visits == [("ana", 0), ("ana", 1)]


@pytest.mark.usefixtures("_mends_at_once")
async def test_a_word_of_what_is_over_mends_history_once_and_starts_nothing(config: HubConfig) -> None:
    async with a_hub(config, ready=False) as hub:
        await hub.knows("ana")
        word = heard("pool", range(600, 540, -1))
        taken = await says(hub, word)
        await until(lambda: rows(hub, "visits"), "the visit")
        mended = rows(hub, "visits")
        await says(hub, word)
        await until(lambda: not rows(hub, "late"), "its being looked at")
        again, where = rows(hub, "visits"), await hub.where()
        [(zone, seconds, told)] = rows_of(
            hub.config.database, "SELECT zone, (left_us - entered_us) / 1000000, repaired FROM visits"
        )
        started = [rows(hub, table) for table in ("events", "decisions", "messages")]

    assert taken == (202, "taken")
    assert (zone, told) == ("pool", "missed")
    assert isinstance(seconds, int)
    assert 55 <= seconds <= 60
    assert (again, where, started) == (mended, {}, [[], [], []])


@pytest.mark.usefixtures("_mends_at_once")
async def test_a_repeat_that_comes_when_it_is_live_no_longer_changes_no_visit(
    config: HubConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_hub(config, ready=False) as hub:
        await hub.knows("ana")
        word = heard("lobby", range(8, -1, -1))
        await says(hub, word)
        before = rows(hub, "visits")
        monkeypatch.setattr(phones, "STALE_AFTER_S", 0.0)
        await says(hub, word)
        waited = len(rows(hub, "late"))
        await until(lambda: not rows(hub, "late"), "its being looked at")
        after, messages = rows(hub, "visits"), await sent(hub)

    assert waited == 9
    assert after == before
    assert messages == ["room-rates"]


async def test_a_visit_goes_on_when_the_hub_starts_again(config: HubConfig) -> None:
    async with a_hub(config, ready=False) as hub:
        await hub.knows("ana")
        await says(hub, heard("lobby", range(8, -1, -1)))
        before = rows_of(hub.config.database, "SELECT id, left_us FROM visits")
    async with a_hub(config, ready=False) as hub:
        await hub.signs_in()
        back = await hub.where()
        await says(hub, heard("lobby", range(3, -1, -1)))
        after = rows_of(hub.config.database, "SELECT id, left_us FROM visits")

    assert back == {"ana": "lobby"}
    assert after == before


async def test_in_a_venue_with_a_survey_the_margin_rule_serves_phones(config: HubConfig) -> None:
    walk = [Reading(float(at), "lobby-1", "s", -50, "lobby") for at in range(120)]
    walk += [Reading(float(at), "pool-1", "s", -50, "pool") for at in range(120, 240)]
    (config.hub.venues_dir / VENUE / "survey.json").write_text(dump(learn(VENUE, walk)))

    async with a_hub(config, ready=False) as hub:
        await hub.knows("ana")
        await says(hub, heard("pool", range(8, -1, -1)))
        where = await hub.where()

    assert where == {"ana": "pool"}


async def test_a_beacon_that_a_reload_hangs_is_heard_from_then_on(tmp_path: Path) -> None:
    config = lay_out(tmp_path)
    with capture_logs() as said:
        async with a_hub(config, ready=False) as hub:
            await hub.knows("ana")
            before, _ = await says(hub, heard("pool", [0]))
            hang(config, BEACONS)
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda: any("are in force" in line["event"] for line in said), "the beacons")
            after = await says(hub, heard("pool", range(8, -1, -1)))
            where = await hub.where()
            gateways = {one["gateway"] for one in (await hub.get("gateways"))["items"]}

    assert (before, after, where) == (422, (202, "taken"), {"ana": "pool"})
    assert gateways.isdisjoint(BEACONS.values())
