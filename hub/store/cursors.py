"""How is a table read page by page, newest first? Where the last page ended, a cursor says.

It names the moment, or number, and the id of its last row, so that rows that arrive between two pages shift nothing.
"""

from __future__ import annotations

import re
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from hub.errors import BadRequest
from hub.outbox.shown import Page
from hub.store.sqlite import Store

T = TypeVar("T")

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


async def page_of(  # noqa: PLR0913  what a page is
    store: Store,
    table: str,
    *,
    by: str,
    where: Mapping[str, object | None],
    limit: int,
    cursor: str | None,
    read: Callable[[sqlite3.Row], T],
) -> Page[T]:
    """Rows of a table, the newest by a column first; of the conditions those hold that have a value.

    Only these stand in the statement, so that an index serves each of them. Raises BadRequest when the cursor is none
    of ours.
    """
    asked = {condition: value for condition, value in where.items() if value is not None}
    conditions, values = list(asked), list(asked.values())
    if cursor is not None:
        conditions.append(f"({by}, id) < (?, ?)")
        values += read_cursor(cursor)
    sql = (
        f"SELECT * FROM {table} WHERE {' AND '.join(conditions) or 'TRUE'}"  # noqa: S608  our own names and conditions
        f" ORDER BY {by} DESC, id DESC LIMIT ?"
    )
    rows = await store.read(lambda c: c.execute(sql, (*values, limit + 1)).fetchall())
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=tuple(read(row) for row in rows[:limit]),
        cursor=None if last is None else make_cursor(last[by], last["id"]),
    )
