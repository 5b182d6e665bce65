"""What the pages promise: links lead somewhere, commands can be typed, figures are those of the code."""

from __future__ import annotations

import argparse
import re
import shlex
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from firmware_sim.cli import _parser as sim_parser
from gateway.cli import arguments as gateway_parser
from hub.cli.main import build
from tests.architecture.pages import ROOT, all_pages, commands, page, prose, quoted, rows

PAGES = all_pages()
COMMANDS = sorted({(str(each.relative_to(ROOT)), line) for each in PAGES for line in commands(each.read_text())})


def _name(value: object) -> str:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else str(value)


@pytest.mark.parametrize("file", PAGES, ids=_name)
def test_every_relative_link_leads_to_something(file: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", prose(file.read_text()))

    missing = [
        link for link in links if "://" not in link and not (file.parent / link.partition("#")[0]).resolve().exists()
    ]

    assert missing == []


def test_every_page_of_the_docs_is_linked_from_the_readme_or_a_folder_that_is() -> None:
    readme = page("README.md")

    unlinked = [each.name for each in (ROOT / "docs").glob("*.md") if f"(docs/{each.name})" not in readme]

    assert unlinked == []
    assert "(docs/decisions/)" in readme


@pytest.mark.parametrize(
    "file", [*(ROOT / "docs").rglob("*.md"), ROOT / "SECURITY.md", ROOT / "CHANGELOG.md"], ids=_name
)
def test_no_line_is_longer_than_a_window_is_wide(file: Path) -> None:
    assert [line for line in file.read_text().splitlines() if len(line) > 120] == []


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(each.name[:3]) for each in (ROOT / "docs/decisions").glob("*.md"))

    assert numbers == list(range(1, len(numbers) + 1))


def _typer_words(words: list[str]) -> None:
    """Walk the program's own commands; what is not one of them, or no option of theirs, fails."""
    command: Any = typer.main.get_command(build(words))
    path = ["innkeeper"]
    options = {name for parameter in command.params for name in parameter.opts}
    for word in words:
        if word.startswith("-"):
            assert word.partition("=")[0] in options | {"--help", "--version"}, f"{' '.join(path)} has no {word}"
        elif getattr(command, "commands", None):
            if word in {"text", "json"} and len(path) == 1:
                continue
            assert word in command.commands, f"{' '.join(path)} has no {word}"
            command = command.commands[word]
            path.append(word)
            options |= {name for parameter in command.params for name in parameter.opts}
    assert not getattr(command, "commands", None) or "--help" in words or "--version" in words


def _argparse_words(parser: argparse.ArgumentParser, words: list[str]) -> None:
    options, found = set(parser._option_string_actions), parser
    for word in words:
        commands_of = next((each for each in found._actions if isinstance(each, argparse._SubParsersAction)), None)
        if word.startswith("-"):
            assert word in options, f"{found.prog} has no {word}"
        elif commands_of is not None:
            assert word in commands_of.choices, f"{found.prog} has no {word}"
            found = commands_of.choices[word]
            options |= set(found._option_string_actions)


@pytest.mark.parametrize(("file", "line"), COMMANDS, ids=_name)
def test_every_command_on_a_page_can_be_typed(file: str, line: str) -> None:
    program, *words = shlex.split(line.replace("…", ""))

    if program == "make":
        targets = set(re.findall(r"^([a-z]+):", page("Makefile"), re.MULTILINE))
        assert {word for word in words if "=" not in word} <= targets, file
    elif program == "innkeeper":
        _typer_words(words)
    else:
        _argparse_words(gateway_parser() if program == "innkeeper-gateway" else sim_parser(), words)


FIGURES = sorted(
    (str(each.relative_to(ROOT)), value, quoted(where)[0])
    for each in (ROOT / "docs").glob("*.md")
    for _, value, where in [row for row in rows(each.read_text()) if len(row) == 3]
    if re.fullmatch(r"`[a-z_]+(\.[a-z_0-9]+)+\.[A-Z_0-9]+`", where)
)
UNITS = {"s": 1, "min": 60, "h": 3600}


@pytest.mark.parametrize(("file", "said", "where"), FIGURES)
def test_every_figure_that_names_its_constant_is_that_constant(file: str, said: str, where: str) -> None:
    module, _, name = where.rpartition(".")
    number, _, unit = said.partition(" ")

    value = getattr(import_module(module), name)

    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    assert float(number) * UNITS.get(unit, 1) == seconds, f"{file} says {said} of {where}"


def test_figures_and_commands_are_found_at_all() -> None:
    assert len(FIGURES) >= 15
    assert len(COMMANDS) >= 40


@pytest.mark.parametrize("row", rows(page("docs/operate.md"), "the hub says"), ids=lambda row: row[0])
def test_every_log_line_on_the_page_is_one_that_the_hub_writes(row: list[str]) -> None:
    (sentence,) = quoted(row[0])

    assert any(f'"{sentence}' in file.read_text() for file in (ROOT / "hub").rglob("*.py"))
