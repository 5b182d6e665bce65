"""Who may see a page? Whoever is signed in, and of the venues only those of the token that signed in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from hub.pages.deps import Site
from hub.pages.sessions import Session
from hub.pages.venue import VenuePage

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
HOME: Final = "/"
SIGN_IN: Final = "/signin"


class SignedIn(APIRoute):
    """A page that asks who is there first."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler, behind the guard."""
        inner = super().get_route_handler()
        is_home = self.path == HOME

        async def guarded(request: Request) -> Response:
            site = site_of(request)
            session = await site.sessions.find(request.cookies.get(cookie_name(site)), site.deps.clock.now())
            if session is None and is_home:
                return RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
            if session is None:
                raise HTTPException(HTTPStatus.UNAUTHORIZED)
            request.state.session = session
            return await inner(request)

        return guarded


def cookie_name(site: Site) -> str:
    """The session's cookie; over https, one that no other host can set."""
    return "__Host-innkeeper" if site.deps.secure else "innkeeper"


def site_of(request: Request) -> Site:
    """The pages' parts."""
    site: Site = request.app.state.pages
    return site


def session_of(request: Request) -> Session:
    """Whom the guard let in."""
    session: Session = request.state.session
    return session


SiteHere = Annotated[Site, Depends(site_of)]
SessionHere = Annotated[Session, Depends(session_of)]


def _venue_of(site: SiteHere, session: SessionHere, venue: str) -> VenuePage:
    page = site.deps.venues().get(venue)
    if page is None or not session.sees(venue):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return page


VenueHere = Annotated[VenuePage, Depends(_venue_of)]
