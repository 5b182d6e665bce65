"""`innkeeper try`: what would come of it, and a line for what cannot be played."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.command import Innkeeper


def test_a_member_in_the_lobby_is_told_tonights_rates(innkeeper: Innkeeper, hotel: Path) -> None:
    code, out, err = innkeeper("try", hotel, "--guest", "member=yes", "09:00 enter lobby")

    assert (code, err) == (0, "")
    assert "welcome: sent - room-rates by push" in out
    assert "Rooms from €189" in out


def test_somebody_who_is_no_member_is_offered_membership(innkeeper: Innkeeper, hotel: Path) -> None:
    out = innkeeper("try", hotel, "09:00 enter lobby").out

    assert "join-the-club by email" in out


def test_the_story_goes_on_in_virtual_time(innkeeper: Innkeeper, hotel: Path) -> None:
    out = innkeeper(
        "try", hotel, "--guest", "member=yes", "--guest", "reservation=yes",
        *("09:00 enter lobby", "12:00 enter restaurant", "14:00 enter lobby"),
    ).out  # fmt: skip

    assert [word for line in out.splitlines() for word in ("welcome by", "meal-discount by") if word in line] == [
        "welcome by",
        "meal-discount by",
    ]
    assert "messaged in the last 24h" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--guest", "member", "09:00 enter lobby"], "--guest: found 'member'; right would be NAME=VALUE"),
        (["--guest", "vip=1", "09:00 enter lobby"], "unknown guest field 'vip'; known: member"),
        (["25:00 enter lobby"], "event '25:00 enter lobby' has no time"),
        (["09:00 enter bar"], "bar"),
        (["--venue", "x", "09:00 enter lobby"], "found venue 'x'; right would be --venue marlton"),
        ([], "missing argument 'EVENT…'"),
    ],
)
def test_what_cannot_be_played_is_one_line(innkeeper: Innkeeper, hotel: Path, words: list[str], told: str) -> None:
    code, out, err = innkeeper("try", hotel, *words)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_of_several_venues_one_has_to_be_named(innkeeper: Innkeeper, hotel: Path) -> None:
    other = hotel / "venues/annexe"
    other.mkdir()
    text = (hotel / "venues/marlton/venue.yaml").read_text()
    text = text.replace("venue: marlton", "venue: annexe").replace("-1]", "-9]")
    (other / "venue.yaml").write_text(text)

    unnamed = innkeeper("try", hotel, "09:00 enter lobby")
    named = innkeeper("try", hotel, "--venue", "annexe", "09:00 enter lobby")

    assert unnamed == (2, "", "innkeeper: found no --venue; right would be --venue annexe or marlton\n")
    assert named.code == 0


def test_a_venue_with_a_fault_is_not_played(innkeeper: Innkeeper, hotel: Path) -> None:
    file = hotel / "venues/marlton/venue.yaml"
    file.write_text(file.read_text().replace("languages:", "langages:"))

    code, out, err = innkeeper("try", hotel, "09:00 enter lobby")

    assert (code, out) == (2, "")
    assert err.startswith(f"{file}:5:1: ")


def test_a_journey_whose_example_fails_can_be_tried_to_see_why(innkeeper: Innkeeper, hotel: Path) -> None:
    file = hotel / "venues/marlton/journeys/welcome.yaml"
    file.write_text(file.read_text().replace("within: 4h ", "within: 5h "))

    code, out, err = innkeeper("try", hotel, "--guest", "member=yes", "09:00 enter lobby")

    assert code == 0
    assert "welcome: sent - room-rates by push" in out
    assert err.startswith(f"{file}:")
    assert "example 4 fails: expected 09:00 welcome; " in err


def test_a_program_reads_the_timeline_with_what_is_behind_each_line(innkeeper: Innkeeper, hotel: Path) -> None:
    out = innkeeper("try", hotel, "--guest", "member=yes", "09:00 enter lobby", "--json").out

    timeline = json.loads(out)["timeline"]
    event, *decisions = [line for line in timeline if line["kind"] != "sent"]
    [sent] = [line for line in timeline if line["kind"] == "sent"]
    assert event == {"at": "2026-01-05T09:00:00+00:00", "kind": "event", "text": "enter lobby"}
    reasons = [(line["decision"]["journey"], line["decision"]["reason"]) for line in decisions]
    assert reasons == [("complaint", "guard"), ("welcome", "matched"), ("welcome", "matched"), ("welcome", "done")]
    assert decisions[0]["decision"]["saw"] == {"guest.case_open": False}
    assert (sent["journey"], sent["message"], sent["ghost"], sent["language"]) == ("welcome", "room-rates", False, "en")
    assert sent["body"] == "Staying tonight? Rooms from €189. Tap to book."
