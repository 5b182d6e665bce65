"""Every pack that is shipped is sound: it passes its check, has a plan, and tells a story a person can follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.check import Checked, check_files
from tests.fakes.stage import CAPTURES, VENUES

PACKS = ("airport_lounge", "hotel", "museum", "shop", "stadium")


def files_of(pack: str) -> dict[str, str]:
    return {path.relative_to(VENUES).as_posix(): path.read_text() for path in (VENUES / pack).rglob("*.yaml")}


def checked(pack: str) -> Checked:
    return check_files(files_of(pack), carried=frozenset({"push", "email"}))


def test_the_packs_are_these() -> None:
    assert tuple(sorted(path.parent.name for path in VENUES.glob("*/venue.yaml"))) == PACKS


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_passes_its_check_without_a_word(pack: str) -> None:
    found = checked(pack)

    assert (found.faults, found.warnings) == ((), ())
    assert all(example.passed for example in found.examples)


@pytest.mark.parametrize("pack", PACKS)
def test_each_journey_shows_what_it_does_and_when_it_does_nothing(pack: str) -> None:
    [book] = checked(pack).rulebooks.values()

    for journey in book.journeys:
        assert len(journey.examples) >= 2, journey.name
        assert journey.about, journey.name


@pytest.mark.parametrize("pack", PACKS)
def test_each_pack_has_a_plan_and_a_story(pack: str) -> None:
    files = files_of(pack)

    assert f"{pack}/floorplan.yaml" in files
    told = [name for name, text in files.items() if "/journeys/" in name and text.startswith("# ")]
    printed = {"hotel/journeys/welcome.yaml", "hotel/journeys/pool.yaml", "hotel/journeys/gym.yaml"}
    assert {name for name in files if "/journeys/" in name} - set(told) <= {
        *printed,
        "airport_lounge/journeys/lounge.yaml",
    }


def test_the_welcome_is_as_it_was_printed() -> None:
    printed: Path = CAPTURES / "marlton/journeys/welcome.yaml"

    assert (VENUES / "hotel/journeys/welcome.yaml").read_text() == printed.read_text()


def test_the_packs_speak_the_whole_language() -> None:
    words = "\n".join("\n".join(files_of(pack).values()) for pack in PACKS)

    verbs = ("send:", "tell:", "wait:", "choose:", "split:", "set:", "emit:")
    waits = ("wait: until 1", "wait: until guest.", "wait: quiet ", "wait: clicked ", "wait: opened ", "wait: 1h")
    tops = (
        "once: ever",
        "once: per day",
        "once: per guest.",
        "once: per 7d",
        "every day 17:30",
        "dwell ",
        "within: 3m",
    )
    assert [word for word in (*verbs, *waits, *tops, "link.resume", "escalate:") if word not in words] == []
