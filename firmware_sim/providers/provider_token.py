"""Is the token, with which a provider shows APNs who it is, a good one?"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from firmware_sim.providers.clock import Now
from firmware_sim.providers.conduct import Conduct

TOKEN_AGE: Final = timedelta(hours=1)
TOKEN_LEEWAY: Final = timedelta(minutes=1)  # for a clock that runs ahead


class Refused(Exception):
    """Apple's word for what is wrong."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ProviderTokens:
    """The tokens of one team, signed with one key (ES256)."""

    def __init__(self, *, key: EllipticCurvePublicKey, team_id: str, key_id: str, now: Now, conduct: Conduct) -> None:
        self._key = key
        self._team_id = team_id
        self._key_id = key_id
        self._now = now
        self._conduct = conduct
        self._known: dict[str, float] = {}  # tokens that verified, and when they were issued
        self._expired: set[str] = set()
        self._expirations = 0

    def check(self, authorization: str | None) -> None:
        """Raises Refused."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refused("MissingProviderToken")
        if self._expirations != self._conduct.expired.get("apns", 0):
            self._expirations = self._conduct.expired.get("apns", 0)
            self._expired |= self._known.keys()
        if token not in self._known:
            self._known[token] = self._issued(token)
        age = self._now().timestamp() - self._known[token]
        if token in self._expired or age > TOKEN_AGE.total_seconds():
            raise Refused("ExpiredProviderToken")
        if age < -TOKEN_LEEWAY.total_seconds():
            raise Refused("InvalidProviderToken")

    def _issued(self, token: str) -> float:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            claims = jwt.decode(
                token, self._key, algorithms=["ES256"], options={"verify_iat": False, "require": ["iss", "iat"]}
            )
            issued = float(claims["iat"])
        except (jwt.InvalidTokenError, TypeError, ValueError) as exc:
            raise Refused("InvalidProviderToken") from exc
        if kid != self._key_id or claims["iss"] != self._team_id:
            raise Refused("InvalidProviderToken")
        return issued
