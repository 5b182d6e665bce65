"""Would a test of the rules notice, if a line of them said something else?

Small changes, one at a time, each in a copy of `rules/`: a comparison turned round, `and` for `or`, one more, a
condition denied. The tests of the rules run on the copy, those of the changed file first; a change that none of them
notices survives. A sample of all places where such a change can be made, the same for the same MUTANTS_SEED.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).parents[2]
SAMPLE: Final = 60
AT_LEAST: Final = 0.85
WITHOUT: Final = ("schema.py", "language.py")  # tables; what they say is read by people
SEED: Final = 7
NOT_OF_TIME: Final = ("-k", "not in_two_seconds and not at_once and not before_they_are")
# Without the tests that measure time: a change that is only slow would seem to be noticed.


class Mutant(NamedTuple):
    """One change."""

    file: str
    line: int
    was: str
    text: str  # of the whole file


SWAPPED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


def mutants(file: Path) -> Iterator[Mutant]:
    """Every change that can be made in a file."""
    source = file.read_text()
    for number in range(sum(_can_change(node) for node in ast.walk(ast.parse(source)))):
        tree = ast.parse(source)
        node = [each for each in ast.walk(tree) if _can_change(each)][number]
        was, line = ast.unparse(node), getattr(node, "lineno", 0)
        _change(node)
        yield Mutant(file=file.name, line=line, was=was, text=ast.unparse(tree))


def _can_change(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=[operator]):
            return type(operator) in SWAPPED
        case ast.BoolOp() | ast.If() | ast.IfExp():
            return True
        case ast.Constant(value=value):
            return type(value) is int and value > 1
        case _:
            return False


def _change(node: ast.AST) -> None:
    match node:
        case ast.Compare():
            node.ops = [SWAPPED[type(node.ops[0])]()]
        case ast.BoolOp():
            node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)
        case ast.Constant(value=int(value)):
            node.value = value + 1


def test_every_kind_of_change_can_be_made() -> None:
    found = list(mutants(ROOT / "rules" / "limits.py"))

    assert len(found) >= 4
    assert all(ast.parse(mutant.text) for mutant in found)


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_most_changes_of_the_rules_are_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    every = [
        mutant for file in sorted((ROOT / "rules").glob("*.py")) if file.name not in WITHOUT for mutant in mutants(file)
    ]
    seed = int(os.environ.get("MUTANTS_SEED", SEED))
    sample = Random(seed).sample(every, int(os.environ.get("MUTANTS", SAMPLE)))  # noqa: S311  a sample, not a secret
    for name in ("rules", "tests", "pyproject.toml"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    assert _passes(tmp_path), "the tests fail without any change"

    survivors = 0
    with capsys.disabled():
        for mutant in sample:
            if _survives(tmp_path, mutant):  # told at once: an hour's work is not to be lost to whoever stops it
                survivors += 1
                _tell(f"  survived: rules/{mutant.file}:{mutant.line}: {mutant.was.splitlines()[0]}")
        noticed = 1 - survivors / len(sample)
        _tell(f"seed {seed}: {len(sample)} of {len(every)} changes, {noticed:.0%} noticed")
    assert noticed >= AT_LEAST


def _tell(line: str) -> None:
    sys.stdout.write(f"\n{line}")
    sys.stdout.flush()


def _survives(copy: Path, mutant: Mutant) -> bool:
    place = copy / "rules" / mutant.file
    before = place.read_text()
    place.write_text(mutant.text)
    try:
        return _passes(copy, first=mutant.file)
    finally:
        place.write_text(before)


def _passes(copy: Path, *, first: str = "") -> bool:
    tests = sorted((copy / "tests" / "rules").glob("test_*.py"), key=lambda test: test.name != f"test_{first}")
    names = [str(test.relative_to(copy)) for test in tests]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *NOT_OF_TIME, *names]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, check=False, timeout=300)
    except subprocess.TimeoutExpired:
        return False  # a change that never ends is noticed
    return done.returncode == 0
