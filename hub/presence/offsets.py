"""What would a gateway have heard with an ordinary antenna? Its offset, in dB, is added before anything is made of it.

For a gateway that hangs behind glass, or has another antenna: without it, its zone would seem farther than the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hub.presence.recording import Reading


def levelled(readings: Iterable[Reading], offsets: Mapping[str, int]) -> Iterator[Reading]:
    """The readings of a recording, each with its gateway's offset."""
    for reading in readings:
        offset = offsets.get(reading.gateway, 0)
        yield reading._replace(rssi_dbm=reading.rssi_dbm + offset) if offset else reading
