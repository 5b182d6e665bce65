"""What a benchmark writes into docs/figures.md takes nothing else away."""

from __future__ import annotations

from tests.bench.__main__ import PAGE, SECTION, with_section


def test_benchmarks_are_added_after_the_long_proofs() -> None:
    page = "# Figures\n\n## Delivery\n\n| P1 | 0 twice |\n"

    assert with_section(page, "a table\n") == f"{page}\n{SECTION}\na table\n"


def test_benchmarks_written_again_replace_only_themselves() -> None:
    page = f"# Figures\n\n## Delivery\n\nrows\n\n{SECTION}\nan old table\n\n## Presence\n\nmore\n"

    assert with_section(page, "new\n") == page.replace("an old table\n", "new\n")


def test_the_page_keeps_the_proofs_of_delivery() -> None:
    page = PAGE.read_text()

    assert page.split(SECTION)[0].rstrip() in with_section(page, "new\n")
    assert "| P1 kill sweep |" in page.split(SECTION)[0]
