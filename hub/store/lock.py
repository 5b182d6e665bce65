"""Is another hub at work in this data directory? The kernel frees this lock when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hub.errors import StoreFailed, StoreInUse

_NAME: Final = "hub.lock"
_PID_BYTES: Final = 32  # far more than a process id has digits


@contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Keep every other hub out of a data directory; make the directory, not its parents, when there is none.

    The file stays behind when the lock is let go: to delete it would let two hubs hold two files of one name.

    Raises:
        StoreInUse: somebody holds it; the message says which process.
        StoreFailed: the directory cannot be made or written to.
    """
    try:
        data_dir.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(data_dir / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise StoreFailed(f"{exc.filename or data_dir}: {(exc.strerror or str(exc)).lower()}") from exc
    try:
        _lock(descriptor, data_dir)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, data_dir: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        holder = os.pread(descriptor, _PID_BYTES, 0).decode("ascii", "replace").strip() or "unknown"
        raise StoreInUse(
            f"{data_dir}: found in use by process {holder}; right would be one hub for each data directory"
        ) from exc
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError as exc:
        raise StoreFailed(f"{data_dir / _NAME}: {(exc.strerror or str(exc)).lower()}") from exc
