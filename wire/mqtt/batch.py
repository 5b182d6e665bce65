"""One hand-over of sightings from a gateway to the hub: its values. The bytes are in codec.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from wire.pseudonym import Pseudonym


class Row(NamedTuple):
    """One tag, as one gateway heard it in one window."""

    tag: Pseudonym
    first_age_ms: int  # of the first reading, before the batch was handed over; never negative
    last_age_ms: int
    readings: int  # at least 1
    mean_dbm: float
    max_dbm: int
    last_dbm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Sightings, with what the hub needs to place them in order and in time."""

    gateway: str
    epoch: str  # new when the gateway's spool is new
    boot: str  # new when the gateway's monotonic clock is
    seq: int  # from 1, by one for each (epoch, bucket)
    low: int  # the lowest seq that the gateway still holds
    sent_ms: int  # the gateway's monotonic clock at the hand-over to the socket
    wall_ms: int | None = None  # the gateway's wall clock then, Unix time
    wall_ok: bool = False  # is that clock synchronised?
    rows: tuple[Row, ...] = ()
