"""How does a command read a file that somebody names, and write one, so that bad input is one line and nothing is lost?

What is written stands beside until it is whole, and then takes the name: who stops half-way, or runs out of disk, still
has what was there. Pipes and devices have no beside; they are written as they are.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EISDIR
from pathlib import Path
from typing import IO, Final, TypeVar

import typer

from hub.errors import BadRequest

T = TypeVar("T")

PROGRESS_EVERY: Final = 250_000  # readings: a few seconds

_DESCRIPTOR: Final = re.compile(r"/(?:dev|proc/self)/fd/(\d{1,9})")
_STANDARD: Final = {"/dev/stdout": 1, "/dev/stderr": 2}


class Output:
    """What is being written."""

    def __init__(self, path: Path, file: IO[str]) -> None:
        self._path = path
        self._file = file

    def write(self, text: str) -> None:
        """Raises BadRequest when there is no room for it."""
        with _told(self._path, "written"):
            self._file.write(text)


@contextmanager
def writing(path: Path) -> Iterator[Output]:
    """What the block writes is the file, once the block has ended well; otherwise all is as it was.

    Raises:
        BadRequest: it cannot be written; all that can be known at once is told before the block begins.
    """
    with _told(path, "written"):
        draft = None if is_stream(path) else _beside(path)
        file = _stream(path) if draft is None else _text(draft, "x", zipped=path.suffix == ".gz")
    try:
        yield Output(path, file)
        with _told(path, "written"):
            file.close()
            if draft is not None:
                target = Path(os.path.realpath(path))
                if target.exists():
                    shutil.copymode(target, draft)
                draft.replace(target)
    finally:
        with suppress(OSError):
            file.close()
        if draft is not None:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a text, with or without a byte order mark; `.gz` is read. Raises BadRequest when it is none."""
    with (
        _told(path, "read"),
        gzip.open(path, "rt", encoding="utf-8-sig")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8-sig") as file,
    ):
        for line in file:
            yield line.rstrip("\n")


def progress(rows: Iterable[T]) -> Iterator[T]:
    """The same; how many, now and then, on standard error."""
    for number, row in enumerate(rows, 1):
        yield row
        if number % PROGRESS_EVERY == 0:
            typer.echo(f"{number:,} readings", err=True)


def check_apart(written: Iterable[tuple[str, Path | None]], read: Iterable[Path | None]) -> None:
    """Raise BadRequest when an option that is written names a file that is read, or that another one writes."""
    known = [path for path in read if path is not None]
    for option, path in written:
        if path is None or is_stream(path):
            continue
        if any(_is_same(path, other) for other in known):
            raise BadRequest(f"{option}: found {path}, which is used already; right would be a file of its own")
        known.append(path)


def is_stream(path: Path) -> bool:
    """Is it a pipe or a device, which is nobody's file?"""
    if str(path) in _STANDARD or _DESCRIPTOR.fullmatch(str(path)):
        return True
    with suppress(OSError):
        return path.exists() and not path.is_file() and not path.is_dir()
    return False


def _is_same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)


def _beside(path: Path) -> Path:
    """Where the draft stands: by the file itself, also when `path` is a link to it."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(EACCES, os.strerror(EACCES))
    return target.with_name(f".{target.name}.{os.getpid()}")


def _stream(path: Path) -> IO[str]:
    """A descriptor that the shell has opened goes on where it is; opened anew, it would be written over."""
    number = _STANDARD.get(str(path))
    found = _DESCRIPTOR.fullmatch(str(path))
    if number is None and found is None:
        return _text(path, "w", zipped=path.suffix == ".gz")
    sys.stdout.flush()
    return os.fdopen(os.dup(int(found[1]) if found else number or 1), "w", encoding="utf-8")


def _text(path: Path, mode: str, *, zipped: bool) -> IO[str]:
    if zipped:
        return gzip.open(path, "xt" if mode == "x" else "wt", encoding="utf-8")
    return path.open(mode, encoding="utf-8")


@contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # the reader has gone away, which is no fault
    except (OSError, EOFError, UnicodeError, zlib.error) as exc:
        why = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise BadRequest(f"{path}: cannot be {what}: {why.lower()}") from exc
