"""Does BlueZ keep from us what has not moved by 8 dB? Then nearly nothing arrives, and nothing else says so.

Without a discovery filter, and from 5.88 on in more cases, BlueZ signals a beacon again only when its level has moved
that far. Fading moves every beacon by less all the time: one such move clears it; many large ones and not one small
convict it. Pure.
"""

from __future__ import annotations

from typing import Final

RULE_DB: Final = 8
LARGE_MOVES: Final = 20  # with none small: on a free radio a matter of chance once in 10^6
MAX_ADDRESSES: Final = 200

NOTE: Final = "BlueZ tells only of moves of 8 dB (a filter is ignored, or scan is passive); most adverts are lost"


class EightDb:
    """One look at one scan. `verdict` is None while nobody can know."""

    def __init__(self) -> None:
        self.verdict: bool | None = None
        self._last: dict[str, int] = {}
        self._large = 0

    def heard(self, address: str, rssi_dbm: int) -> None:
        """One advert."""
        last = self._last.get(address)
        if last is None:
            if len(self._last) < MAX_ADDRESSES:
                self._last[address] = rssi_dbm
            return
        self._last[address] = rssi_dbm
        moved = abs(rssi_dbm - last)
        if 0 < moved < RULE_DB:
            self.verdict = False
        elif moved >= RULE_DB:
            self._large += 1
            if self._large >= LARGE_MOVES:
                self.verdict = True
