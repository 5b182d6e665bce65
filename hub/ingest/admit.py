"""Who may say it? A gateway that the venue file names and nobody has revoked, about tags that are enrolled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from wire.pseudonym import Pseudonym


class Refusal(StrEnum):
    """Why nothing of a message was taken."""

    NOT_OURS = "not_ours"  # the topic
    UNKNOWN_GATEWAY = "unknown_gateway"
    REVOKED = "revoked"
    QUARANTINED = "quarantined"  # it floods
    OTHER_GATEWAY = "other_gateway"  # `gw` is not the topic's
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Whom the hub listens to. A new one takes the place of the old when venues, guests or revocations change."""

    zones: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by venue, then gateway: its zone
    revoked: frozenset[tuple[str, str]] = frozenset()  # venue, gateway
    enrolled: Mapping[str, frozenset[Pseudonym]] = field(default_factory=dict)  # by venue

    def refusal(self, venue: str, gateway: str) -> Refusal | None:
        """Why this gateway is not heard; None when it is."""
        if gateway not in self.zones.get(venue, ()):
            return Refusal.UNKNOWN_GATEWAY
        if (venue, gateway) in self.revoked:
            return Refusal.REVOKED
        return None
