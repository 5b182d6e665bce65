"""Consents: what a guest has agreed to, in which words."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hub.api.auth import APPS, Guarded, roles
from hub.api.deps import ApiDeps, Deps
from hub.api.fields import GuestInPath, NameInPath
from hub.api.problem import invalid
from hub.api.schemas import ConsentBody
from hub.identity.guest import Consent, GuestId

router = APIRouter(route_class=Guarded, tags=["consents"])

PRESENCE: Final = "presence"  # the purpose of being located at all
TAG: Final = "tag"  # its one channel


@router.put("/v1/guests/{guest}/consents/{purpose}/{channel}", openapi_extra=roles(APPS))
async def put_consent(
    guest: GuestInPath, purpose: NameInPath, channel: NameInPath, body: ConsentBody, deps: Deps
) -> Consent:
    """Add a statement, which is in force from now on; the same statement again adds nothing."""
    _sensible(deps, purpose, channel)
    value = body.value(purpose, channel)
    await deps.guests.record_consent(GuestId(guest), value, deps.clock.now())
    if purpose == PRESENCE:
        await deps.enrolment_changed()
    stored = (await deps.guests.guest(GuestId(guest))).consents
    return next((one for one in stored if (one.purpose, one.channel) == (purpose, channel)), value)


def _sensible(deps: ApiDeps, purpose: str, channel: str) -> None:
    if purpose == PRESENCE:
        if channel != TAG:
            raise invalid("path.channel", channel, f"{TAG}: presence is consented to for tags")
        return
    venues = deps.venues().values()
    purposes = sorted({name for venue in venues for name in venue.purposes})
    channels = sorted({name for venue in venues for name in venue.channels})
    if purpose not in purposes:
        raise invalid("path.purpose", purpose, f"one of {', '.join([PRESENCE, *purposes])}")
    if channel not in channels:
        raise invalid("path.channel", channel, f"one of {', '.join(channels)}")
