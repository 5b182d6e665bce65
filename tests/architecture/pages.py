"""What do the pages for people say? Tables, code blocks, links and commands of a Markdown file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import wire

ROOT = Path(wire.__file__).parents[1]


def all_pages() -> list[Path]:
    """Every Markdown file of ours."""
    kept = ("docs", "wire", "rules", "deploy", "firmware_sim", "gateway", "hub", "tests")
    return sorted([*ROOT.glob("*.md"), *(page for folder in kept for page in (ROOT / folder).rglob("*.md"))])


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next of its rank or above."""
    rank = len(heading) - len(heading.lstrip("#"))
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{rank}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section {heading!r}"
    return found[1]


def rows(text: str, *header: str) -> list[list[str]]:
    """The rows of all tables whose header begins so; without one, of all tables, headers included."""
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif header and cells[: len(header)] == list(header):
            inside = True
        elif (inside or not header) and not set(line) <= set("|- "):
            found.append(cells)
    return found


def quoted(cell: str) -> list[str]:
    """The words in backticks."""
    return re.findall(r"`([^`\n]+)`", prose(cell))


def firsts(found: list[list[str]]) -> list[str]:
    """Every word in backticks of the first cells."""
    return [word for row in found for word in quoted(row[0])]


def blocks(text: str, kind: str) -> list[str]:
    """The code blocks of a kind."""
    found = re.findall(r"^```([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)  # in order: an end is no beginning
    return [block for named, block in found if named == kind]


def prose(text: str) -> str:
    """Everything but the code blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def commands(text: str) -> Iterator[str]:
    """Every line of a shell block that calls one of our programs or make, and every such call in backticks."""
    for block in blocks(text, "sh") + blocks(text, ""):
        for line in block.replace("\\\n", " ").splitlines():
            yield from _ours(line)
    for words in re.findall(r"`([^`\n]+)`", prose(text)):
        yield from _ours(words)


def _ours(line: str) -> Iterator[str]:
    line = re.sub(r"\s#.*", "", line).strip()
    if re.match(r"(innkeeper(-gateway|-sim)?|make) [a-z-]", line):
        yield line
