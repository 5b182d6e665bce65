"""What do a command and the hub say to each other? One line of JSON each way, then the connection closes.

Asked: `{"command": "token create", "args": {…}}`. Answered: `{"ok": true, "result": {…}}`, or
`{"ok": false, "error": "one line", "usage": true}`; `usage` tells a wrong question from a thing that is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from hub.errors import BadRequest

SOCKET_NAME: Final = "hub.sock"
LINE_MAX: Final = 64 * 1024 * 1024
# A CSV of half a million guests; a command that sends more is not one of ours.
_PATH_MAX: Final = 100  # bytes that the address of a socket holds (108), with room for the end


def encode(message: Mapping[str, Any]) -> bytes:
    """One line."""
    return msgspec.json.encode(message) + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """One line's object. Raises BadRequest."""
    try:
        message = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise BadRequest("control: found a line that is not JSON; right would be one object") from exc
    if not isinstance(message, dict):
        raise BadRequest(f"control: found a {type(message).__name__}; right would be one object")
    return message


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """A socket's address: its path, or a short way to it where the path is longer than an address may be."""
    if len(os.fsencode(path)) <= _PATH_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_DIRECTORY | os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
