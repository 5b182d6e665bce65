"""What are the staff asked to do just now, and who has taken it? A page that needs no script."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.errors import NotFound
from hub.identity.token import Role
from hub.pages.forms import is_from_elsewhere, read_form
from hub.pages.guard import HEADERS, SessionHere, SignedIn, SiteHere, VenueHere, cookie_name
from hub.pages.house import Names
from hub.pages.sessions import form_word, is_form_word

router = APIRouter(route_class=SignedIn, include_in_schema=False)

ROWS: Final = 50
LOOK_AGAIN_S: Final = 10  # the browser asks for the page again: nobody at a desk presses reload


@router.get("/pages/{venue}/tasks")
async def listed(request: Request, venue: VenueHere, site: SiteHere, session: SessionHere) -> Response:
    """Those that nobody has taken first, then the latest that somebody has."""
    tasks = site.deps.tasks
    waiting = (await tasks.page(venue=venue.id, team=None, is_open=True, limit=ROWS, cursor=None)).items
    taken = (await tasks.page(venue=venue.id, team=None, is_open=False, limit=ROWS, cursor=None)).items
    names = Names(site)
    page = site.render(
        "tasks.html",
        venue=venue,
        waiting=[(task, await names.of(task.guest)) for task in waiting],
        taken=[(task, await names.of(task.guest)) for task in taken],
        now=site.deps.clock.now(),
        may_take=session.token.role is Role.ADMIN,
        word=form_word(request.cookies[cookie_name(site)]),
        look_again_s=LOOK_AGAIN_S,
    )
    return HTMLResponse(page, headers=HEADERS)


@router.post("/pages/{venue}/tasks/{task}/ack")
async def ack(request: Request, venue: VenueHere, task: str, site: SiteHere, session: SessionHere) -> Response:
    """Take one. The form carries the word that goes with the cookie, so that no other site can press the button."""
    form = await read_form(request)
    if is_from_elsewhere(request) or not is_form_word(request.cookies.get(cookie_name(site)), form.get("word", "")):
        raise HTTPException(HTTPStatus.FORBIDDEN)
    if session.token.role is not Role.ADMIN:  # a viewer reads
        raise HTTPException(HTTPStatus.FORBIDDEN)
    try:
        if (await site.deps.tasks.one(task)).venue != venue.id:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        await site.deps.ack_task(task, session.token.name)
    except NotFound:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None
    return RedirectResponse(f"/pages/{venue.id}/tasks", HTTPStatus.SEE_OTHER)
