"""Under which key do a venue's tags get their pseudonyms? One file a venue, 64 hex digits that only we may read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hub.errors import BadConfig

KEY_BYTES: Final = 32
REPLACED: Final = ".replaced"  # after the name of what a restore has put aside; of keys, the second has a number too
DRAFT: Final = ".new"  # in place of the last ending, until it is whole
_RIGHT: Final = "64 hex digits; without the file a new key is made, and gateways learn it"


def venue_key(folder: Path, venue: str, *, draw: Callable[[int], bytes] = secrets.token_bytes) -> bytes:
    """The venue's key from `{data_dir}/keys`; made when there is none.

    Raises:
        BadConfig: the file cannot be read or written, or holds no key.
    """
    key = known_key(folder, venue)
    if key is not None:
        return key
    path = _path(folder, venue)
    try:
        return _make(path, draw(KEY_BYTES))
    except OSError as exc:
        raise BadConfig(f"{path}: {(exc.strerror or str(exc)).lower()}") from exc


def known_key(folder: Path, venue: str) -> bytes | None:
    """The key that is there. Raises BadConfig as `venue_key` does."""
    path = _path(folder, venue)
    try:
        return _read(path)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise BadConfig(f"{path}: {(exc.strerror or str(exc)).lower()}") from exc


def known_keys(folder: Path, venue: str) -> tuple[bytes, ...]:
    """The key that is there, and those that restores have put aside. Raises BadConfig as `venue_key` does."""
    path = _path(folder, venue)
    now = known_key(folder, venue)
    beside = sorted(folder.glob(f"{path.name}{REPLACED}*"))
    aside = tuple(_read(each) for each in beside if each.suffix != DRAFT)
    return aside if now is None else (now, *aside)


def put_aside(path: Path) -> None:
    """Keep a key that is about to be replaced beside the file, and all that were put aside before."""
    key = path.read_bytes()
    beside = path.with_name(path.name + REPLACED)
    number = 1
    while beside.exists():
        if beside.read_bytes() == key:
            return
        number += 1
        beside = path.with_name(f"{path.name}{REPLACED}.{number}")
    write_secret(beside, key)


def _path(folder: Path, venue: str) -> Path:
    return folder / f"{venue}.key"


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError as exc:
        raise BadConfig(f"{path}: found no key; right would be {_RIGHT}") from exc  # its content may be a secret
    if len(key) != KEY_BYTES:
        raise BadConfig(f"{path}: found {len(key)} bytes; right would be {_RIGHT}")
    return key


def _make(path: Path, key: bytes) -> bytes:
    write_secret(path, f"{key.hex()}\n".encode())
    return key


def write_secret(path: Path, content: bytes) -> None:
    """Written whole and durably before it has its name: a half-written key would rename every tag at the next start."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_suffix(DRAFT)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    flush(path.parent)


def flush(folder: Path) -> None:
    """What was renamed or removed in it stays so after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
