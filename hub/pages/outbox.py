"""Which messages are there, and why is each as it is?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from hub.errors import BadRequest, NotFound
from hub.outbox.shown import Attempt, MessageStory
from hub.pages.guard import HEADERS, SignedIn, SiteHere, VenueHere
from hub.pages.house import Names
from rules.decision import Decision
from rules.event import Event

router = APIRouter(route_class=SignedIn, include_in_schema=False)

ROWS: Final = 25


@router.get("/pages/{venue}/messages")
async def listed(venue: VenueHere, site: SiteHere, cursor: str | None = None) -> Response:
    """The rows of the table, newest first."""
    try:
        page = await site.deps.messages.page(venue=venue.id, state=None, guest=None, limit=ROWS, cursor=cursor)
    except BadRequest:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None
    names = Names(site)
    rows = [(row, await names.of(row.guest)) for row in page.items]
    part = site.render("messages.html", venue=venue, rows=rows, next=page.cursor, first=cursor is None)
    return HTMLResponse(part, headers=HEADERS)


@router.get("/pages/{venue}/messages/{message}")
async def why(venue: VenueHere, message: str, site: SiteHere) -> Response:
    """One message: its text, and everything that led to it and came of it."""
    try:
        story = await site.deps.messages.one(message)
    except NotFound:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None
    if story.row.venue != venue.id:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return HTMLResponse(site.render("why.html", venue=venue, story=story, steps=in_order(story)), headers=HEADERS)


def in_order(story: MessageStory) -> Sequence[tuple[str, Event | Decision | Attempt]]:
    """What led to a message and what came of it, as it went; an event before what was decided about it."""
    steps: list[tuple[datetime, str, Event | Decision | Attempt]] = [
        *((one.at, "event", one) for one in story.events),
        *((one.at, "decision", one) for one in story.decisions),
        *((one.started, "attempt", one) for one in story.attempts),
    ]
    return [(what, one) for _, what, one in sorted(steps, key=lambda step: step[0])]
