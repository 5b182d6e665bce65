"""Coupons: redeemed once at a till, and a page that tells the guest whether hers is still good.

The page needs no token. It names nobody, and whoever tries codes is soon asked to wait.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path
from starlette.responses import HTMLResponse, Response

from hub.api.answers import CouponShown
from hub.api.auth import WRITERS, Caller, Guarded, roles
from hub.api.deps import ApiDeps, Deps
from hub.api.plain_page import HEADERS, plain_page
from hub.api.problem import Problem, not_found
from hub.errors import Conflict, NotFound
from hub.journeys.coupon import Coupon, read_code

router = APIRouter(route_class=Guarded, tags=["coupons"])
public = APIRouter(tags=["coupons"])

CodeInPath = Annotated[str, Path(min_length=1, max_length=40)]

USED: Final = "this code was used before"


@router.post(
    "/v1/coupons/{code}/redeem",
    openapi_extra=roles(WRITERS),
    responses={409: {"description": USED}},
)
async def redeem(code: CodeInPath, caller: Caller, deps: Deps) -> CouponShown:
    """Use a code, once: 409 when it was used before, 404 when nobody was given it."""
    read = read_code(code)
    if read is None:
        raise not_found()
    try:
        coupon = await deps.coupons.redeem(read, venue=caller.venue, by=caller.token.name, now=deps.clock.now())
    except Conflict:
        raise Problem(status=HTTPStatus.CONFLICT, detail=USED) from None
    return CouponShown.of(coupon)


@public.get("/c/{code}", response_class=HTMLResponse)
async def show(code: CodeInPath, deps: Deps) -> Response:
    """Is it still good? For the guest, and for whoever she shows it to."""
    now = deps.clock.now()
    if (wait := deps.guesses.wait(now)) is not None:
        raise Problem(
            status=HTTPStatus.TOO_MANY_REQUESTS,
            detail="too many codes that nobody was given; ask again later",
            headers={"Retry-After": str(wait)},
        )
    coupon = await _find(deps, code)
    if coupon is None:
        deps.guesses.wrong(now)
        page = plain_page("No such code", "<p>Nobody was given this code. Is a letter wrong?</p>")
        return HTMLResponse(page, HTTPStatus.NOT_FOUND, headers=HEADERS)
    return HTMLResponse(_shown(deps, coupon), headers=HEADERS)


async def _find(deps: ApiDeps, code: str) -> Coupon | None:
    read = read_code(code)
    if read is None:
        return None
    try:
        return await deps.coupons.one(read, venue=None)
    except NotFound:
        return None


def _shown(deps: ApiDeps, coupon: Coupon) -> str:
    venue = deps.venues().get(coupon.venue)
    at = f"<p>{escape(venue.name)}</p>" if venue is not None else ""
    code = f"<p><strong>{escape(coupon.code[:4])} {escape(coupon.code[4:])}</strong></p>"
    if coupon.redeemed is None:
        return plain_page("Good for one use", f"{code}{at}<p>Show this page when you pay.</p>")
    return plain_page("Used", f"{code}{at}<p>It was used on {_day(coupon.redeemed)}.</p>")


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
