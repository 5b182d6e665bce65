"""Events: what other systems say has happened to a guest."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Response

from hub.api.answers import EventTaken
from hub.api.auth import WRITERS, Caller, Guarded, Principal, roles
from hub.api.deps import ApiDeps, Deps
from hub.api.port import Posted, VenueShown
from hub.api.problem import Problem, invalid
from hub.api.schemas import EventBody
from hub.identity.events import posted_id
from hub.identity.token import Role
from rules.event import DWELLED, ENTERED, LEFT, RESERVED, Event

router = APIRouter(route_class=Guarded, tags=["events"])

AHEAD_MAX: Final = timedelta(minutes=5)
# Clocks of other systems differ by seconds. An event from further ahead would hold cooldowns open.

_CLASHES: Final = "this event id is taken, by another guest, kind or object at this venue; right would be another"


@router.post(
    "/v1/events",
    openapi_extra=roles(WRITERS),
    responses={
        200: {"description": "its id was known: nothing was done"},
        202: {"description": "taken"},
        409: {"description": "its id is another event's"},
    },
)
async def post_event(body: EventBody, response: Response, caller: Caller, deps: Deps) -> EventTaken:
    """Take an event and decide at once: 202 when it was new, 200 when it was known and nothing was done."""
    now = deps.clock.now()
    _sensible(deps, caller, body)
    outcome = await deps.post_event(
        Event(
            id=posted_id(body.venue, body.id),
            venue=body.venue,
            guest=body.guest,
            kind=body.kind,
            object=body.object,
            at=not_ahead(body.at or now, now),
            received=now,
            data=body.data,
        )
    )
    if outcome is Posted.CLASHES:
        raise Problem(status=HTTPStatus.CONFLICT, detail=_CLASHES)
    response.status_code = HTTPStatus.ACCEPTED if outcome is Posted.TAKEN else HTTPStatus.OK
    return EventTaken(id=body.id, outcome=outcome)


def _sensible(deps: ApiDeps, caller: Principal, body: EventBody) -> None:
    zones = venue_of(deps, caller, body.venue).zones
    if body.kind in RESERVED:
        raise invalid("body.kind", body.kind, "another: the hub itself makes events of this kind")
    if body.kind == DWELLED:
        raise invalid("body.kind", body.kind, f"{ENTERED} and {LEFT}: how long a guest stays is the hub's to say")
    if body.kind not in {ENTERED, LEFT}:
        return
    if caller.role is not Role.ADMIN:
        raise Problem(
            status=HTTPStatus.FORBIDDEN,
            detail=f"a token of role {caller.role} may not say who enters or leaves a zone; right would be admin",
        )
    if body.object not in zones:
        raise invalid("body.object", body.object, f"a zone: one of {', '.join(sorted(zones))}")


def venue_of(deps: ApiDeps, caller: Principal, name: str) -> VenueShown:
    """The venue that a body names, refused when it is none that the caller sees."""
    venues = {name: venue for name, venue in deps.venues().items() if caller.sees(name)}
    if name not in venues:
        raise invalid("body.venue", name, f"one of {', '.join(sorted(venues))}")
    return venues[name]


def not_ahead(at: datetime, now: datetime, *, where: str = "body.at", most: timedelta = AHEAD_MAX) -> datetime:
    """A moment that somebody else names, refused when it is still to come."""
    if at > now + most:
        raise invalid(where, at.isoformat(), "a time that has come")
    return at
