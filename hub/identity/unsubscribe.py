"""Who asks to be left alone, and by what? The link in every email says it, to us alone.

A token is its three words, sealed (AES-SIV): nobody can make one, and nobody who sees the address of the page
learns who the guest is. It is deterministic, so that a link is the same in every email, and it never expires:
an old email must still let her go.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha512
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_CONTEXT = b"innkeeper unsubscribe v1"  # the same secret may seal other things: none of them is a token


class Unsubscribed(NamedTuple):
    """What is withdrawn."""

    guest: str
    purpose: str
    channel: str


def make(secret: bytes, guest: str, purpose: str, channel: str) -> str:
    """The token of one guest, purpose and channel: characters that a path takes as they are."""
    words = json.dumps([guest, purpose, channel], ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(_seal(secret).encrypt(words.encode(), [_CONTEXT])).rstrip(b"=").decode()


def read(secret: bytes, token: str) -> Unsubscribed | None:
    """What `make` was told; None for anything that it did not make."""
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        guest, purpose, channel = json.loads(_seal(secret).decrypt(sealed, [_CONTEXT]))
    except (InvalidTag, ValueError):
        return None
    return Unsubscribed(guest, purpose, channel)


def _seal(secret: bytes) -> AESSIV:
    return AESSIV(sha512(_CONTEXT + secret).digest())  # 64 bytes: one half authenticates, the other hides
