"""Who is signed in? Kept in memory: a hub that starts anew asks again.

A cookie is 32 random bytes and means nothing by itself; a form carries a hash of its cookie, which another site can
neither read nor make.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from hub.identity.token import Role, TokenRecord, hash_of
from hub.pages.port import Tokens

LASTS: Final = timedelta(hours=12)  # a shift, and a little more
SESSIONS_MAX: Final = 1000  # the oldest goes first: a loop of sign-ins must not eat the memory
_BYTES: Final = 32
READERS: Final = frozenset({Role.VIEWER, Role.ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that is signed in."""

    token: TokenRecord
    secret_hash: str
    until: datetime

    def sees(self, venue: str) -> bool:
        """May it know of this venue?"""
        return self.token.venue in {None, venue}


class Sessions:
    """The browsers that are signed in, by the hash of their cookie."""

    def __init__(self, tokens: Tokens, draw: Callable[[int], bytes]) -> None:
        self._tokens = tokens
        self._draw = draw
        self._sessions: dict[str, Session] = {}

    def cookie(self) -> str:
        """A cookie that nobody can guess."""
        return urlsafe_b64encode(self._draw(_BYTES)).rstrip(b"=").decode()

    async def begin(self, secret: str, now: datetime) -> str | TokenRecord | None:
        """Sign in: the new cookie. The token itself when its role may not look; None when it is nobody's."""
        secret_hash = hash_of(secret)
        token = await self._tokens.find(secret_hash)
        if token is None or token.revoked_at is not None:
            return None
        if token.role not in READERS:
            return token
        self._forget_old(now)
        cookie = self.cookie()
        self._sessions[hash_of(cookie)] = Session(token=token, secret_hash=secret_hash, until=now + LASTS)
        return cookie

    async def find(self, cookie: str | None, now: datetime) -> Session | None:
        """Whose cookie it is, while the session and the token behind it hold."""
        if cookie is None:
            return None
        session = self._sessions.get(hash_of(cookie))
        if session is None:
            return None
        token = await self._tokens.find(session.secret_hash)
        if token is None or token.revoked_at is not None or session.until <= now:
            self.end(cookie)
            return None
        return session

    def end(self, cookie: str) -> None:
        """Sign out."""
        self._sessions.pop(hash_of(cookie), None)

    def _forget_old(self, now: datetime) -> None:
        self._sessions = {key: one for key, one in self._sessions.items() if one.until > now}
        while len(self._sessions) >= SESSIONS_MAX:
            del self._sessions[next(iter(self._sessions))]


def form_word(cookie: str) -> str:
    """What a form that goes with this cookie must carry."""
    return sha256(b"form:" + cookie.encode()).hexdigest()


def is_form_word(cookie: str | None, word: str) -> bool:
    """Was the form shown to the browser that holds this cookie?"""
    return cookie is not None and hmac.compare_digest(form_word(cookie).encode(), word.encode())
