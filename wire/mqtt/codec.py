"""How does each message of the wire look as bytes? Both directions side by side; README.md is the normative text.

Reading is strict in what it knows and ignores fields that it does not: gateways and hubs are upgraded apart.
Every fault is `Malformed`.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, cast

from wire.errors import Malformed
from wire.mqtt import rows, state
from wire.mqtt.batch import Batch
from wire.mqtt.checks import MAX_INT, PSEUDONYM, a_flag, a_list, a_mark, a_number, a_rate, a_text, a_time
from wire.mqtt.envelope import MAX_CONFIG_BYTES, Dumps, Fields, Loads, pack, unpack
from wire.mqtt.messages import Ack, DesiredConfig, GatewayState
from wire.mqtt.topics import MAX_BUCKETS, check_id
from wire.pseudonym import Pseudonym

MAX_RANGES: Final = 10_000  # of one ack: a spool of 64 MiB has fewer holes
MAX_WINDOW_MS: Final = 60_000  # a minute: beyond it nothing is presence
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_DEFAULTS: Final = DesiredConfig(version=0, key=b"")


def encode_batch(batch: Batch, *, dumps: Dumps) -> bytes:
    """A batch as bytes."""
    wall: Fields = {} if batch.wall_ms is None else {"wall": batch.wall_ms, "wall_ok": batch.wall_ok}
    fields: Fields = {
        "gw": batch.gateway,
        "epoch": batch.epoch,
        "boot": batch.boot,
        "seq": batch.seq,
        "low": batch.low,
        "sent": batch.sent_ms,
        **wall,
        "rows": [rows.to_json(row) for row in batch.rows],
    }
    return pack(fields, dumps=dumps)


def decode_batch(payload: bytes, *, loads: Loads) -> Batch:
    """The batch in a payload of `live` or `log`.

    Raises:
        Malformed: it is none.
    """
    fields = unpack("batch", payload, loads=loads)
    seq = a_number("batch", fields, "seq", low=1)
    return Batch(
        gateway=check_id(a_text("batch", fields, "gw"), "batch gw"),
        epoch=a_mark("batch", fields, "epoch"),
        boot=a_mark("batch", fields, "boot"),
        seq=seq,
        low=a_number("batch", fields, "low", low=1, high=seq) if "low" in fields else 1,
        sent_ms=a_time("batch", fields, "sent"),
        wall_ms=a_time("batch", fields, "wall") if fields.get("wall") is not None else None,
        wall_ok=a_flag("batch", fields, "wall_ok", default=False),
        rows=rows.from_json(a_list("batch", fields, "rows", most=rows.MAX_ROWS)),
    )


def encode_ack(ack: Ack, *, dumps: Dumps) -> bytes:
    """An acknowledgement as bytes."""
    also = [list(span) for span in ack.also]
    return pack({"epoch": ack.epoch, "bucket": ack.bucket, "upto": ack.upto, "also": also}, dumps=dumps)


def decode_ack(payload: bytes, *, loads: Loads) -> Ack:
    """The acknowledgement in a payload.

    Raises:
        Malformed: it is none.
    """
    fields = unpack("ack", payload, loads=loads)
    upto = a_number("ack", fields, "upto")
    return Ack(
        epoch=a_mark("ack", fields, "epoch"),
        bucket=a_number("ack", fields, "bucket", high=MAX_BUCKETS - 1),
        upto=upto,
        also=_ranges(upto, a_list("ack", fields, "also", most=MAX_RANGES)),
    )


def encode_config(config: DesiredConfig, *, dumps: Dumps) -> bytes:
    """A desired configuration as bytes."""
    fields: Fields = {
        "version": config.version,
        "key": config.key.hex(),
        "tags": dict(config.tags),
        "window_ms": config.window_ms,
        "heartbeat_ms": config.heartbeat_ms,
        "delta_db": config.delta_db,
        "max_batches_s": config.max_batches_s,
    }
    return pack(fields, dumps=dumps)


def decode_config(payload: bytes, *, loads: Loads) -> DesiredConfig:
    """The desired configuration in a payload.

    Raises:
        Malformed: it is none. The text never holds the key.
    """
    fields = unpack("config", payload, loads=loads, limit=MAX_CONFIG_BYTES)
    key = fields.get("key")
    if type(key) is not str or not _KEY.fullmatch(key):
        raise Malformed("config key", "something else", "64 hex digits, lower case")
    rate = a_rate("config", fields, "max_batches_s", _DEFAULTS.max_batches_s)
    if rate == 0:
        raise Malformed("config max_batches_s", rate, "a number above 0")
    return DesiredConfig(
        version=a_number("config", fields, "version"),
        key=bytes.fromhex(key),
        tags=_tags(fields.get("tags", {})),
        window_ms=_span(fields, "window_ms", _DEFAULTS.window_ms),
        heartbeat_ms=_span(fields, "heartbeat_ms", _DEFAULTS.heartbeat_ms),
        delta_db=a_rate("config", fields, "delta_db", _DEFAULTS.delta_db),
        max_batches_s=rate,
    )


def config_hash(payload: bytes) -> str:
    """The name of a configuration in `state`: the first 16 hex digits of SHA-256 over the payload as published."""
    return hashlib.sha256(payload).hexdigest()[:16]


def encode_state(gateway: GatewayState, *, dumps: Dumps) -> bytes:
    """A gateway's state as bytes."""
    return pack(state.to_fields(gateway), dumps=dumps)


def decode_state(payload: bytes, *, loads: Loads) -> GatewayState:
    """The gateway's state in a payload.

    Raises:
        Malformed: it is none.
    """
    return state.from_fields(unpack("state", payload, loads=loads))


def _ranges(upto: int, found: list[object]) -> tuple[tuple[int, int], ...]:
    ranges: list[tuple[int, int]] = []
    floor = upto + 1  # what touches is one range
    for span in found:
        first, last = span if type(span) is list and len(span) == 2 else (None, None)  # noqa: PLR2004  from, to
        if type(first) is not int or type(last) is not int or not floor < first <= last <= MAX_INT:
            raise Malformed("ack also", span, "ranges [from, to] above upto, ascending, not touching")
        ranges.append((first, last))
        floor = last + 1
    return tuple(ranges)


def _tags(found: object) -> dict[Pseudonym, int]:
    if not isinstance(found, dict):
        raise Malformed("config tags", found, "an object of pseudonym: bucket")
    for tag, bucket in found.items():
        if type(tag) is not str or not PSEUDONYM.fullmatch(tag):
            raise Malformed("config tags", tag, "a pseudonym: 16 characters of base64url")
        if type(bucket) is not int or not 0 <= bucket < MAX_BUCKETS:
            raise Malformed("config tags bucket", bucket, f"an integer from 0 to {MAX_BUCKETS - 1}")
    return cast("dict[Pseudonym, int]", found)


def _span(fields: Fields, name: str, default: int) -> int:
    return a_number("config", fields, name, low=1, high=MAX_WINDOW_MS) if name in fields else default
