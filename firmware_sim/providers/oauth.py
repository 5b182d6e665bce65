"""Does the simulated Google give an access token for this assertion, and is this access token good?

RFC 7523: a service account signs an assertion with its key (RS256), and gets a token for an hour.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from firmware_sim.providers.clock import Now
from firmware_sim.providers.conduct import Conduct
from firmware_sim.providers.message import Reply, Request, json_reply

SCOPES: Final = frozenset(
    ("https://www.googleapis.com/auth/firebase.messaging", "https://www.googleapis.com/auth/cloud-platform")
)
GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GOOGLE_AUDIENCE: Final = "https://oauth2.googleapis.com/token"  # what google-auth says, whatever the token_uri
TOKEN_LIFE: Final = timedelta(hours=1)


class TokenEndpoint:
    """The token endpoint of one service account."""

    def __init__(self, *, key: RSAPublicKey, account: str, token_uri: str, now: Now, conduct: Conduct) -> None:
        self._key = key
        self._account = account
        self._token_uri = token_uri
        self._now = now
        self._conduct = conduct
        self._tokens: dict[str, float] = {}  # until when each is good
        self._expirations = 0

    def answer(self, request: Request) -> Reply:
        """A token, or what is wrong with the request, in OAuth's words."""
        if request.method != "POST":
            return json_reply(405, {"error": "invalid_request", "error_description": "right would be POST"})
        form = parse_qs(request.body.decode("utf-8", "replace"))
        if form.get("grant_type") != [GRANT]:
            return json_reply(400, {"error": "unsupported_grant_type", "error_description": f"right would be {GRANT}"})
        problem = self._problem("".join(form.get("assertion", [])))
        if problem is not None:
            return json_reply(400, {"error": "invalid_grant", "error_description": problem})
        token = "ya29." + secrets.token_urlsafe(32)
        self._forget_expired()
        self._tokens[token] = (self._now() + TOKEN_LIFE).timestamp()
        life = int(TOKEN_LIFE.total_seconds())
        return json_reply(200, {"access_token": token, "expires_in": life, "token_type": "Bearer"})

    def is_good(self, token: str) -> bool:
        """Whether a request with this access token is let in."""
        self._forget_expired()
        return self._tokens.get(token, 0) > self._now().timestamp()

    def _forget_expired(self) -> None:
        if self._expirations != self._conduct.expired.get("fcm", 0):
            self._expirations = self._conduct.expired.get("fcm", 0)
            self._tokens.clear()

    def _problem(self, assertion: str) -> str | None:
        try:
            claims = jwt.decode(
                assertion,
                self._key,
                algorithms=["RS256"],
                audience=[GOOGLE_AUDIENCE, self._token_uri],
                issuer=self._account,
                options={"require": ["iss", "aud", "exp", "iat"]},
            )
        except jwt.InvalidTokenError as exc:
            return f"Invalid JWT: {exc}"
        if not SCOPES & set(str(claims.get("scope", "")).split()):
            return "Invalid OAuth scope"
        return None
