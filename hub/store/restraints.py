"""What must hold although a backup is older than it? Who was erased, and what was withdrawn, beside the database.

One line each, appended and on the disk before the database is changed; a guest is named by a keyed hash, which alone
leads nobody to her. A line whose change then failed restrains more than was asked, never less.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Iterator
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
    """The file, as a hub writes it."""

    path: Path
    key: bytes

    def erased(self, guest: str, at_us: int) -> None:
        """Note it, durably. Blocks. Raises StoreFailed."""
        self._append(Restraint(at_us=at_us, what=ERASED, guest=_hash(self.key, guest)))

    def withdrawn(self, guest: str, purpose: str, channel: str, at_us: int) -> None:
        """Note it, durably. Blocks. Raises StoreFailed."""
        named = _hash(self.key, guest)
        self._append(Restraint(at_us=at_us, what=WITHDRAWN, guest=named, purpose=purpose, channel=channel))

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
class Noted:
    """The file, as a restore reads it."""

    path: Path
    keys: tuple[bytes, ...]  # under any of which a guest may be named in it

    def lines(self) -> Iterator[Restraint]:
        """All of them, oldest first; a line that a crash cut short was never answered for.

        Raises:
            StoreFailed: the disk refused.
        """
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

    def named(self, guests: Iterable[str]) -> dict[str, str]:
        """Who is meant by each name that these guests may have in it."""
        return {_hash(key, guest): guest for guest in guests for key in self.keys}


def _hash(key: bytes, guest: str) -> str:
    return hmac.digest(key, guest.encode(), "sha256").hex()


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
