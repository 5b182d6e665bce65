"""Under which name does a tag travel, so that the wire tells a stranger nothing?"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from typing import NewType

from wire.advert.frame import TagId

Pseudonym = NewType("Pseudonym", str)  # 16 characters of base64url


def pseudonym(key: bytes, tag: TagId) -> Pseudonym:
    """The first 12 bytes of HMAC-SHA256(venue key, canonical id), as base64url."""
    return Pseudonym(urlsafe_b64encode(hmac.digest(key, tag.encode(), "sha256")[:12]).decode())
