"""What do a request and a reply look like, whatever HTTP carries them?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One whole request."""

    method: str
    path: str  # without its query
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    came: datetime | None = None  # when its last byte did, where somebody looked


class Ending(StrEnum):
    """How the connection treats a reply."""

    ANSWER = "answer"
    CUT = "cut"  # the connection is aborted instead
    HANG = "hang"  # nothing ever comes
    RESET = "reset"  # the stream is reset instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered, and how slowly."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    ending: Ending = Ending.ANSWER
    delay: timedelta = timedelta(0)  # before the first byte
    drip: timedelta = timedelta(0)  # the head at once, then a byte of the body so often


Answer = Callable[[Request], Reply]


def json_reply(status: int, value: object, **headers: str) -> Reply:
    """A reply with a JSON body."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(
        status=status,
        headers={"content-type": "application/json; charset=UTF-8", **named},
        body=json.dumps(value, separators=(",", ":")).encode(),
    )
