"""How does one sign in? With a token, into a cookie that no script and no other site can use."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.identity.token import TokenRecord
from hub.pages.deps import Site
from hub.pages.forms import is_from_elsewhere, read_form
from hub.pages.guard import HEADERS, HOME, SIGN_IN, SiteHere, cookie_name
from hub.pages.sessions import LASTS, form_word, is_form_word

public = APIRouter(include_in_schema=False)

_FORM_COOKIE: Final = "innkeeper-form"
_STATIC_HEADERS: Final = {"Cache-Control": "public, max-age=31536000, immutable"}  # the address changes with the bytes


@public.get("/signin")
async def ask(request: Request, site: SiteHere) -> Response:
    """The page that asks for a token."""
    return _page(request, site)


@public.post("/signin")
async def sign_in(request: Request, site: SiteHere) -> Response:
    """Sign in."""
    form = await read_form(request)
    if is_from_elsewhere(request) or not is_form_word(request.cookies.get(_FORM_COOKIE), form.get("word", "")):
        return _page(request, site, "This form was too old, or came from another site. Please try again.")
    begun = await site.sessions.begin(form.get("token", "").strip(), site.deps.clock.now())
    if begun is None:
        return _page(request, site, "This token is unknown or revoked.")
    if isinstance(begun, TokenRecord):
        words = f"This is a token of role {begun.role}, which does not read. A viewer's or an admin's token does."
        return _page(request, site, words)
    answer = RedirectResponse(HOME, HTTPStatus.SEE_OTHER)
    _set(answer, site, cookie_name(site), begun, int(LASTS.total_seconds()))
    return answer


@public.post("/signout")
async def sign_out(request: Request, site: SiteHere) -> Response:
    """Sign out. Without a session there is nothing to do."""
    cookie = request.cookies.get(cookie_name(site))
    form = await read_form(request)
    if cookie is not None:
        if is_from_elsewhere(request) or not is_form_word(cookie, form.get("word", "")):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        site.sessions.end(cookie)
    answer = RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
    _set(answer, site, cookie_name(site), "", 0)
    return answer


@public.get("/static/{name}")
async def static(name: str, site: SiteHere) -> Response:
    """A style sheet, a script or a picture of ours."""
    for asset in site.assets.values():
        if asset.url == f"/static/{name}":
            return Response(asset.content, media_type=asset.type, headers=_STATIC_HEADERS)
    raise HTTPException(HTTPStatus.NOT_FOUND)


def _page(request: Request, site: Site, fault: str = "") -> Response:
    cookie = request.cookies.get(_FORM_COOKIE) or site.sessions.cookie()
    page = site.render("signin.html", word=form_word(cookie), fault=fault)
    answer = HTMLResponse(page, HTTPStatus.FORBIDDEN if fault else HTTPStatus.OK, headers=HEADERS)
    _set(answer, site, _FORM_COOKIE, cookie, int(LASTS.total_seconds()))
    return answer


def _set(answer: Response, site: Site, name: str, cookie: str, seconds: int) -> None:
    answer.set_cookie(
        name, cookie, max_age=seconds, path="/", secure=site.deps.secure, httponly=True, samesite="strict"
    )
