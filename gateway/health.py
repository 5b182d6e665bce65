"""How are the tags? What their own telemetry says, and what share of their adverts arrives here.

Eddystone's telemetry counts the adverts that a beacon has sent; beside what was heard meanwhile, that is a true packet
reception ratio. A platform repeats what it knows, so only a counter that has moved is news. A vendor's own format may
tell of the battery, and counts nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from wire.advert.frame import EddystoneTlm, VendorBeacon
from wire.mqtt.messages import TagHealth
from wire.mqtt.state import MAX_TAGS
from wire.pseudonym import Pseudonym

ENOUGH: Final = 20  # adverts that a tag must have sent before a share of them means something
FRESH_S: Final = 3600.0  # a beacon tells every few seconds to minutes; an hour later it has gone
MAX_KNOWN: Final = 4096


@dataclass(slots=True)
class _Known:
    frame: EddystoneTlm
    at: float
    sent_then: int  # the counter, and what we had heard, where the share is counted from
    heard_then: int
    reception: float | None = None


class Health:
    """Of all tags at this gateway."""

    def __init__(self) -> None:
        self._known: OrderedDict[Pseudonym, _Known] = OrderedDict()  # what was heard last comes last

    def hear(self, tag: Pseudonym, frame: EddystoneTlm | VendorBeacon, heard: int, now: float) -> None:
        """One telemetry frame; so many adverts of this tag were heard up to now."""
        if isinstance(frame, VendorBeacon):
            said = EddystoneTlm(battery_mv=frame.battery_mv, temperature_c=None, adverts=0, uptime_s=0.0)
            self._known[tag] = _Known(said, now, 0, heard)
            self._last_is(tag)
            return
        known = self._known.get(tag)
        if known is None or frame.adverts < known.frame.adverts or heard < known.heard_then:  # it, or we, began anew
            known = self._known[tag] = _Known(frame, now, frame.adverts, heard)
        elif frame.adverts == known.frame.adverts:
            return
        known.frame, known.at = frame, now
        self._last_is(tag)
        sent = frame.adverts - known.sent_then
        if sent >= ENOUGH:
            known.reception = min(1.0, (heard - known.heard_then) / sent)
            known.sent_then, known.heard_then = frame.adverts, heard

    def _last_is(self, tag: Pseudonym) -> None:
        self._known.move_to_end(tag)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)

    def keep_only(self, tags: Container[Pseudonym]) -> None:
        """Forget whoever is not among these."""
        for tag in [tag for tag in self._known if tag not in tags]:
            del self._known[tag]

    def told(self, now: float) -> dict[Pseudonym, TagHealth]:
        """What is worth telling: the ones heard last."""
        told: dict[Pseudonym, TagHealth] = {}
        for tag, known in reversed(self._known.items()):
            if now - known.at > FRESH_S or len(told) == MAX_TAGS:
                break
            celsius, reception = known.frame.temperature_c, known.reception
            told[tag] = TagHealth(
                battery_mv=known.frame.battery_mv,
                temperature_c=None if celsius is None else round(celsius, 1),
                reception=None if reception is None else round(reception, 2),
                age_s=max(0, int(now - known.at)),
            )
        return told
