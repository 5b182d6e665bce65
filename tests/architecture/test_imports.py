"""Who may import whom is kept by the contracts in pyproject.toml, and breaking one is noticed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import wire

ROOT = Path(wire.__file__).parents[1]
PROGRAMS = ("wire", "gateway", "hub", "rules", "firmware_sim")


def lint(folder: Path) -> tuple[int, str]:
    """What `lint-imports` says there."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, " ".join(done.stdout.split())  # its lines are as wide as the terminal


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The programs' own modules, where one may be spoilt."""
    for program in PROGRAMS:
        shutil.copytree(ROOT / program, tmp_path / program, ignore=_no_modules)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _no_modules(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not (name.endswith(".py") or (Path(folder, name).is_dir() and name[0] != "_"))]


def test_every_contract_is_kept() -> None:
    code, said = lint(ROOT)

    kept = re.search(r"Contracts: (\d+) kept, 0 broken", said)
    assert code == 0, said
    assert kept is not None
    assert int(kept[1]) >= 8


@pytest.mark.parametrize(
    ("module", "planted", "contract"),
    [
        ("gateway/reading.py", "import hub", "2 The gateway knows wire alone BROKEN"),
        ("firmware_sim/radio.py", "import rules", "3 The simulator never reads the hub or the rules BROKEN"),
        ("rules/decide.py", "import hub.clock", "4 wire and rules stand on nothing of ours BROKEN"),
        ("hub/presence/margin.py", "import hub.ingest.age", "7 The hub's floors, from the door to the cellar BROKEN"),
        (
            "hub/journeys/engine.py",
            "import wire.tag",
            "9 journeys, outbox, channels and measure never see a tag BROKEN",
        ),
        ("wire/tag.py", "import time", "no I/O, read no clock, roll no dice, start no task BROKEN"),
    ],
)
def test_a_module_that_imports_what_it_must_not_is_found(copy: Path, module: str, planted: str, contract: str) -> None:
    file = copy / module
    file.write_text(f"{file.read_text()}\n{planted}\n")

    code, said = lint(copy)

    assert code == 1
    assert contract in said
