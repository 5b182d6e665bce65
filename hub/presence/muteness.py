"""Has a gateway died, and nobody has said so yet? Who is heard well does not fall silent at once with somebody else.

One guest may: she steps into an elevator. Two whom a gateway heard well until its last word do not, nor does one whom
it heard loud and others hear still: it is the gateway.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hub.presence.surveyed import Mind

HUSH_S: Final = 5.0  # a gateway may lose all adverts of so many seconds
WELL_DBM: Final = -85.0  # hardly an advert is lost; who walks off is heard fainter before she is heard no more
TAGS: Final = 2
LOUD_DBM: Final = -75.0  # of one guest; from there it takes walls and many seconds to be heard no more
SINCE_S: Final = 1.0  # others, who hear her at the same moment, may have said so up to so much later


def is_mute(gateway: str, spoke_at: float, within_s: float, minds: Iterable[Mind | None]) -> bool:
    """Did a gateway that sent its last row at Unix second `spoke_at` die then, by what it heard within so long?"""
    lost = 0
    for mind in minds:
        ear = None if mind is None else mind.fast.get(gateway)
        if mind is None or ear is None or ear[0] <= spoke_at - within_s or ear[1] < WELL_DBM:
            continue
        lost += 1
        if lost == TAGS or (ear[1] >= LOUD_DBM and any(at > spoke_at + SINCE_S for at, *_ in mind.fast.values())):
            return True
    return False
