"""What do the providers' answers have in common?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from hub.channels.http2.outcome import InDoubt, NotProcessed
from hub.errors import Doubt, Transient, Trouble

MAX_DETAIL: Final = 200  # characters; a provider's own words go into a row, not a book
MAX_WAIT_S: Final = 7 * 24 * 3600  # longer than any message is kept


def json_object(body: bytes) -> Mapping[str, object]:
    """The object that a body holds; empty when it holds none."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long to wait, as the provider named it: seconds or a date."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return timedelta(seconds=min(int(text), MAX_WAIT_S))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max(until - now, timedelta(0))


def detail(text: object) -> str:
    """A provider's own word, as one short line."""
    return " ".join(str(text).split())[:MAX_DETAIL]


def failed(failure: NotProcessed | InDoubt) -> Transient | Doubt:
    """What a request without a response means for the message."""
    if isinstance(failure, NotProcessed):
        return Transient(Trouble.UNREACHABLE, detail(failure))
    return Doubt(detail(failure))


def unexpected(status: int) -> Transient | Doubt:
    """What a status means that the provider does not document."""
    if status in (500, 503):
        return Transient(Trouble.UNAVAILABLE, f"status {status}")
    return Doubt(f"undocumented status {status}")  # 502 and 504 come from something between us
