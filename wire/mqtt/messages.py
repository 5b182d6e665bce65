"""The other messages of the wire: acknowledgement, state, desired configuration. The bytes are in codec.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wire.pseudonym import Pseudonym


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """What the hub has stored of one gateway's (epoch, bucket): the gateway may forget it."""

    epoch: str
    bucket: int
    upto: int  # every seq from 1 to this one, inclusive, is stored or known to be lost
    also: tuple[tuple[int, int], ...] = ()  # further stored ranges, inclusive, ascending, not touching


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredConfig:
    """What the hub wants of one gateway."""

    version: int  # rises with each change
    key: bytes  # the venue's, 32 bytes
    tags: Mapping[Pseudonym, int] = field(default_factory=dict)  # enrolled, each with its bucket
    window_ms: int = 1000
    heartbeat_ms: int = 5000  # a row at least this often while a tag is heard
    delta_db: float = 3.0  # or when its mean has moved this far
    max_batches_s: float = 20.0  # live traffic's cap


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterState:
    """How one adapter of a gateway does."""

    scan: str = ""  # the mode in force; none: nothing can be heard
    note: str = ""
    duty: float = 0.0  # share of the time since the last state for which it listened
    adverts_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TagHealth:
    """What a tag's telemetry says, as one gateway hears it."""

    battery_mv: int | None = None
    temperature_c: float | None = None
    reception: float | None = None  # share of its adverts that arrived here, from 0 to 1
    age_s: int = 0  # since the telemetry was heard


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayState:
    """What a gateway says of itself; retained. Its last will is the same with `online` false."""

    online: bool
    version: str = ""  # of the gateway's program
    bleak: str = ""
    boot: str = ""
    source: str = ""  # "bluez" or "replay"
    scan: str = ""  # the mode in force: hybrid, active, passive
    scan_note: str = ""  # why it is not the one asked for
    adverts_s: float = 0.0
    duty: float = 0.0  # share of the time since the last state for which it listened; the best adapter's
    restarts: int = 0  # scanners that were opened anew because nothing was heard
    devices: int = 0
    dropped: int = 0  # adverts of tags that are not enrolled: counted, never named
    spool_batches: int = 0
    spool_bytes: int = 0
    spool_note: str = ""  # why it is in memory alone
    lost_batches: int = 0
    withdrawn_rows: int = 0  # left out of confirmed batches: their tags were enrolled no more
    mute_sessions: int = 0  # given up, because the broker answered pings and confirmed no publish
    wall_ok: bool = False
    config: str = ""  # hash of the desired configuration in force
    config_error: str = ""  # why the last one was refused
    adapters: Mapping[str, AdapterState] = field(default_factory=dict)  # by name
    tags: Mapping[Pseudonym, TagHealth] = field(default_factory=dict)  # enrolled ones whose telemetry was heard lately
