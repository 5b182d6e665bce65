"""What is a batch between its making and the hub's word? In memory, as bytes on the disk, and as it goes out.

On the disk a row is 28 bytes before compression, its times as ages at the batch's making: 24 hours of twenty tags that
never stand still fit in 50 MiB. What was made before the machine booted has another monotonic clock; `placed` says how
old it is all the same.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from struct import Struct
from struct import error as struct_error
from typing import Final, NamedTuple

from gateway.errors import SpoolBroken
from gateway.window import Sighting
from wire.mqtt.batch import Batch, Row
from wire.mqtt.rows import MAX_AGE_MS
from wire.pseudonym import Pseudonym

ROW_BYTES: Final = 320  # of memory: a tuple of seven and its numbers
BATCH_BYTES: Final = 400  # of memory, besides its rows

_ROW: Final = Struct("<12sIIIhbb")  # pseudonym, ms before the making of first and last, readings, mean x 10, max, last
_MAX_MS: Final = 0xFFFFFFFF
_MAX_READINGS: Final = 1_000_000


@dataclass(slots=True, eq=False)
class Held:
    """One batch that the hub has not confirmed."""

    epoch: str
    bucket: int
    seq: int
    rows: Sequence[Sighting]
    made_at: float  # monotonic seconds of this boot; negative when it was made before
    handed_at: float | None = None  # None: never yet
    gone: bool = False  # confirmed, or given up
    stored: bool = False  # it lies in the file too
    withdrawn: int = 0  # rows that were left out when it was handed over last
    size: int = field(init=False)  # bytes of memory, as it was put in

    def __post_init__(self) -> None:
        self.size = BATCH_BYTES + ROW_BYTES * len(self.rows)


class Kept(NamedTuple):
    """One batch as the disk holds it."""

    id: int  # in order of age
    epoch: str
    bucket: int
    seq: int
    boot: str
    made_ms: int  # monotonic, of that boot
    wall_ms: int | None  # Unix time at its making, where the clock was right
    rows: bytes  # packed


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What every batch of this run of the gateway says of itself."""

    venue: str
    gateway: str
    boot: str


class Now(NamedTuple):
    """One moment, by both clocks."""

    monotonic: float
    wall: float
    wall_ok: bool


def pack_rows(rows: Sequence[Sighting], made_at: float) -> bytes:
    """Rows as bytes, their times as ages at the batch's making."""
    return b"".join(
        _ROW.pack(
            urlsafe_b64decode(row.tag),
            _ms(made_at - row.first_at),
            _ms(made_at - row.last_at),
            min(row.readings, _MAX_READINGS),
            round(row.mean_dbm * 10),
            row.max_dbm,
            row.last_dbm,
        )
        for row in rows
    )


def unpack_rows(packed: bytes, made_at: float) -> list[Sighting]:
    """The rows of a batch that was made then.

    Raises:
        SpoolBroken: these bytes are no rows.
    """
    try:
        return [
            Sighting(
                Pseudonym(urlsafe_b64encode(tag).decode()),
                made_at - first / 1000,
                made_at - last / 1000,
                readings,
                mean / 10,
                most,
                latest,
            )
            for tag, first, last, readings, mean, most, latest in _ROW.iter_unpack(packed)
        ]
    except struct_error as fault:
        raise SpoolBroken(f"spool: found {len(packed)} bytes of rows; right would be {_ROW.size} a row") from fault


def placed(kept: Kept, *, boot: str, newest_ms: int, now: Now) -> float:
    """When the batch was made, by the clock of this boot.

    The wall clock tells where it was right then and is now. Where it is not, the machine is taken to have been off for
    no time: the batch is at least as old as this boot, and what it was older than the newest of its own.
    """
    if kept.boot == boot:
        return kept.made_ms / 1000
    if kept.wall_ms is not None and now.wall_ok:
        return now.monotonic - max(0.0, now.wall - kept.wall_ms / 1000)
    return (kept.made_ms - newest_ms) / 1000


def batch_of(held: Held, rows: Iterable[Sighting], *, low: int, origin: Origin, now: Now) -> Batch:
    """The batch as it is handed over now, with these of its rows: ages count from this moment."""
    return Batch(
        gateway=origin.gateway,
        epoch=held.epoch,
        boot=origin.boot,
        seq=held.seq,
        low=low,
        sent_ms=int(now.monotonic * 1000),
        wall_ms=int(now.wall * 1000),
        wall_ok=now.wall_ok,
        rows=tuple(_row(sighting, now.monotonic) for sighting in rows),
    )


def _row(heard: Sighting, now: float) -> Row:
    first_age_ms = min(MAX_AGE_MS, max(0, round((now - heard.first_at) * 1000)))
    last_age_ms = min(first_age_ms, max(0, round((now - heard.last_at) * 1000)))
    return Row(heard.tag, first_age_ms, last_age_ms, heard.readings, heard.mean_dbm, heard.max_dbm, heard.last_dbm)


def _ms(seconds: float) -> int:
    return min(_MAX_MS, max(0, round(seconds * 1000)))
