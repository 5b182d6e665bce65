"""How do a message's fields become bytes and come back? JSON, or zlib of it when that is smaller: the first byte tells.

The JSON library is the caller's. Whatever arrives is bounded before it is read: a small payload may inflate to
gigabytes, and the size is checked while it does.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final, cast

from wire.errors import Malformed

Loads = Callable[[bytes], object]
Dumps = Callable[[object], bytes]
Fields = dict[str, object]

VERSION: Final = 1
MAX_BYTES: Final = 1 << 20  # a batch of 2,000 rows has 100 kB; ten times that is no batch of ours
MAX_CONFIG_BYTES: Final = 8 << 20  # 300,000 enrolled tags

_ZLIB: Final = b"\x78"  # CMF of deflate with a 32 kB window; JSON objects open with 0x7B
_WORTH_TRYING: Final = 200  # below it, zlib's dictionary gains nothing on our messages


def pack(fields: Fields, *, dumps: Dumps) -> bytes:
    """The fields as bytes."""
    plain = dumps({"v": VERSION, **fields})
    if len(plain) < _WORTH_TRYING:
        return plain
    packed = zlib.compress(plain)
    return packed if len(packed) < len(plain) else plain


def unpack(where: str, payload: bytes, *, loads: Loads, limit: int = MAX_BYTES) -> Fields:
    """The fields of a message of version 1.

    Raises:
        Malformed: they cannot be read, or are of another version.
    """
    plain = opened(where, payload, limit=limit)
    try:
        fields = loads(plain)
    except Exception as fault:  # the caller's JSON library decides what it raises; all mean the same
        raise Malformed(where, plain[:40], "a JSON object") from fault
    if not isinstance(fields, dict):
        raise Malformed(where, fields, "a JSON object")
    if fields.get("v") != VERSION or type(fields["v"]) is not int:
        raise Malformed(f"{where} v", fields.get("v"), f"{VERSION}")
    return cast("Fields", fields)


def opened(where: str, payload: bytes, *, limit: int = MAX_BYTES) -> bytes:
    """The JSON of a message, inflated where need be.

    Raises:
        Malformed: it is too long, or none.
    """
    plain = _inflate(where, payload, limit) if payload[:1] == _ZLIB else payload
    if len(plain) > limit:
        raise Malformed(where, f"{len(plain)} bytes", f"at most {limit} bytes")
    if plain[:1] != b"{":
        raise Malformed(where, plain[:40], "a JSON object, or zlib of one")
    return plain


def _inflate(where: str, payload: bytes, limit: int) -> bytes:
    reader = zlib.decompressobj()
    try:
        plain = reader.decompress(payload, limit + 1)
    except zlib.error as fault:
        raise Malformed(where, payload[:40], "zlib of a JSON object") from fault
    if len(plain) > limit:
        raise Malformed(where, f"zlib of more than {limit} bytes", f"at most {limit} bytes")
    if not reader.eof or reader.unused_data:
        raise Malformed(where, payload[:40], "zlib of a JSON object, whole, and nothing after it")
    return plain
