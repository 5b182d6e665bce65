"""What was recorded, replayed through a draft."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.clock import SystemClock
from hub.config.hub_toml import read_config
from hub.store.times import to_us
from tests.fakes.command import Innkeeper
from tests.fakes.running_hub import a_hub
from tests.fakes.sim_providers import free_port

DAY = timedelta(days=1)
GUESTS = "guest,first_name,member\nana,Ana,yes\nbob,Bob,no\n"


@pytest.fixture
def recorded(innkeeper: Innkeeper, hotel: Path, tmp_path: Path) -> Path:
    """Two guests who walked into the lobby at noon yesterday, and one of them a long time ago; welcome is in force."""
    (tmp_path / "guests.csv").write_text(GUESTS)
    assert innkeeper("import", "guests", "--config", hotel / "hub.toml", tmp_path / "guests.csv").code == 0
    noon = SystemClock().now().astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - DAY
    with closing(sqlite3.connect(hotel / "var/innkeeper.db")) as database, database:
        for guest, at in (("ana", noon), ("bob", noon), ("ana", noon - 60 * DAY)):
            database.execute("UPDATE guests SET holdout = 'never'")
            for purpose, channel in (("marketing", "push"), ("marketing", "email")):
                database.execute(
                    "INSERT INTO consents (guest, purpose, channel, granted, source, wording, at_us)"
                    " VALUES (?, ?, ?, 1, 'desk', 'Yes.', 0)",
                    (guest, purpose, channel),
                )
            database.execute(
                "INSERT INTO devices (guest, id, kind, address, registered_us) VALUES (?, 'phone', 'apns', ?, 0)"
                " ON CONFLICT DO NOTHING",
                (guest, guest),
            )
            _enters(database, guest, at)
        database.execute("UPDATE guests SET email = guest || '@guest.example'")
    return hotel / "hub.toml"


def _enters(database: sqlite3.Connection, guest: str, at: datetime) -> None:
    database.execute(
        "INSERT INTO events (id, venue, guest, kind, object, at_us, received_us, data_json)"
        " VALUES (?, 'marlton', ?, 'entered', 'lobby', ?, ?, '{}')",
        (f"{guest}-{at}", guest, to_us(at), to_us(at)),
    )


def a_draft(config: Path, folder: Path, old: str, new: str) -> Path:
    text = (config.parent / "venues/marlton/journeys/welcome.yaml").read_text()
    assert old in text
    draft = folder / "draft.yaml"
    draft.write_text(text.replace(old, new, 1))
    return draft


def test_who_would_differ_is_listed_with_what_and_why(innkeeper: Innkeeper, recorded: Path, tmp_path: Path) -> None:
    draft = a_draft(recorded, tmp_path, "unless: messaged('24h')", "when: guest.member")

    said = innkeeper("backtest", "--config", recorded, "welcome", "--days", "30", "--file", draft)

    first, *rest = said.out.splitlines()
    assert said.code == 0
    assert first == "the last 30 days: 2 guests, 2 events; 1 would have got something else"
    assert len(rest) == 1
    assert rest[0].startswith("  bob: no longer join-the-club at ")
    assert rest[0].endswith("(not member)")
    assert said.err.endswith("2 of 2 guests, 2 events replayed\n")


def test_a_program_reads_what_each_would_have_got(innkeeper: Innkeeper, recorded: Path, tmp_path: Path) -> None:
    draft = a_draft(recorded, tmp_path, "start: enter lobby", "start: enter pool")

    said = innkeeper("backtest", "--config", recorded, "welcome", "--days", "90", "--file", draft, "--json")

    answer = json.loads(said.out)
    assert (answer["journey"], answer["days"], answer["guests"], answer["events"]) == ("welcome", 90, 2, 3)
    assert {one["guest"]: [did["what"] for did in one["before"]] for one in answer["differ"]} == {
        "ana": ["room-rates", "room-rates"],
        "bob": ["join-the-club"],
    }
    assert [one["after"] for one in answer["differ"]] == [[], []]


def test_a_journey_as_it_is_in_force_is_no_draft(innkeeper: Innkeeper, recorded: Path) -> None:
    unchanged = innkeeper("backtest", "--config", recorded, "welcome")

    assert unchanged.code == 2
    assert "found welcome as it is in force; right would be --file DRAFT" in unchanged.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["welcom"], "journey: found welcom; right would be one of "),
        (["welcome", "--file", "nowhere.yaml"], "nowhere.yaml: cannot be read: no such file or directory"),
        (["welcome", "--venue", "ritz"], "found ritz; right would be --venue marlton"),
        (["welcome", "--days", "0"], "--days"),
    ],
)
def test_what_cannot_be_replayed_is_one_line(innkeeper: Innkeeper, recorded: Path, words: list[str], told: str) -> None:
    code, out, err = innkeeper("backtest", "--config", recorded, *words)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


async def test_beside_a_running_hub_the_rules_are_those_in_force_whatever_is_being_written(
    innkeeper: Innkeeper, recorded: Path, tmp_path: Path
) -> None:
    draft = a_draft(recorded, tmp_path, "unless: messaged('24h')", "when: guest.member")
    config = read_config(recorded)
    async with a_hub(replace(config, hub=replace(config.hub, port=free_port())), ready=False):
        policy = recorded.parent / "venues/marlton/venue.yaml"
        policy.write_text(policy.read_text().replace("zones:", "zonnes:"))

        said = await asyncio.to_thread(
            innkeeper, "backtest", "--config", recorded, "welcome", "--days", "30", "--file", draft
        )

    assert (said.code, said.err.splitlines()[-1]) == (0, "2 of 2 guests, 2 events replayed")
    assert said.out.splitlines()[1].startswith("  bob: no longer join-the-club at ")


def test_a_draft_with_a_fault_says_where(innkeeper: Innkeeper, recorded: Path, tmp_path: Path) -> None:
    draft = a_draft(recorded, tmp_path, "enter lobby", "enter lobbi")

    code, _, err = innkeeper("backtest", "--config", recorded, "welcome", "--file", draft)

    assert code == 2
    assert err.startswith(f"{draft}:")
    assert "unknown zone 'lobbi'" in err
