"""Small disks of a test's own, where it may mount them; elsewhere the test is skipped with one line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _run(*words: str) -> bool:
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@contextmanager
def small_disk(where: Path, *, mib: int) -> Iterator[Path]:
    """A tmpfs of so many MiB."""
    where.mkdir()
    if os.geteuid() != 0 or not _run("mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(where)):
        pytest.skip("a tmpfs cannot be mounted here; root may")
    try:
        yield where
    finally:
        _run("umount", "-l", str(where))


def fill(folder: Path) -> Path:
    """Write until nothing more fits; the file that did it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as out:
        for size in (1 << 16, 1 << 12, 1 << 9, 1):
            try:
                while True:
                    out.write(b"x" * size)
            except OSError:
                continue
    return filler
