"""How does a notification reach whatever the venue uses for SMS, chat or calls, and what does each answer mean?

One signed POST to one URL. The signature is that of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256
over id, timestamp and body, so that a receiver verifies it with a library of its language. The message's id is the
`Idempotency-Key` too: a receiver that keeps it makes a second request harmless, and so alone this channel's messages
may be sent again after a doubt, once, with the same ids.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hmac
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from hub.channels.answers import detail, json_object, retry_after, unexpected
from hub.channels.files import client_tls, read_secret
from hub.channels.http1 import CONNECT_WITHIN_S, Place, post
from hub.channels.http2.outcome import InDoubt, NotProcessed
from hub.channels.start import start_within_s
from hub.channels.whereabouts import Resolve, address_of, resolve
from hub.clock import Clock
from hub.errors import BadConfig, Doubt, Permanent, Transient, Trouble
from hub.outbox.message import Accepted, Notification

RESOLVE_WITHIN_S: Final = 2.0
START_WITHIN_S: Final = RESOLVE_WITHIN_S + CONNECT_WITHIN_S  # less than the 5 s after which a withdrawal holds
SHORTEST_SECRET: Final = 16  # bytes; shorter ones are guessed

_STANDARD: Final = "whsec_"  # before a secret in base64, as Standard Webhooks writes them


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """hub.toml's `[webhook.NAME]`."""

    name: str  # of the channel
    url: str
    secret_file: Path
    allow_private: bool = False  # may it stand in our own network, and speak plain http?
    ca_file: Path | None = None  # None: what the machine trusts


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A URL, taken apart."""

    scheme: str
    host: str
    port: int
    path: str


class WebhookChannel:
    """Messages to one URL. Made by `open_webhook`."""

    def __init__(
        self,
        *,
        settings: WebhookSettings,
        secret: bytes,
        tls: ssl.SSLContext | None,
        clock: Clock,
        resolve: Resolve = resolve,
    ) -> None:
        self._endpoint = read_url(settings)
        self._allow_private = settings.allow_private
        self._secret = secret
        self._tls = tls
        self._clock = clock
        self._resolve = resolve

    async def send(self, notification: Notification) -> Accepted:
        """As `hub.outbox.port.Channel` says."""
        body = document(notification)
        within_s = start_within_s(START_WITHIN_S, expires_at=notification.expires_at, now=self._clock.now())
        by = asyncio.get_running_loop().time() + within_s
        try:
            async with asyncio.timeout(min(RESOLVE_WITHIN_S, within_s)):
                address = await address_of(
                    self._endpoint.host,
                    self._endpoint.port,
                    allow_private=self._allow_private,
                    resolve=self._resolve,
                )
        except TimeoutError as exc:
            raise Transient(Trouble.UNREACHABLE, "its name was not resolved in time") from exc
        endpoint, now = self._endpoint, self._clock.now()
        place = Place(address=address, port=endpoint.port, host=endpoint.host, path=endpoint.path, tls=self._tls)
        try:
            response = await post(place, signed(notification.id, body, self._secret, now), body, by=by)
        except NotProcessed as failure:
            raise Transient(Trouble.UNREACHABLE, detail(failure)) from failure
        except InDoubt as failure:
            raise Doubt(detail(failure)) from failure
        return answer(response.status, response.headers, response.body, now)


def document(notification: Notification) -> bytes:
    """The body of one request."""
    return msgspec.json.encode(
        {
            "id": notification.id,
            "channel": notification.target.channel,
            "to": notification.target.address,
            "title": notification.title,
            "text": notification.body,
            "language": notification.language,
            "venue": notification.venue_name,
            "expires_at": notification.expires_at.isoformat(),
            "data": dict(notification.data),
        }
    )


def signed(id_: str, body: bytes, secret: bytes, now: datetime) -> Mapping[str, str]:
    """The headers of one request."""
    stamp = str(int(now.timestamp()))
    digest = hmac.digest(secret, b".".join((id_.encode(), stamp.encode(), body)), "sha256")
    return {
        "content-type": "application/json",
        "user-agent": "innkeeper",
        "idempotency-key": id_,
        "webhook-id": id_,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def answer(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Accepted:
    """What the receiver's answer means. Raises Transient, Permanent or Doubt."""
    said = f"status {status}"
    match status:
        case 200 | 201 | 202 | 204:
            name = json_object(body).get("id")
            return Accepted(provider_id=detail(name) if isinstance(name, str | int) else None)
        case 410:
            raise Permanent(Trouble.ADDRESS_GONE, said, address_is_dead=True)
        case 429:
            raise Transient(Trouble.THROTTLED, said, retry_after=retry_after(headers, now))
        case 500 | 503:
            raise Transient(Trouble.UNAVAILABLE, said, retry_after=retry_after(headers, now))
        case 400 | 413 | 415 | 422:
            raise Permanent(Trouble.CONTENT, said)
        case 401 | 403 | 404 | 405:
            raise Transient(Trouble.CREDENTIALS, said)
        case _ if 300 <= status < 400:  # noqa: PLR2004  HTTP's class of redirects
            raise Transient(Trouble.CREDENTIALS, f"{said}: redirects are not followed")
    raise unexpected(status)


def read_url(settings: WebhookSettings) -> Endpoint:
    """The URL's parts. Raises BadConfig."""
    where = f"[webhook.{settings.name}] url"
    right = "https://HOST/PATH" + (" or http://HOST/PATH" if settings.allow_private else "")
    try:
        parts = urlsplit(settings.url)
        port = parts.port
    except ValueError as exc:
        raise BadConfig(f"{where}: found what is no URL; right would be {right}") from exc
    schemes = {"https": 443, "http": 80} if settings.allow_private else {"https": 443}
    plain = settings.url.isascii() and settings.url.isprintable() and " " not in settings.url
    if parts.scheme not in schemes or not parts.hostname or parts.username is not None or not plain:
        raise BadConfig(f"{where}: found {detail(_shown(settings.url))!r}; right would be {right}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(scheme=parts.scheme, host=parts.hostname, port=port or schemes[parts.scheme], path=path)


def _shown(url: str) -> str:
    """Without what may be a secret: a query, a user's name."""
    return url.partition("?")[0].rpartition("@")[2]


def read_key(settings: WebhookSettings) -> bytes:
    """The secret that signs. Raises BadConfig."""
    right = f"a file with a secret of {SHORTEST_SECRET} characters or more, or {_STANDARD} and base64"
    text = read_secret(settings.secret_file, right).strip()
    try:
        key = base64.b64decode(text.removeprefix(_STANDARD), validate=True) if text[:6] == _STANDARD else text.encode()
    except binascii.Error as exc:
        raise BadConfig(f"{settings.secret_file}: found no base64 after {_STANDARD}; right would be {right}") from exc
    if len(key) < SHORTEST_SECRET:
        raise BadConfig(f"{settings.secret_file}: found {len(key)} bytes; right would be {right}")
    return key


@contextlib.asynccontextmanager
async def open_webhook(settings: WebhookSettings, clock: Clock) -> AsyncIterator[WebhookChannel]:
    """The channel; connects for each message. Raises BadConfig."""
    endpoint = read_url(settings)
    tls = client_tls(settings.ca_file) if endpoint.scheme == "https" else None
    yield WebhookChannel(settings=settings, secret=read_key(settings), tls=tls, clock=clock)
