"""Habits that no linter keeps: style.md's words, read in the source."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import wire

ROOT = Path(wire.__file__).parents[1]
PROGRAMS = ("wire", "gateway", "hub", "rules", "firmware_sim")
LONGEST_FILE = 400  # style.md says: ask at 200, split at 300. What is mostly a table may run on; this is the wall
EXCEPTION = re.compile(
    r"#\s*(?P<kind>noqa|type:\s*ignore)(?P<codes>(: [A-Z]+\d+(, [A-Z]+\d+)*)|(\[[a-z-]+(, [a-z-]+)*\]))?"
)


def modules(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def comments(file: Path) -> Iterator[tuple[int, str]]:
    with tokenize.open(file) as source:
        for token in tokenize.generate_tokens(source.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def test_no_module_hides_an_import_from_the_interpreter() -> None:
    hiding = [
        file
        for file in modules(*PROGRAMS, "tests")
        if re.search(r"^if (typing\.)?TYPE_CHECKING", file.read_text(), re.MULTILINE)
    ]

    assert hiding == []


def test_an_exception_from_the_checks_names_its_code_and_its_reason() -> None:
    bare = [
        f"{file.relative_to(ROOT)}:{line}: {comment}"
        for file in modules(*PROGRAMS, "tests")
        for line, comment in comments(file)
        for found in EXCEPTION.finditer(comment)
        if found["codes"] is None or not comment[found.end() :].strip(" #")
    ]

    assert bare == []


@pytest.mark.parametrize(
    ("comment", "sound"),
    [
        ("# noqa", False),
        ("# noqa: S101", False),
        ("# noqa: S101  ours", True),
        ("# type: ignore", False),
        ("# type: ignore[arg-type]", False),
        ("# type: ignore[arg-type]  # paho has no types", True),
    ],
)
def test_what_counts_as_a_reason(comment: str, sound: bool) -> None:  # noqa: FBT001  a parameter of the test
    found = EXCEPTION.search(comment)

    assert found is not None
    assert (found["codes"] is not None and bool(comment[found.end() :].strip(" #"))) is sound


def test_every_module_opens_with_what_it_is_about() -> None:
    mute = [file for file in modules(*PROGRAMS) if file.read_text().strip() and not file.read_text().startswith('"""')]

    assert mute == []


def test_a_file_is_one_subject() -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for file in modules(*PROGRAMS)
        if (lines := len(file.read_text().splitlines())) > LONGEST_FILE and "migrations" not in file.parts
    }

    assert long == {}


def test_no_module_is_named_by_what_it_does_not_say() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}

    assert [file for file in modules(*PROGRAMS) if vague & set(file.stem.split("_"))] == []
