"""What can a text use? `guest.*`, `venue.*`, `zone.*`, `event.*`, `link.*`, `coupon`, and the venue's sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rules.event import Value
from rules.facts import Facts
from rules.language import LOCALE, Locale
from rules.rulebook import Rulebook
from rules.venue import STALE, Venue
from rules.view import guest_view

VENUE_FIELDS: Final = ("id", "name", "currency", "timezone")
ZONE_FIELDS: Final = ("id", "name")

Extras = Mapping[str, Mapping[str, Value]]


def text_values(
    rulebook: Rulebook, facts: Facts, view: Mapping[str, Value], *, extras: Extras, language: str | None
) -> dict[str, object]:
    """The whole namespace of one text."""
    venue = rulebook.venue
    nested: dict[str, dict[str, Value]] = {
        "guest": guest_view(venue, facts),
        "venue": {"id": venue.id, "name": venue.name, "currency": venue.currency, "timezone": venue.timezone.key},
        "link": dict(venue.links),
        "zone": {},
        "event": {},
    }
    for name, source in venue.sources.items():
        nested[name] = {**source.table, STALE: source.url is not None}
    for root, values in extras.items():
        nested.setdefault(root, {}).update(values)
    flat: dict[str, object] = {}
    for name, value in view.items():
        root, dot, field = name.partition(".")
        if dot:
            nested.setdefault(root, {})[field] = value
        else:
            flat[name] = value
    return flat | nested | {LOCALE: locale_for(venue, language)}


def locale_for(venue: Venue, language: str | None) -> Locale:
    """How this text is written."""
    return Locale(language=language or venue.languages[0], currency=venue.currency, zone=venue.timezone)
