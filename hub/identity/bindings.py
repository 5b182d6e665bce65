"""Whose is a tag that a gateway heard? The only door between a pseudonym and a guest.

Made anew from the venues' keys and the enrolled bindings whenever either changes; pure, and kept in memory, because it
is asked about every transition. A tag that is not in here is nobody's, whoever it may have belonged to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from hub.identity.guest import Binding, GuestId, VenueId
from wire.advert.frame import TagId
from wire.mqtt.topics import bucket_of
from wire.pseudonym import Pseudonym, pseudonym
from wire.tag import rolls


class Carried(NamedTuple):
    """Somebody has a tag or a phone that is to be noticed."""

    guest: GuestId
    since: datetime


class _Held(NamedTuple):
    """One binding, seen from its pseudonym."""

    guest: GuestId
    from_: datetime
    until: datetime | None
    bucket: int

    def at(self, moment: datetime) -> bool:
        return self.from_ <= moment and (self.until is None or moment < self.until)


class Enrolment:
    """Which tags are to be noticed, at which venue, under which name, and whose they are."""

    def __init__(
        self,
        keys: Mapping[VenueId, bytes] | None = None,
        bindings: Iterable[Binding] = (),
        agreed: Mapping[GuestId, datetime] | None = None,
        *,
        buckets: int = 1,
    ) -> None:
        self._keys = keys or {}
        self._agreed = agreed or {}  # whose own phone is to be noticed too, and since when
        self._phones = {
            venue: {pseudonym(key, _phone(guest)): guest for guest in self._agreed} for venue, key in self._keys.items()
        }
        self._held: dict[VenueId, dict[Pseudonym, tuple[_Held, ...]]] = {}
        self._rolling: dict[VenueId, dict[Pseudonym, TagId]] = {}
        by_tag = _by_tag(bindings)
        for venue, key in self._keys.items():
            self._rolling[venue] = {pseudonym(key, tag): tag for tag in by_tag if rolls(tag)}
            self._held[venue] = {
                pseudonym(key, tag): tuple(
                    _Held(one.guest, one.from_, one.until, bucket_of(venue, tag, buckets)) for one in of_tag
                )
                for tag, of_tag in by_tag.items()
            }

    def whose(self, venue: str, tag: Pseudonym, at: datetime) -> GuestId | None:
        """Who carried the tag then; None when nobody did who agreed to be noticed."""
        carried = self.carried(venue, tag, at)
        return None if carried is None else carried.guest

    def carried(self, venue: str, tag: Pseudonym, at: datetime) -> Carried | None:
        """The same, with since when she did."""
        for held in self._held.get(VenueId(venue), {}).get(tag, ()):
            if held.at(at):
                return Carried(held.guest, held.from_)
        owner = self._phones.get(VenueId(venue), {}).get(tag)
        return Carried(owner, self._agreed[owner]) if owner is not None and self._agreed[owner] <= at else None

    def all_carried(self, venue: str, at: datetime) -> dict[Pseudonym, Carried]:
        """Every tag and phone that somebody has at a moment."""
        names = [*self._held.get(VenueId(venue), {}), *self._phones.get(VenueId(venue), {})]
        each = ((name, self.carried(venue, name, at)) for name in names)
        return {name: carried for name, carried in each if carried is not None}

    def phone(self, venue: str, guest: GuestId) -> Pseudonym | None:
        """Under which name a guest's own phone is noticed; None when she did not agree to it."""
        key = self._keys.get(VenueId(venue))
        return None if key is None or guest not in self._agreed else pseudonym(key, _phone(guest))

    def is_phone(self, venue: str, tag: Pseudonym) -> bool:
        """Is it a guest's own phone, which no gateway hears?"""
        return tag in self._phones.get(VenueId(venue), {})

    def pseudonyms(self, venue: str, at: datetime) -> dict[Pseudonym, int]:
        """What the venue's gateways are to listen for at a moment, each with its bucket."""
        return {
            name: held[0].bucket
            for name, held in self._held.get(VenueId(venue), {}).items()
            if any(one.at(at) for one in held)
        }

    def rolling(self, venue: str, at: datetime) -> dict[TagId, int]:
        """Of those, the tags whose identifier rolls: gateways are to listen for what they call themselves just now."""
        names = self._rolling.get(VenueId(venue), {})
        return {names[name]: bucket for name, bucket in self.pseudonyms(venue, at).items() if name in names}

    def next_change(self, after: datetime) -> datetime | None:
        """When `pseudonyms` will answer otherwise, without anybody's doing: a binding begins or ends."""
        moments = (
            moment
            for of_venue in self._held.values()
            for held in of_venue.values()
            for one in held
            for moment in (one.from_, one.until)
            if moment is not None and moment > after
        )
        return min(moments, default=None)


def _phone(guest: GuestId) -> TagId:
    """No beacon is called so, and nobody can bind it: wire.tag knows no such kind."""
    return TagId(f"phone:{guest}")


def _by_tag(bindings: Iterable[Binding]) -> dict[TagId, list[Binding]]:
    """Newest first, so that the binding of today is found at once."""
    by_tag: dict[TagId, list[Binding]] = {}
    for binding in sorted(bindings, key=lambda binding: binding.from_, reverse=True):
        by_tag.setdefault(binding.tag, []).append(binding)
    return by_tag
