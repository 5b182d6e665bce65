"""Does a survey belong to this venue, as its file describes it now?"""

from __future__ import annotations

from collections.abc import Mapping

from hub.errors import BadRequest
from hub.presence.layout import ZoneLayout
from hub.presence.survey import Survey


def check_fit(survey: Survey, venue: str, zones: Mapping[str, ZoneLayout], *, file: str) -> None:
    """Raise BadRequest when it is another venue's, or was walked in a zone that is no more."""
    if survey.venue != venue:
        raise BadRequest(f"{file}:1:1: found a survey of {survey.venue}; right would be one of {venue}")
    known = [name for name, zone in zones.items() if not zone.either]
    for spot in survey.spots:
        if spot.zone is not None and spot.zone not in known:
            raise BadRequest(
                f"{file}:1:1: found zone '{spot.zone}', which venue.yaml has not; known: {', '.join(known)}; "
                "right would be a survey that was walked since"
            )


def unfit(survey: Survey, zones: Mapping[str, ZoneLayout]) -> tuple[str, ...]:
    """What the survey does not know of the venue: a line for each zone and gateway that came since."""
    walked = {spot.zone for spot in survey.spots}
    heard = survey.gateways
    return (
        *(f"zone '{name}' was not walked" for name, zone in zones.items() if name not in walked and not zone.either),
        *(
            f"gateway '{gateway}' of {name} heard nothing of the walk"
            for name, zone in zones.items()
            if not zone.either
            for gateway in zone.gateways
            if gateway not in heard
        ),
    )
