"""What is this run, decision or message called? The same thing is called the same however often it is decided."""

from __future__ import annotations

import hashlib
from datetime import datetime
from hashlib import blake2b
from typing import Final

COUPON_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Crockford's base 32: no I, L, O or U, so that a code can be read out at a counter.

COUPON_LENGTH: Final = 8

EMITTED: Final = "emitted-"  # how the id of an event begins that a journey made

_VARIANTS: Final = "89ab" * 4
# A UUID of version 8 of RFC 9562, "made by the application": its 13th digit is 8, of its 17th two bits are fixed.


def _digest(*parts: str) -> bytes:
    """Parts are told apart by a byte that no id may hold, so that `a`+`bc` is not `ab`+`c`."""
    return hashlib.sha256("\x00".join(parts).encode()).digest()


def run_id(*, venue: str, journey: str, guest: str, event: str) -> str:
    """One guest in one journey, from one event on."""
    return _digest("run", venue, journey, guest, event).hex()[:32]


def decision_id(venue: str, guest: str, cause: str, *about: str) -> str:
    """One answer, by its venue, guest, cause, journey, run, step, kind and reason.

    One is made for each event and journey, and is read by nobody but us: of the hashes at hand, the quickest. Those of
    one cause begin alike: they lie side by side in the database's index, on one page to make durable instead of six.
    """
    return f"{_half(venue, guest, cause)}{_half(*about)}"


def _half(*about: str) -> str:
    return blake2b("\x00".join(about).encode(), digest_size=8).hexdigest()


def dedupe_key(*, journey: str, guest: str, run: str, step: str) -> str:
    """What may be sent once. A fallback channel is another attempt of the same message, so it is no part of this."""
    return _digest("message", journey, guest, run, step).hex()


def message_id(key: str) -> str:
    """A UUID made from the dedupe key: the provider's name for the message too."""
    digits = hashlib.sha256(key.encode()).hexdigest()
    variant = _VARIANTS[int(digits[16], 16)]
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def task_id(*, run: str, step: str, escalated: bool) -> str:
    """What one step of one run asks of the staff; its escalation is another task."""
    return message_id(_digest("task", run, step, "escalated" if escalated else "").hex())


def emitted_id(*, run: str, step: str, what: str) -> str:
    """The event that one step of one run makes."""
    return f"{EMITTED}{_digest('emitted', run, step, what).hex()[:32]}"


def coupon(run: str) -> str:
    """The one code of a run. Who does not know the run's id cannot guess it."""
    number = int.from_bytes(_digest("coupon", run)[:5])
    return "".join([COUPON_LETTERS[number >> 5 * place & 31] for place in range(COUPON_LENGTH)])


def cause_of_deadline(at: datetime) -> str:
    """What a decision names as its cause when it was a deadline."""
    return f"due:{at.isoformat()}"
