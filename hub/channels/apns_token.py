"""With which token do we show Apple who we are?

Signed with the team's key (ES256) and shared by all calls: Apple refuses a token that is older than an hour, and a team
that signs more often than once in 20 minutes without need.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub.channels.files import read_secret
from hub.clock import Clock
from hub.errors import BadConfig

RENEW_AFTER: Final = timedelta(minutes=50)
# Apple takes a token for an hour; ten minutes are for clocks that differ and pushes that wait.

_WANTED: Final = "the .p8 file that Apple gave for the key"


def read_key(path: Path) -> EllipticCurvePrivateKey:
    """Apple's key file. Raises BadConfig."""
    text = read_secret(path, _WANTED)
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError) as exc:
        raise BadConfig(f"{path}: found no private key; right would be {_WANTED}") from exc
    if not isinstance(key, EllipticCurvePrivateKey):
        raise BadConfig(f"{path}: found {type(key).__name__}; right would be {_WANTED}")
    return key


class ProviderToken:
    """The token, signed when it is needed."""

    def __init__(self, *, key: EllipticCurvePrivateKey, key_id: str, team_id: str, clock: Clock) -> None:
        self._key = key
        self._key_id = key_id
        self._team_id = team_id
        self._clock = clock
        self._token = ""
        self._signed_at: datetime | None = None
        self.renewals = 0  # how often it was signed

    def current(self) -> str:
        """A token that is young enough."""
        now = self._clock.now()
        # A clock that was set back would make a token of the future, which Apple refuses as well.
        if self._signed_at is None or not timedelta(0) <= now - self._signed_at < RENEW_AFTER:
            self._sign(now)
        return self._token

    def renewed(self, *, instead_of: str) -> str:
        """Another token than the refused one; many calls that were refused at once share one new token."""
        if self._token == instead_of:
            self._sign(self._clock.now())
        return self._token

    def _sign(self, now: datetime) -> None:
        claims = {"iss": self._team_id, "iat": int(now.timestamp())}
        self._token = jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self._key_id})
        self._signed_at = now
        self.renewals += 1
