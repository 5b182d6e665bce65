"""Messages: the outbox, and why each message is as it is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from hub.api.answers import MessagePage, MessageShown
from hub.api.auth import READERS, Caller, Guarded, roles
from hub.api.deps import Deps
from hub.api.fields import LIMIT, Cursor, GuestAsked, IdInPath, Limit, VenueAsked, one_of
from hub.api.problem import not_found
from hub.outbox.message import State

router = APIRouter(route_class=Guarded, tags=["messages"])

StateAsked = Annotated[State | None, Query(description="in this state only"), one_of(State, optional=True)]


@router.get("/v1/messages", openapi_extra=roles(READERS))
async def list_messages(  # noqa: PLR0913  one argument a query parameter
    *,
    caller: Caller,
    deps: Deps,
    state: StateAsked = None,
    venue: VenueAsked = None,
    guest: GuestAsked = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> MessagePage:
    """The outbox, newest first."""
    page = await deps.messages.page(venue=venue or caller.venue, state=state, guest=guest, limit=limit, cursor=cursor)
    return MessagePage(items=page.items, next=page.cursor)


@router.get("/v1/messages/{message}", openapi_extra=roles(READERS))
async def get_message(message: IdInPath, caller: Caller, deps: Deps) -> MessageShown:
    """One message, with the decisions, the events and the visit that led to it, and every attempt."""
    story = await deps.messages.one(message)
    if not caller.sees(story.row.venue):
        raise not_found()
    return MessageShown.of(story)
