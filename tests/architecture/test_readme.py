"""The README names the house as it stands, and its glossary is the code's own language."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import wire

ROOT = Path(wire.__file__).parents[1]
README = (ROOT / "README.md").read_text()
ROOMS = ("wire", "gateway", "hub", "rules", "firmware_sim")
SPELT: Final = {"tx power": "power_dbm"}  # a unit ends the name
NOT_YET: Final = {"conversion", "lift"}  # what measuring will bring; a word leaves this list when the code has it


def test_the_rooms_of_the_readme_are_those_of_the_house() -> None:
    named = set(re.findall(r"^\| `([a-z_]+)/` \|", README, re.MULTILINE))

    assert named == {*ROOMS, "tests", "deploy"}
    assert all((ROOT / room).is_dir() for room in named)


def test_the_pages_of_the_story_that_the_readme_names_tell_it() -> None:
    for page in ("hub/pipeline.py", "gateway/pipeline.py", "rules/venues/hotel/journeys/welcome.yaml"):
        assert f"({page})" in README
        assert (ROOT / page).is_file()


def test_two_commands_are_enough_for_a_newcomer() -> None:
    shown = README.partition("## Two commands")[2].partition("## ")[0]
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    named = set(re.findall(r"(?:^|`)make ([a-z]+)", shown, re.MULTILINE))

    assert {"demo", "test"} <= named <= targets


def test_the_glossarys_words_are_those_of_the_code() -> None:
    table = README.partition("## Glossary")[2]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", table, re.MULTILINE)[2:]  # below the header and its line
    words = {word.lower() for row in rows for word in row.split(", ")}
    source = "\n".join(file.read_text().lower() for room in ROOMS for file in (ROOT / room).rglob("*.py"))

    unused = {word for word in words if not re.search(rf"\b{SPELT.get(word, word).replace(' ', '[ _-]')}", source)}

    assert len(words) >= 30
    assert unused == NOT_YET
