"""What a gateway's folder and its payloads hold, unpacked, for whoever searches them."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path


def inflated(payload: bytes) -> bytes:
    return payload if payload[:1] in {b"{", b""} else zlib.decompress(payload)


def on_disk(folder: Path) -> bytes:
    """Every file as it is, and the rows of every spool; its gateway is gone, for it shares its spool with nobody."""
    return b"".join([*_files(folder), *_spooled(folder)])


def _files(folder: Path) -> Iterator[bytes]:
    return (file.read_bytes() for file in folder.rglob("*") if file.is_file())


def _spooled(folder: Path) -> Iterator[bytes]:
    for file in folder.rglob("spool.db"):
        with closing(sqlite3.connect(file)) as db:
            yield from (zlib.decompress(rows) for (rows,) in db.execute("SELECT rows FROM batches"))
