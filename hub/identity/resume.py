"""Who comes back to a form that she left? The link in her message says it, to us alone, for a while.

Sealed as the unsubscribe link is: nobody can make one, and nobody who sees the address learns who she is. It ends,
because whoever holds it is taken for her.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha512
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

LASTS: Final = timedelta(days=7)  # a form that was left a week ago is begun anew
_CONTEXT: Final = b"innkeeper resume v1"  # the same secret seals other things: none of them is one of these


class Resumed(NamedTuple):
    """Who comes back, and from which message."""

    guest: str
    venue: str
    run: str
    until: datetime


def make(secret: bytes, guest: str, venue: str, run: str, *, sent: datetime) -> str:
    """The token of one run: characters that a query takes as they are."""
    until = int((sent + LASTS).timestamp())
    words = json.dumps([guest, venue, run, until], ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(_seal(secret).encrypt(words.encode(), [_CONTEXT])).rstrip(b"=").decode()


def read(secret: bytes, token: str, *, now: datetime) -> Resumed | None:
    """What `make` was told; None for anything that it did not make, or that has ended."""
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        guest, venue, run, until = json.loads(_seal(secret).decrypt(sealed, [_CONTEXT]))
    except (InvalidTag, ValueError):
        return None
    ends = datetime.fromtimestamp(until, UTC)
    return Resumed(guest, venue, run, ends) if now < ends else None


def _seal(secret: bytes) -> AESSIV:
    return AESSIV(sha512(_CONTEXT + secret).digest())  # 64 bytes: one half authenticates, the other hides
