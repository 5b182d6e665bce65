"""How old is what a batch says, so that nobody is welcomed to a lobby that she left an hour ago?

Three witnesses; the one that says the most wins. (1) The smallest difference between arrival and `sent` that was seen
of a gateway's boot is taken for "no delay": what a batch has in excess of it, it spent on the way. (2) An MQTT 5 broker
tells what remains of the expiry that the gateway asked for. (3) Two wall clocks, when both are known to be right. The
gateway need not know what day it is.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

STALE_AFTER_S: Final = 90.0
# Older sightings start nothing. It is also the expiry that gateways ask of an MQTT 5 broker for live sightings.

MAX_BOOTS: Final = 16  # of one gateway, the ones heard last; more only come from somebody who publishes by hand

DRIFT: Final = 500e-6
# The fastest at which the kernel slews a clock. "No delay" may grow by it, or the drift of a month would look like
# delay; a batch that was held up for an hour is read as 1.8 s younger for it.


class SentClocks:
    """What "no delay" is for each boot of each gateway."""

    def __init__(self) -> None:
        self._bases: dict[tuple[str, str], OrderedDict[str, tuple[float, float]]] = {}  # difference, and when seen

    def delay_s(self, gateway: tuple[str, str], boot: str, *, arrived_s: float, sent_s: float) -> float:
        """How long a batch was on its way, at least, by our monotonic clock and the gateway's. 0 for a boot's first."""
        boots = self._bases.setdefault(gateway, OrderedDict())
        difference = arrived_s - sent_s
        known = boots.get(boot)
        if known is None:
            base = difference
        else:
            least, seen_s = known
            base = min(difference, least + DRIFT * max(0.0, arrived_s - seen_s))
        boots[boot] = (base, arrived_s)
        boots.move_to_end(boot)
        if len(boots) > MAX_BOOTS:
            boots.popitem(last=False)
        return difference - base


def delay_of(*, sent_delay_s: float, expiry_left_s: float | None, wall_difference_s: float | None) -> float:
    """The longest delay that a witness tells; a witness that is not there, or tells of the future, tells nothing."""
    delay = sent_delay_s
    if expiry_left_s is not None:
        delay = max(delay, STALE_AFTER_S - expiry_left_s)
    if wall_difference_s is not None:
        delay = max(delay, wall_difference_s)
    return delay
