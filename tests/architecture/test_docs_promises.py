"""Every promise about gateways on the page is proved where it says, and every proof is on the page."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from tests.architecture.pages import ROOT, page, quoted, section

SECTION = section(page("docs/gateway.md"), "## What is promised, and what proves it")
TOLD = {
    int(number): set(quoted(text))
    for number, text in re.findall(r"^- \*\*P(\d+)\.\*\*(.*?)(?=^- |\Z)", SECTION, re.MULTILINE | re.DOTALL)
}


def proofs() -> dict[int, set[str]]:
    """The files that hold a test of each promise, by what the tests are called."""
    found: dict[int, set[str]] = defaultdict(set)
    for file in (ROOT / "tests").rglob("test_*.py"):
        for name in re.findall(r"^ *(?:async )?def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE):
            for number in re.findall(r"(?<=_p)\d+(?=_)", name):
                found[int(number)].add(str(file.relative_to(ROOT / "tests")))
    return found


@pytest.mark.parametrize("number", sorted(TOLD))
def test_a_promise_is_proved_where_the_page_says(number: int) -> None:
    assert proofs()[number] == TOLD[number]


def test_every_promise_about_gateways_is_on_the_page() -> None:
    assert set(range(24, 36)) == TOLD.keys()
