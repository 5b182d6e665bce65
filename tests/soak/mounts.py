"""Small disks of a test's own, where it may mount them; elsewhere the test is skipped with one line."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


EXT4_SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, from the kernel's ext4.h
NO_FLUSH = struct.pack("I", 2)  # EXT4_GOING_FLAGS_NOLOGFLUSH: what is not on the disk now never will be


@dataclass
class LoopDisk:
    """An ext4 in a file, whose power a test may cut."""

    image: Path
    path: Path

    def cut(self) -> None:
        """From now on nothing reaches the disk."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(descriptor, EXT4_SHUTDOWN, NO_FLUSH)
        finally:
            os.close(descriptor)

    def again(self) -> None:
        """The power is back: the disk as it was left."""
        assert _run("umount", str(self.path))
        assert _run("mount", "-o", "loop", str(self.image), str(self.path))


@contextmanager
def loop_disk(folder: Path, *, mib: int) -> Iterator[LoopDisk]:
    """An ext4 of so many MiB, where root may mount one."""
    image, path = folder / "disk.img", folder / "disk"
    path.mkdir()
    with image.open("wb") as out:
        out.truncate(mib << 20)
    made = os.geteuid() == 0 and _run("mkfs.ext4", "-q", "-F", str(image))
    if not made or not _run("mount", "-o", "loop", str(image), str(path)):
        pytest.skip("an ext4 on a loop device cannot be mounted here; root may, where the kernel lets it")
    try:
        yield LoopDisk(image, path)
    finally:
        _run("umount", "-l", str(path))
