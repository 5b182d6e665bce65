"""Presence: what the gateways say of themselves, who is where, and what happens as it happens."""

from __future__ import annotations

from asyncio import timeout
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent

from hub.api.answers import Gateways, Presence
from hub.api.auth import READERS, Caller, Guarded, roles, still_holds
from hub.api.deps import Deps
from hub.api.fields import VenueAsked, VenueInPath
from hub.api.problem import not_found

router = APIRouter(route_class=Guarded, tags=["presence"])

LOOK_AGAIN_S: Final = 15.0  # how long a revoked token may go on listening


@router.get("/v1/gateways", openapi_extra=roles(READERS))
async def list_gateways(caller: Caller, deps: Deps, venue: VenueAsked = None) -> Gateways:
    """Every gateway: when it was last heard, its version, scan mode and spool."""
    return Gateways(items=await deps.live.gateways(venue or caller.venue))


@router.get("/v1/presence/{venue}", openapi_extra=roles(READERS))
async def get_presence(venue: VenueInPath, deps: Deps) -> Presence:
    """Who is where, since when, and how sure the hub is."""
    if venue not in deps.venues():
        raise not_found()
    return Presence(venue=venue, at=deps.clock.now(), guests=await deps.live.presence(venue))


def _venue_watched(caller: Caller, deps: Deps, venue: VenueAsked = None) -> str | None:
    if venue is not None and venue not in deps.venues():
        raise not_found()
    return venue or caller.venue


@router.get("/v1/stream", response_class=EventSourceResponse, openapi_extra=roles(READERS))
async def stream(
    venue: Annotated[str | None, Depends(_venue_watched)], caller: Caller, deps: Deps
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: one JSON object each, as hub/api/feed.py names them. A comment comes when nothing does."""
    with deps.feed.subscribe(venue) as subscription:
        looked = deps.clock.monotonic()
        while True:
            if deps.clock.monotonic() - looked >= LOOK_AGAIN_S:
                looked = deps.clock.monotonic()
                if not await still_holds(deps, caller):
                    return
            try:
                async with timeout(LOOK_AGAIN_S):
                    item = await subscription.next()
            except TimeoutError:
                continue
            if item is None:
                return
            yield ServerSentEvent(data=item)
