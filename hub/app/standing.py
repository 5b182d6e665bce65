"""What is in force just now: the venues' rules, their keys, and which tags are enrolled?

Two things change it: a reload of the venue files, and a write about a tag or a consent. Both end here, and from here
go to ingest (whom to hear), presence (which gateway is which zone), the journeys (by which rules) and the gateways.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.api.port import VenueShown
from hub.identity.aes import encrypt
from hub.identity.bindings import Enrolment
from hub.identity.eid_files import EidFiles
from hub.identity.guest import VenueId
from hub.identity.keys import venue_key
from hub.identity.rolling import Rolling
from hub.ingest.admit import Roster
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.survey import Survey
from rules.rulebook import Rulebook
from rules.venue import Venue, Zone
from wire.advert.frame import TagId
from wire.pseudonym import Pseudonym, pseudonym
from wire.tag import parse_tag

UTC = ZoneInfo("UTC")


class Standing:
    """The values that the composition root swaps whole."""

    def __init__(
        self, data_dir: Path, books: Mapping[str, Rulebook], surveys: Mapping[str, Survey] | None = None
    ) -> None:
        self._keys_dir = data_dir / "keys"
        self.enrolment = Enrolment()
        self.eid_files = EidFiles(self._keys_dir)
        self.rolling = Rolling(encrypt=encrypt, beacons=self.eid_files.load())
        self.revoked: frozenset[tuple[str, str]] = frozenset()
        self.surveys = surveys or {}  # by venue
        self.take_books(books)

    def take_books(self, books: Mapping[str, Rulebook]) -> None:
        """New venue files are in force. Raises BadConfig when a venue's key cannot be read or made."""
        self.keys = {VenueId(venue): venue_key(self._keys_dir, venue) for venue in books}
        self.books = books

    def layouts(self) -> tuple[Layout, ...]:
        """What presence is to know."""
        return tuple(layout_of(book.venue, self.surveys.get(venue)) for venue, book in self.books.items())

    def phone_layouts(self) -> tuple[Layout, ...]:
        """What presence is to know of the beacons that guests' phones hear."""
        return tuple(phone_layout_of(book.venue) for book in self.books.values())

    @property
    def has_beacons(self) -> bool:
        """Is there any that a guest's phone may hear?"""
        return any(zone.beacons for book in self.books.values() for zone in book.venue.zones.values())

    def roster(self, at: datetime) -> Roster:
        """What ingest is to know."""
        return Roster(
            zones={
                venue: {gateway: zone.id for zone in book.venue.zones.values() for gateway in zone.gateways}
                for venue, book in self.books.items()
            },
            revoked=self.revoked,
            enrolled={
                venue: frozenset(self.enrolment.pseudonyms(venue, at)) | self.references(venue).keys()
                for venue in self.books
            },
        )

    def enrol(self, enrolment: Enrolment, at: datetime) -> None:
        """Other bindings are in force, or identifiers are about to roll."""
        self.enrolment = enrolment
        self.rolling.follow(
            {venue: enrolment.rolling(venue, at) for venue in self.books},
            {venue: (self.keys[VenueId(venue)],) for venue in self.books},
            at.timestamp(),
        )

    def wanted(self, venue: str, at: datetime) -> dict[Pseudonym, int]:
        """What a venue's gateways are to listen for, each with its bucket."""
        rolls = {self.pseudonyms(tag)[venue] for tag in self.enrolment.rolling(venue, at)}
        named = self.enrolment.pseudonyms(venue, at)
        return {
            **dict.fromkeys(self.references(venue), 0),
            **{name: bucket for name, bucket in named.items() if name not in rolls},
            **self.rolling.told(venue),
        }

    def references(self, venue: str) -> Mapping[Pseudonym, str]:
        """A venue's tags that hang still, by their names on the wire: what people call each."""
        return {
            pseudonym(self.keys[VenueId(venue)], parse_tag(one.tag)): one.name
            for one in self.books[venue].venue.references.values()
        }

    def gateways(self, venue: str) -> list[str]:
        """A venue's gateways, without those that were revoked."""
        zones = self.books[venue].venue.zones.values()
        return [name for zone in zones for name in zone.gateways if (venue, name) not in self.revoked]

    def timezone_of(self, venue: str) -> tzinfo:
        """A venue's time zone; UTC for a venue that no file describes any more."""
        book = self.books.get(venue)
        return UTC if book is None else book.venue.timezone

    def pseudonyms(self, tag: TagId) -> Mapping[str, str]:
        """A tag's name on the wire, by venue."""
        return {venue: pseudonym(key, tag) for venue, key in self.keys.items()}

    def shown(self) -> Mapping[str, VenueShown]:
        """What the API is to know."""
        return {venue: _shown(book.venue) for venue, book in self.books.items()}


def layout_of(venue: Venue, survey: Survey | None = None) -> Layout:
    """A venue's zones, as presence sees them."""
    return Layout(venue=venue.id, zones=tuple(zones_of(venue).values()), survey=survey, offsets=venue.offsets)


def phone_layout_of(venue: Venue) -> Layout:
    """The same for a guest's own phone: beacons stand in the gateways' place.

    A survey says what gateways hear, and nothing of what a phone does: the margin rule serves.
    """
    zones = [zone for zone in venue.zones.values() if not zone.either]
    return Layout(
        venue=venue.id,
        zones=tuple(ZoneLayout(zone=zone.id, gateways=_beacons(zone), dwells=zone.dwell) for zone in zones),
    )


def zones_of(venue: Venue) -> Mapping[str, ZoneLayout]:
    """The same zones by their ids."""
    return {
        zone.id: ZoneLayout(zone=zone.id, gateways=_gateways(venue, zone), dwells=zone.dwell, either=zone.either)
        for zone in venue.zones.values()
    }


def _gateways(venue: Venue, zone: Zone) -> tuple[str, ...]:
    return zone.gateways + tuple(name for member in zone.either for name in venue.zones[member].gateways)


def _beacons(zone: Zone) -> tuple[TagId, ...]:
    return tuple(parse_tag(text) for text in zone.beacons)


def _shown(venue: Venue) -> VenueShown:
    return VenueShown(
        id=venue.id,
        name=venue.name,
        zones=tuple(venue.zones),
        beacons=frozenset(beacon for zone in venue.zones.values() for beacon in _beacons(zone)),
        channels=frozenset(venue.channels),
        purposes=frozenset(venue.purposes),
    )
