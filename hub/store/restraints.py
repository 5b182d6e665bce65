"""What must hold although a backup is older than it? Who was erased, and what was withdrawn, beside the database.

One line each, appended and on the disk before the database is changed; a guest is named by a keyed hash, which alone
leads nobody to her. A line whose change then failed restrains more than was asked, never less.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from hub.errors import StoreFailed
from hub.store.reserve import NAME as RESERVE_NAME
from hub.store.reserve import Reserve

NAME: Final = "restraints.jsonl"
ERASED: Final = "erased"
WITHDRAWN: Final = "withdrawn"


class Restraint(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    at_us: int
    what: str
    guest: str  # hashed
    purpose: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restraints:
    """The file."""

    path: Path
    key: bytes

    def erased(self, guest: str, at_us: int) -> None:
        """Note it, durably. Blocks. Raises StoreFailed."""
        self._append(Restraint(at_us=at_us, what=ERASED, guest=self.hash_of(guest)))

    def withdrawn(self, guest: str, purpose: str, channel: str, at_us: int) -> None:
        """Note it, durably. Blocks. Raises StoreFailed."""
        self._append(
            Restraint(at_us=at_us, what=WITHDRAWN, guest=self.hash_of(guest), purpose=purpose, channel=channel)
        )

    def hash_of(self, guest: str) -> str:
        """A guest's name in the file."""
        return hmac.digest(self.key, guest.encode(), "sha256").hex()

    def lines(self) -> Iterator[Restraint]:
        """All of them, oldest first; a line that a crash cut short was never answered for."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as exc:
            raise StoreFailed(f"{self.path}: {(exc.strerror or str(exc)).lower()}") from exc
        for line in text.splitlines():
            try:
                yield msgspec.json.decode(line, type=Restraint)
            except msgspec.DecodeError:
                continue

    def _append(self, restraint: Restraint) -> None:
        line = b"\n" + msgspec.json.encode(restraint)  # the newline first: it ends what a crash may have cut short
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as exc:
            raise StoreFailed(f"{self.path}: {(exc.strerror or str(exc)).lower()}") from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguards:
    """What stands behind a withdrawal and an erasure, besides the database."""

    restraints: Restraints
    reserve: Reserve


def safeguards(data_dir: Path, key: bytes) -> Safeguards:
    """Those of one data directory."""
    return Safeguards(
        restraints=Restraints(path=data_dir / NAME, key=key), reserve=Reserve(path=data_dir / RESERVE_NAME)
    )
