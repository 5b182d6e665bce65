"""Where did the last page end? A cursor says it: the moment, or number, and the id of its last row.

So rows that arrive between two pages shift nothing.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from hub.errors import BadRequest

_CURSOR: Final = re.compile(r"([0-9]{1,18})\.([^.]*)", re.ASCII)  # 18 digits fit SQLite's integers


def make_cursor(number: int, name: str) -> str:
    """Opaque to whoever gets it."""
    return urlsafe_b64encode(f"{number}.{name}".encode()).rstrip(b"=").decode()


def read_cursor(cursor: str) -> tuple[int, str]:
    """What `make_cursor` was told. Raises BadRequest when it is none of ours."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    ours = _CURSOR.fullmatch(text)
    if ours is None:
        raise BadRequest("cursor: not one that a page gave; ask without it for the first page")
    return int(ours[1]), ours[2]
