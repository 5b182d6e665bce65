"""What must hold although a backup is older than it? Who was erased, and what was withdrawn, beside the database.

One line each, appended and on the disk before the database is changed; a guest is named by a keyed hash, which alone
leads nobody to her. A line whose change then failed restrains more than was asked, never less.

A backup keeps how far the file had come (`Position`): what stands behind that is done again when it is restored. The
times of the lines put nothing into order, for clocks jump; they name the statement of the ledger that says the same.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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

    at_us: int  # as in the ledger's own statement of it
    what: str
    guest: str  # hashed
    purpose: str = ""
    channel: str = ""


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the file; in another file, or in one that was begun anew, it is none."""

    length: int  # bytes before it
    sha256: str  # of these


@dataclass(frozen=True, slots=True, kw_only=True)
class Restraints:
    """The file, as a hub writes it."""

    path: Path
    key: bytes
    _begun: list[int] = field(default_factory=list, init=False, repr=False, compare=False)  # how far the file was then

    def erased(self, guest: str, at_us: int) -> None:
        """Note it, durably. Blocks. Raises StoreFailed."""
        self._append(Restraint(at_us=at_us, what=ERASED, guest=_hash(self.key, guest)))

    def withdrawn(self, guest: str, purpose: str, channel: str, at_us: int) -> None:
        """Note it, durably. Blocks. Raises StoreFailed."""
        named = _hash(self.key, guest)
        self._append(Restraint(at_us=at_us, what=WITHDRAWN, guest=named, purpose=purpose, channel=channel))

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """What is noted in here is handed to the database in here too, or never. Raises StoreFailed."""
        begun = self._length()
        self._begun.append(begun)
        try:
            yield
        finally:
            self._begun.remove(begun)

    def settled(self) -> Position:
        """How far the database knows the file: a copy of it that is begun later does. Blocks. Raises StoreFailed."""
        length = self._length()  # before the other: what has ended between the two is known
        length = min([length, *self._begun])
        return Position(length=length, sha256=_sha256(_read(self.path)[:length]))

    def _length(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as exc:
            raise StoreFailed(f"{self.path}: {(exc.strerror or str(exc)).lower()}") from exc

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

    def lines(self, after: Position | None) -> Iterator[Restraint]:
        """Those after a position, oldest first; all, where this file has no such position.

        A line that a crash cut short was never answered for. Raises StoreFailed when the disk refuses.
        """
        text = _read(self.path)
        if after is not None and _sha256(text[: after.length]) == after.sha256:
            text = text[after.length :]
        for line in text.splitlines():
            try:
                yield msgspec.json.decode(line, type=Restraint)
            except msgspec.DecodeError:
                continue

    def named(self, guests: Iterable[str]) -> dict[str, str]:
        """Who is meant by each name that these guests may have in it."""
        return {_hash(key, guest): guest for guest in guests for key in self.keys}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as exc:
        raise StoreFailed(f"{path}: {(exc.strerror or str(exc)).lower()}") from exc


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


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
