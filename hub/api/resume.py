"""Who comes back to a form? The form's own system asks, with the token of the link in her message."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path

from hub.api.answers import Answer
from hub.api.auth import WRITERS, Caller, Guarded, roles
from hub.api.deps import Deps
from hub.api.problem import not_found

router = APIRouter(route_class=Guarded, tags=["resume"])

TokenInPath = Annotated[str, Path(min_length=1, max_length=2000)]


class ResumedShown(Answer):
    """Who, and until when the link says so."""

    guest: str
    venue: str
    run: str
    until: datetime


@router.get("/v1/resume/{token}", openapi_extra=roles(WRITERS))
async def resumed(token: TokenInPath, caller: Caller, deps: Deps) -> ResumedShown:
    """Whom a link was sent to; 404 when it is none of ours, or has ended."""
    found = deps.read_resume(token)
    if found is None or not caller.sees(found.venue):
        raise not_found()
    return ResumedShown(guest=found.guest, venue=found.venue, run=found.run, until=found.until)
