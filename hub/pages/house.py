"""Who is where, and what is happening? The page itself, and the parts of it that change."""

from __future__ import annotations

from asyncio import timeout
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from zlib import crc32

from fastapi import APIRouter, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import HTMLResponse, Response

from hub.errors import NotFound
from hub.identity.guest import GuestId
from hub.identity.present import PresentGuest
from hub.pages import phrases
from hub.pages.deps import Site
from hub.pages.floorplan import spots
from hub.pages.guard import HEADERS, SessionHere, SignedIn, SiteHere, VenueHere, cookie_name
from hub.pages.port import Item
from hub.pages.sessions import form_word
from hub.pages.venue import VenuePage

router = APIRouter(route_class=SignedIn, include_in_schema=False)

COLOURS: Final = 8  # in page.css: dot-0 … dot-7
LOOK_AGAIN_S: Final = 15.0  # how long a revoked token may go on listening
ERASED: Final = "an erased guest"


@router.get("/")
async def house(request: Request, site: SiteHere, session: SessionHere, venue: str | None = None) -> Response:
    """One venue: its floors, who is there, what happens, and the messages."""
    seen = {name: page for name, page in sorted(site.deps.venues().items()) if session.sees(name)}
    shown = seen.get(venue) if venue is not None else next(iter(seen.values()), None)
    page = site.render(
        "house.html",
        venues=seen.values(),
        venue=shown,
        gateways=[] if shown is None else await site.deps.live.gateways(shown.id),
        word=form_word(request.cookies[cookie_name(site)]),
        who=session.token.name,
    )
    missing = venue is not None and shown is None
    return HTMLResponse(page, HTTPStatus.NOT_FOUND if missing else HTTPStatus.OK, headers=HEADERS)


@router.get("/pages/{venue}/presence")
async def present(venue: VenueHere, site: SiteHere) -> dict[str, Any]:
    """Everybody who is there, by zone, with a place for each on the plan."""
    by_zone: dict[str, list[PresentGuest]] = {zone: [] for zone in venue.zones}
    for guest in await site.deps.live.presence(venue.id):
        by_zone.setdefault(guest.zone, []).append(guest)
    return {"zones": [_zone(venue, zone, guests, site.deps.clock.now()) for zone, guests in by_zone.items()]}


@router.get("/pages/{venue}/gateways")
async def gateways(venue: VenueHere, site: SiteHere) -> Response:
    """Every gateway, and when it was last heard."""
    heard = await site.deps.live.gateways(venue.id)
    return HTMLResponse(site.render("gateways.html", venue=venue, gateways=heard), headers=HEADERS)


@router.get("/pages/{venue}/news")
async def news(venue: VenueHere, site: SiteHere) -> list[dict[str, Any]]:
    """What happened lately, in words, oldest first. Of a guest who was erased meanwhile, nothing."""
    names = Names(site)
    told = [(item, await names.of(item.get("guest"))) for item in site.deps.feed.recent(venue.id)]
    lines = [_line(item, who, venue) for item, who in told if who != ERASED]
    return [line for line in lines if line["text"] is not None]


@router.get("/pages/{venue}/stream", response_class=EventSourceResponse)
async def stream(
    request: Request, venue: VenueHere, site: SiteHere, session: SessionHere
) -> AsyncIterator[ServerSentEvent]:
    """What happens, in words, as it happens; and that something else on the page is to be looked at again."""
    names = Names(site)
    cookie = request.cookies.get(cookie_name(site))
    looked = site.deps.clock.monotonic()
    with site.deps.feed.subscribe(venue.id) as listening:
        while True:
            if site.deps.clock.monotonic() - looked >= LOOK_AGAIN_S:
                looked = site.deps.clock.monotonic()
                if await site.sessions.find(cookie, site.deps.clock.now()) is None:
                    return
            try:
                async with timeout(LOOK_AGAIN_S):
                    item = await listening.next()
            except TimeoutError:
                continue
            if item is None or not session.sees(venue.id):
                return
            yield ServerSentEvent(data=_line(item, await names.of(item.get("guest")), venue))


class Names:
    """First names, each asked for once while a page or a stream lasts."""

    def __init__(self, site: Site) -> None:
        self._guests = site.deps.guests
        self._names: dict[str, str] = {}

    async def of(self, guest: object) -> str:
        """What people call a guest; her id where nobody knows her name."""
        if not isinstance(guest, str):
            return "somebody"
        if guest not in self._names:
            self._names[guest] = await self._ask(guest)
        return self._names[guest]

    async def _ask(self, guest: str) -> str:
        try:
            profile = (await self._guests.guest(GuestId(guest))).profile
        except NotFound:
            return ERASED
        return " ".join(part for part in (profile.first_name, profile.last_name) if part) or guest


def _line(item: Item, who: str, venue: VenuePage) -> dict[str, Any]:
    """One line of what happens; its text is None where it is no news to people, only to the page's script."""
    said = phrases.happening(item, who, venue)
    return {
        "kind": item["kind"],
        "at": item["at"],
        "time": venue.clock(datetime.fromisoformat(str(item["at"]))),
        "text": said[0] if said else None,
        "tone": said[1] if said else None,
    }


def _zone(venue: VenuePage, zone: str, guests: Sequence[PresentGuest], now: datetime) -> dict[str, Any]:
    in_order = sorted(guests, key=lambda one: (one.since, one.guest))
    places = spots(venue.plan, zone, len(in_order)) if venue.plan is not None else ()
    return {
        "zone": zone,
        "name": venue.zone(zone),
        "guests": [_guest(venue, one, now) for one in in_order],
        "spots": [{"floor": spot.floor, "x": spot.x, "y": spot.y} for spot in places],
    }


def _guest(venue: VenuePage, one: PresentGuest, now: datetime) -> dict[str, Any]:
    name = one.first_name or one.last_name or one.guest
    letters = [part[0] for part in (one.first_name, one.last_name) if part] or [one.guest[0]]
    minutes = max(0, int((now - one.since).total_seconds() // 60))
    return {
        "key": f"{crc32(one.guest.encode()):08x}{len(one.guest)}",
        "name": name,
        "initials": "".join(letters).upper(),
        "colour": crc32(one.guest.encode()) % COLOURS,
        "since": venue.clock(one.since)[:5],
        "minutes": minutes,
        "sure": round(one.confidence * 100),
    }
