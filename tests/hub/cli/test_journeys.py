"""Journeys held back, let go and moved from the command line, behind the lock where no hub runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.command import Innkeeper
from tests.fakes.store import rows_of


@pytest.fixture
def config(hotel: Path) -> Path:
    return hotel / "hub.toml"


def test_a_journey_is_paused_shown_as_paused_and_let_go(innkeeper: Innkeeper, config: Path) -> None:
    before = innkeeper("pause", "--config", config)
    paused = innkeeper("pause", "--config", config, "welcome")
    shown = innkeeper("pause", "--config", config)
    drained = innkeeper("drain", "--config", config, "welcome", "--venue", "marlton")
    resumed = innkeeper("resume", "--config", config, "welcome")
    after = innkeeper("pause", "--config", config, "--json")

    assert before == (0, "no journey is held back\n", "")
    assert paused.out == (
        "welcome at marlton is paused: nobody starts, nothing is sent; `innkeeper resume` lets it go on\n"
    )
    assert shown.out.splitlines()[1].split()[:3] == ["marlton", "welcome", "paused"]
    assert drained.out == "welcome at marlton drains: nobody starts, who is in it goes on to its end\n"
    assert resumed.out.startswith("welcome at marlton goes on:")
    assert json.loads(after.out) == {"held": []}


def test_a_journey_that_every_other_one_still_holds_back_is_not_said_to_go_on(
    innkeeper: Innkeeper, config: Path
) -> None:
    innkeeper("pause", "--config", config, "welcome")
    innkeeper("pause", "--config", config, "--all")

    resumed = innkeeper("resume", "--config", config, "welcome")
    all_resumed = innkeeper("resume", "--config", config, "--all")

    assert resumed.out == (
        "welcome at marlton is still paused, with every journey there; `innkeeper resume --all` lets them go on\n"
    )
    assert all_resumed.out.startswith("every journey at marlton goes on:")


def test_everything_is_stopped_at_once_and_stays_so(innkeeper: Innkeeper, config: Path) -> None:
    said = innkeeper("stop", "--config", config, "--all")

    assert said.out == (
        "every journey at marlton is stopped: nobody starts\n0 guests taken out, 0 unsent messages taken back\n"
    )
    database = config.parent / "var/innkeeper.db"
    assert rows_of(database, "SELECT venue, journey, state FROM holds") == [("marlton", "*", "stopped")]
    assert innkeeper("resume", "--config", config, "--all").code == 0
    assert rows_of(database, "SELECT * FROM holds") == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["stop"], "found no journey; right would be its name, or --all"),
        (["drain", "welcome", "--all"], "found a journey and --all; right would be one of them"),
        (["pause", "welcom"], "journey: found welcom; right would be one of "),
        (["pause", "welcome", "--venue", "ritz"], "venue: found ritz; right would be one of marlton"),
        (["move", "welcome", "--to", "newest"], "found neither --dry-run nor --yes; right would be one of them"),
        (["move", "welcome", "--to", "newest", "--dry-run", "--yes"], "found both --dry-run and --yes"),
        (
            ["move", "welcome", "--to", "fff", "--dry-run"],
            "--to: found fff; right would be the beginning of one of newest",
        ),
        (["move", "welcom", "--to", "newest", "--yes"], "journey: found welcom; right would be one of "),
        (["move", "welcome", "--yes"], "missing option '--to'"),
    ],
)
def test_what_cannot_be_done_is_one_line(innkeeper: Innkeeper, config: Path, words: list[str], told: str) -> None:
    code, out, err = innkeeper(*words, "--config", config)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_a_move_of_nobody_says_so_and_that_nothing_was_changed(innkeeper: Innkeeper, config: Path) -> None:
    said = innkeeper("move", "--config", config, "welcome", "--to", "newest", "--dry-run")
    done = innkeeper("move", "--config", config, "welcome", "--to", "newest", "--yes", "--json")

    assert said.code == 0
    first, second = said.out.splitlines()
    assert first.startswith("welcome at marlton, to version ")
    assert first.endswith(": 0 guests would move, 0 stay where they are")
    assert second == "nothing was changed; `--yes` does it"
    answer = json.loads(done.out)
    assert (answer["done"], answer["venues"][0]["runs"]) == (True, [])


def test_a_schema_is_printed_for_an_editor(innkeeper: Innkeeper, hotel: Path) -> None:
    journey = innkeeper("check", "--schema", "journey")
    venue = innkeeper("check", "--schema", "venue")
    both = innkeeper("check", hotel, "--schema", "venue")
    neither = innkeeper("check")

    assert "steps" in json.loads(journey.out)["properties"]
    assert "zones" in json.loads(venue.out)["properties"]
    assert [one.code for one in (both, neither)] == [2, 2]
    assert neither.err == "innkeeper: missing argument 'DIR'; `innkeeper --help` lists what is right\n"


def test_a_team_whose_channel_is_off_is_warned_about(innkeeper: Innkeeper, hotel: Path) -> None:
    venue = hotel / "venues/marlton/venue.yaml"
    venue.write_text(venue.read_text().replace("  front-desk: {", '  front-desk: {by: "webhook:desk", ', 1))

    code, out, err = innkeeper("check", hotel)

    assert code == 0
    assert "all is well" in out
    assert "warning: team 'front-desk' is told by webhook:desk, and hub.toml has no [webhook.desk]; until" in err
