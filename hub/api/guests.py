"""Guests: who they are, all that is held about them, and their erasure."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response

from hub.api.answers import DecisionPage, DecisionShown, GuestShown
from hub.api.auth import FRONT_DESK, READERS, WRITERS, Caller, Guarded, roles
from hub.api.deps import Deps
from hub.api.fields import LIMIT, Cursor, GuestInPath, Limit, VenueAsked
from hub.api.problem import Problem
from hub.api.schemas import GuestBody
from hub.identity.guest import GuestId
from hub.identity.token import Role

router = APIRouter(route_class=Guarded, tags=["guests"])


@router.put("/v1/guests/{guest}", openapi_extra=roles(WRITERS), responses={201: {"description": "a new guest"}})
async def put_guest(guest: GuestInPath, body: GuestBody, response: Response, caller: Caller, deps: Deps) -> GuestShown:
    """Store a profile whole: 201 for a new guest, 200 for one who was there."""
    new = await deps.guests.put_guest(GuestId(guest), body.value(), deps.clock.now())
    response.status_code = HTTPStatus.CREATED if new else HTTPStatus.OK
    return GuestShown.of(await deps.guests.guest(GuestId(guest)), venue=caller.venue)


@router.get("/v1/guests/{guest}", openapi_extra=roles(FRONT_DESK))
async def get_guest(guest: GuestInPath, caller: Caller, deps: Deps) -> GuestShown:
    """A guest, with reservations, devices, consents in force, and tags."""
    return GuestShown.of(await deps.guests.guest(GuestId(guest)), venue=caller.venue)


@router.delete(
    "/v1/guests/{guest}",
    status_code=HTTPStatus.NO_CONTENT,
    openapi_extra=roles(WRITERS),
    responses={202: {"description": "she is erased; last bytes of hers go when nobody else reads the database"}},
)
async def erase_guest(guest: GuestInPath, caller: Caller, deps: Deps) -> Response:
    """Erase a guest, in the whole group: a token that is bound to one venue may not.

    204 when no byte of hers is left in the database's files; 202 while another process keeps the last of them there.
    """
    _whole_group(caller)
    done = await deps.guests.erase_guest(GuestId(guest), deps.clock.now())
    await deps.enrolment_changed()  # whatever else there is to wait for: she is noticed no more
    done = done or await deps.guests.nothing_is_left()
    return Response(status_code=HTTPStatus.NO_CONTENT if done else HTTPStatus.ACCEPTED)


@router.get("/v1/guests/{guest}/export", openapi_extra=roles((Role.ADMIN,)))
async def export_guest(guest: GuestInPath, caller: Caller, deps: Deps) -> dict[str, Any]:
    """All that is held about a guest, in the whole group: a token that is bound to one venue may not."""
    _whole_group(caller)
    return await deps.guests.export_guest(GuestId(guest))


@router.get("/v1/guests/{guest}/timeline", openapi_extra=roles(READERS))
async def timeline(
    guest: GuestInPath,
    caller: Caller,
    deps: Deps,
    venue: VenueAsked = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> DecisionPage:
    """Everything that was decided about a guest, with reasons, newest first."""
    await deps.guests.guest(GuestId(guest))
    page = await deps.messages.timeline(guest, venue=venue or caller.venue, limit=limit, cursor=cursor)
    return DecisionPage(items=[DecisionShown.of(each) for each in page.items], next=page.cursor)


def _whole_group(caller: Caller) -> None:
    if caller.venue is not None:
        raise Problem(
            status=HTTPStatus.FORBIDDEN,
            detail="guests are shared by all venues: right would be a token that is not bound to one",
        )
