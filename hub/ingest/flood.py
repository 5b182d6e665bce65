"""Does a gateway say more than any gateway has to say? A token bucket each, and quarantine for whoever empties it.

A gateway of ours says some thirty messages a second at the most, whatever it hears. One that says hundreds of times as
much is broken or somebody else's; before it costs the others their place, nothing of it is looked at for a while. What
an honest one loses meanwhile it sends again, for nothing of it was acknowledged. Pure: time comes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

MESSAGES_S: Final = 2_000.0  # a batch has up to 2,000 rows: a benchmark's fill, sixty times a real gateway's
BYTES_S: Final = 8_000_000.0
BURST_S: Final = 5.0  # so many seconds' worth at once: a backlog that somebody drains by hand
QUARANTINE_S: Final = 600.0
CALM_S: Final = 10.0  # the last part of a quarantine: who still floods then is kept for another


class Verdict(Enum):
    """What is to become of a message."""

    PASS = 0
    QUARANTINED = 1  # of a gateway that is quarantined
    ALARM = 2  # the same, for the first one


@dataclass(slots=True)
class _Bucket:
    messages: float
    bytes: float
    at: float
    until: float = float("-inf")  # quarantined


class FloodGuard:
    """One bucket a gateway; asked about gateways of the roster alone, so it is bounded."""

    def __init__(self, *, messages_s: float = MESSAGES_S, bytes_s: float = BYTES_S) -> None:
        self._messages_s = messages_s
        self._bytes_s = bytes_s
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def judge(self, gateway: tuple[str, str], size: int, now: float) -> Verdict:
        """One message of so many bytes, at a monotonic second."""
        bucket = self._buckets.get(gateway)
        if bucket is None:
            most = self._messages_s * BURST_S, self._bytes_s * BURST_S
            bucket = self._buckets[gateway] = _Bucket(*most, now)
        if now < bucket.until:
            return self._in_quarantine(bucket, now)
        passed = max(0.0, now - bucket.at)
        bucket.at = now
        bucket.messages = min(self._messages_s * BURST_S, bucket.messages + passed * self._messages_s) - 1
        bucket.bytes = min(self._bytes_s * BURST_S, bucket.bytes + passed * self._bytes_s) - size
        if bucket.messages >= 0 and bucket.bytes >= 0:
            return Verdict.PASS
        bucket.messages, bucket.bytes = self._messages_s * BURST_S, self._bytes_s * BURST_S
        bucket.until = now + QUARANTINE_S
        return Verdict.ALARM

    def _in_quarantine(self, bucket: _Bucket, now: float) -> Verdict:
        """It floods on: towards the end that is counted as outside."""
        if now > bucket.until - CALM_S:
            bucket.messages -= 1
            if bucket.messages < self._messages_s * BURST_S / 2:
                bucket.until = now + QUARANTINE_S
                bucket.messages = self._messages_s * BURST_S
        return Verdict.QUARANTINED

    def is_quarantined(self, gateway: tuple[str, str], now: float) -> bool:
        """Is nothing of it looked at?"""
        bucket = self._buckets.get(gateway)
        return bucket is not None and now < bucket.until

    def release(self, gateway: tuple[str, str]) -> None:
        """Somebody has mended it."""
        self._buckets.pop(gateway, None)
