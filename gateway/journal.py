"""What if the gateway is killed while the hub has not yet confirmed what is in memory?

Each batch is also appended to a file that is never synced: it costs no wear of the flash, survives the process but not
a power cut, and says which numbers were used. systemd's RuntimeDirectory is the place for it. It is written anew when
most of it is confirmed. Should it fail, it is removed: none at all is better than one that misses something, for a
number that is used twice would be taken for a repeat.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from struct import error as struct_error
from typing import BinaryIO, Final
from zlib import crc32

from gateway.errors import SpoolBroken
from gateway.held import Held, pack_rows, unpack_rows

MAX_BYTES: Final = 1 << 18  # then it is written anew
_HEAD: Final = Struct("<II")  # length of what follows, and its checksum
_BATCH: Final = Struct("<HIQq")  # length of the epoch that follows, bucket, seq, ms of the making

logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Recovered:
    """What the last run left in memory."""

    next_seq: dict[int, int] = field(default_factory=dict)
    batches: list[Held] = field(default_factory=list)  # some may be confirmed; the hub knows


class Journal:
    """The batches in memory, once more."""

    def __init__(self, path: Path, *, epoch: str, boot: str) -> None:
        self._path = path
        self._epoch = epoch
        self._boot = boot
        self._file: BinaryIO | None = None
        self._size = 0

    def begin(self, next_seq: Mapping[int, int], held: Iterable[Held]) -> None:
        """Write it anew: where the numbers stand, and these batches."""
        self._close()
        fresh = self._path.with_suffix(".new")
        about = {"epoch": self._epoch, "boot": self._boot, "next": {str(key): seq for key, seq in next_seq.items()}}
        records = [json.dumps(about).encode(), *(_pack(each) for each in held)]
        try:
            with fresh.open("wb") as file:
                file.writelines(_record(record) for record in records)
            fresh.chmod(0o600)
            fresh.replace(self._path)
            self._file = self._path.open("ab", buffering=0)
            self._size = 0  # what is held counts as little: it would be written anew for each batch otherwise
        except OSError as fault:
            self._give_up(fault)

    @property
    def is_long(self) -> bool:
        """Is it time to begin anew?"""
        return self._size > MAX_BYTES

    @property
    def works(self) -> bool:
        """Does it hold everything?"""
        return self._file is not None

    def note(self, held: Held) -> None:
        """One more batch."""
        if self._file is None:
            return
        record = _record(_pack(held))
        try:
            if self._file.write(record) != len(record):
                raise OSError("a short write")  # noqa: TRY301  the same as any other fault of the disk
        except OSError as fault:
            self._give_up(fault)
        self._size += len(record)

    def end(self) -> None:
        """All is on the disk: no journal is left."""
        self._close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _give_up(self, fault: OSError) -> None:
        logger.warning("No journal; a kill may cost the last seconds", extra={"fault": fault.strerror or str(fault)})
        self.end()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def recover(path: Path, *, epoch: str, boot: str) -> Recovered | None:
    """What the journal of this epoch and boot holds; None when there is none. A torn end is left out."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    records = list(_records(data))
    try:
        about = json.loads(records[0])
        if about["epoch"] != epoch or about["boot"] != boot:
            return None
        found = Recovered(next_seq={int(bucket): int(seq) for bucket, seq in about["next"].items()})
        for record in records[1:]:
            held = _unpack(record, epoch)
            found.batches.append(held)
            if held.epoch == epoch:
                found.next_seq[held.bucket] = max(held.seq + 1, found.next_seq.get(held.bucket, 1))
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, struct_error, SpoolBroken):
        return None
    return found


def _record(content: bytes) -> bytes:
    return _HEAD.pack(len(content), crc32(content)) + content


def _records(data: bytes) -> Iterable[bytes]:
    at = 0
    while at + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, at)
        content = data[at + _HEAD.size : at + _HEAD.size + length]
        if len(content) != length or crc32(content) != checksum:
            return
        yield content
        at += _HEAD.size + length


def _pack(held: Held) -> bytes:
    epoch = held.epoch.encode()
    head = _BATCH.pack(len(epoch), held.bucket, held.seq, round(held.made_at * 1000))
    return head + epoch + pack_rows(held.rows, held.made_at)


def _unpack(record: bytes, epoch: str) -> Held:
    length, bucket, seq, made_ms = _BATCH.unpack_from(record)
    rows = _BATCH.size + length
    found = record[_BATCH.size : rows].decode()
    made_at = made_ms / 1000
    return Held(epoch if found == epoch else found, bucket, seq, unpack_rows(record[rows:], made_at), made_at)
