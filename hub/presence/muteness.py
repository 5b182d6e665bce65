"""Has a gateway died, and nobody has said so yet? Who is heard well does not fall silent at once with somebody else.

One guest may: she steps into an elevator. Two whom a gateway heard well until its last word do not: it is the
gateway.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hub.presence.surveyed import Mind

WELL_DBM: Final = -85.0  # hardly an advert is lost; who walks off is heard fainter before she is heard no more
TAGS: Final = 2


def is_mute(gateway: str, spoke_at: float, within_s: float, minds: Iterable[Mind | None]) -> bool:
    """Did a gateway that sent its last row at Unix second `spoke_at` hear TAGS well until then?"""
    heard = 0
    for mind in minds:
        ear = None if mind is None else mind.fast.get(gateway)
        if ear is not None and ear[0] > spoke_at - within_s and ear[1] >= WELL_DBM:
            heard += 1
            if heard == TAGS:
                return True
    return False
