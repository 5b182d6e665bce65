"""What does a message say, by which channel, in which languages, and for how long is it worth sending?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rules.phrase import Phrase
from rules.venue import MARKETING

KEEP: Final = timedelta(hours=24)
# What nobody has limited is still not worth sending a day later.


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A message in one language."""

    title: Phrase | None  # of an email: its subject
    body: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a journey."""

    name: str
    by: tuple[str, ...]  # channels in order; empty: the guest's preferred one, then the venue's
    wordings: Mapping[str, Wording]  # by language
    purpose: str = MARKETING
    keep: timedelta = KEEP
    line: int = 1  # of its name in the file
    column: int = 1

    def language_for(self, wish: str | None, venue_languages: tuple[str, ...]) -> str:
        """The guest's language, or its base (`pt` for `pt-BR`), or the venue's first that the message has."""
        wishes = [] if not wish else [wish, wish.replace("_", "-").split("-")[0].lower()]
        for language in (*wishes, *venue_languages):
            if language in self.wordings:
                return language
        return next(iter(self.wordings))
