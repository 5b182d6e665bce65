"""What does a text need that only the running hub knows? What sources answer just now, and the link back to a form."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hub.channels.sources import Sources
from hub.identity import resume
from rules.event import Value
from rules.facts import Planned
from rules.rulebook import Rulebook
from rules.template import Wanted, wanted
from rules.text_values import Extras

RESUME = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextExtras:
    """Asked for each message, and only for what its text names."""

    sources: Sources
    secret: bytes  # seals the links

    async def __call__(self, rulebook: Rulebook, planned: Planned) -> Extras:
        """By root: `rate.tonight`, `link.resume`."""
        asks = wanted(rulebook, planned)
        venue = rulebook.venue
        found = [venue.sources[name] for name in sorted(asks.sources)]
        answers = await asyncio.gather(*(self.sources.values(venue.id, source) for source in found))
        extras: dict[str, dict[str, Value]] = {
            source.name: dict(answer) for source, answer in zip(found, answers, strict=True)
        }
        return extras | self._links(rulebook, planned, asks)

    def at_once(self, rulebook: Rulebook, planned: Planned) -> Extras | None:
        """The same, of what is known; None when a source would have to be asked first."""
        asks = wanted(rulebook, planned)
        extras: dict[str, dict[str, Value]] = {}
        for name in asks.sources:
            values = self.sources.at_once(rulebook.venue.id, rulebook.venue.sources[name])
            if values is None:
                return None
            extras[name] = dict(values)
        return extras | self._links(rulebook, planned, asks)

    def _links(self, rulebook: Rulebook, planned: Planned, asks: Wanted) -> dict[str, dict[str, Value]]:
        if RESUME not in asks.links or (page := rulebook.venue.links.get(RESUME)) is None:
            return {}
        token = resume.make(self.secret, planned.guest, planned.venue, planned.run, sent=planned.at)
        return {"link": {RESUME: f"{page}{'&' if '?' in page else '?'}token={token}"}}
