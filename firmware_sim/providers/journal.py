"""What was accepted? One JSON line each, on its way to the disk before the provider answers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from firmware_sim.providers.clock import Now


class Journal:
    """The log of accepted requests."""

    def __init__(self, out: TextIO, now: Now) -> None:
        self._out = out
        self._now = now

    def accepted(self, provider: str, fields: Mapping[str, object], *, came: datetime | None = None) -> None:
        """Write one line, and flush it; `came` is when the request's last byte did, before we read what it says."""
        line: dict[str, object] = {"at": _text(self._now()), "kind": "accepted", "provider": provider, **fields}
        if came is not None:
            line["came"] = _text(came)
        self._out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        self._out.flush()


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


@contextmanager
def open_journal(path: Path, now: Now) -> Iterator[Journal]:
    """Append to the file; only its owner may read it, because it holds addresses."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as out:
        yield Journal(out, now)
