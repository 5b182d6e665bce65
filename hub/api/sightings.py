"""Sightings: what a guest's own phone heard of the beacons that hang in a venue."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Response

from hub.api.answers import SightingsTaken
from hub.api.auth import PHONES, Caller, Guarded, roles
from hub.api.deps import Deps
from hub.api.events import not_ahead, venue_of
from hub.api.port import Listened, VenueShown
from hub.api.problem import invalid, not_found
from hub.api.schemas import SightingBody, SightingsBody
from hub.identity.guest import GuestId
from hub.ingest.phones import Heard
from wire.errors import Malformed
from wire.tag import parse_tag

router = APIRouter(route_class=Guarded, tags=["sightings"])

AHEAD_MAX: Final = timedelta(seconds=10)
# Phones keep their clocks to a second or two. From further ahead, who goes would be held to be there for as long.


@router.post(
    "/v1/app/sightings",
    openapi_extra=roles(PHONES),
    responses={200: {"description": "nothing was done: all known, or no consent"}, 202: {"description": "taken"}},
)
async def post_sightings(body: SightingsBody, response: Response, caller: Caller, deps: Deps) -> SightingsTaken:
    """Take what a guest's phone heard: 202 when there was anything new, 200 when nothing was done."""
    if not caller.may_write_about(body.guest):
        raise not_found()
    venue, now = venue_of(deps, caller, body.venue), deps.clock.now()
    heard = [_heard(f"body.sightings.{number}", one, venue, now) for number, one in enumerate(body.sightings)]
    outcome = await deps.hear_phone(body.venue, GuestId(body.guest), heard)
    response.status_code = HTTPStatus.ACCEPTED if outcome is Listened.TAKEN else HTTPStatus.OK
    return SightingsTaken(outcome=outcome)


def _heard(where: str, sighting: SightingBody, venue: VenueShown, now: datetime) -> Heard:
    try:
        beacon = parse_tag(sighting.beacon)
    except Malformed as fault:
        raise invalid(f"{where}.beacon", sighting.beacon, fault.right) from fault
    if beacon not in venue.beacons:
        raise invalid(f"{where}.beacon", sighting.beacon, f"a beacon that a zone of {venue.id} names")
    at = not_ahead(sighting.at or now, now, where=f"{where}.at", most=AHEAD_MAX)
    return Heard(at.timestamp(), beacon, sighting.rssi)
