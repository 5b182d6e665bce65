"""How does a notification reach an iPhone, and what does each of Apple's answers mean?

One request, over one shared HTTP/2 connection. The guest sees the venue's name as the title, unless the text has one.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from hub.channels.answers import detail, failed, json_object, retry_after, unexpected
from hub.channels.apns_token import ProviderToken, read_key
from hub.channels.files import client_tls
from hub.channels.http2.client import START_WITHIN_S, Http2Client, open_http2, read_origin
from hub.channels.http2.outcome import InDoubt, NotProcessed, Response
from hub.channels.start import start_within_s
from hub.clock import Clock
from hub.errors import BadConfig, Permanent, Transient, Trouble
from hub.outbox.message import Accepted, Notification

MAX_PAYLOAD: Final = 4096  # bytes, Apple's limit for an alert
APPLE: Final = "https://api.push.apple.com"
APPLE_SANDBOX: Final = "https://api.sandbox.push.apple.com"  # devices of the development build

_WRONG: Final = frozenset({"BadDeviceToken", "DeviceTokenNotForTopic"})
_NOT_OURS: Final = frozenset({"BadTopic", "TopicDisallowed"})  # the app is: the address may be good
_BUNDLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_STALE: Final = "ExpiredProviderToken"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApnsSettings:
    """hub.toml's `[apns]`."""

    endpoint: str = APPLE
    team_id: str
    key_id: str
    key_file: Path  # the .p8 that Apple gave
    topic: str  # the app's bundle id, for devices that name none
    ca_file: Path | None = None  # None: what the machine trusts


class ApnsChannel:
    """Pushes to iPhones. Made by `open_apns`."""

    def __init__(
        self, *, settings: ApnsSettings, token: ProviderToken, live: Http2Client, sandbox: Http2Client, clock: Clock
    ) -> None:
        self._topic = settings.topic
        self._token = token
        self._live = live
        self._sandbox = sandbox
        self._clock = clock

    @property
    def renewals(self) -> int:
        """How often our token was signed anew."""
        return self._token.renewals

    async def send(self, notification: Notification) -> Accepted:
        """As `hub.outbox.port.Channel` says."""
        body = payload(notification)
        within_s = start_within_s(START_WITHIN_S, expires_at=notification.expires_at, now=self._clock.now())
        by = asyncio.get_running_loop().time() + within_s
        token = self._token.current()
        response = await self._post(notification, token, body, by)
        if is_stale(response):
            response = await self._post(notification, self._token.renewed(instead_of=token), body, by)
        return answer(response.status, response.headers, response.body, self._clock.now())

    def _topic_of(self, notification: Notification) -> str:
        """The app that the device was registered from; a venue group may have several."""
        app = notification.target.app
        return app if app is not None and _BUNDLE.fullmatch(app) else self._topic

    async def _post(self, notification: Notification, token: str, body: bytes, by: float) -> Response:
        client = self._sandbox if notification.target.environment == "sandbox" else self._live
        path = "/3/device/" + quote(notification.target.address, safe="")
        try:
            return await client.post(
                path, request_headers(notification, topic=self._topic_of(notification), token=token), body, by=by
            )
        except (NotProcessed, InDoubt) as failure:
            raise failed(failure) from failure


def request_headers(notification: Notification, *, topic: str, token: str) -> Mapping[str, str]:
    """The headers of one push."""
    return {
        "authorization": f"bearer {token}",
        "apns-id": notification.id,
        "apns-topic": topic,
        "apns-push-type": "alert",
        "apns-priority": "10",  # at once: she stands in the lobby now
        "apns-expiration": str(max(1, int(notification.expires_at.timestamp()))),  # 0 would mean: never stored
        "apns-collapse-id": notification.collapse,
    }


def payload(notification: Notification) -> bytes:
    """The body of one push. Raises Permanent when Apple would refuse it as too large."""
    alert = {"title": notification.title or notification.venue_name, "body": notification.body}
    document = {
        "aps": {"alert": {name: text for name, text in alert.items() if text}, "sound": "default"},
        "innkeeper": {**notification.data, "id": notification.id},
    }
    body = msgspec.json.encode(document)
    if len(body) > MAX_PAYLOAD:
        raise Permanent(Trouble.CONTENT, f"the payload has {len(body)} bytes; at most {MAX_PAYLOAD} go")
    return body


def is_stale(response: Response) -> bool:
    """Whether Apple asks for a newer provider token."""
    return response.status == 403 and json_object(response.body).get("reason") == _STALE  # noqa: PLR2004  HTTP's number


def answer(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Accepted:
    """What Apple's answer means. Raises Transient, Permanent or Doubt."""
    if status == 200:  # noqa: PLR2004  HTTP's number
        return Accepted(provider_id=headers.get("apns-id"))
    said = json_object(body)
    reason = detail(said.get("reason", f"status {status}"))
    match status:
        case 410:
            raise Permanent(Trouble.ADDRESS_GONE, reason, address_is_dead=True, since=_since(said.get("timestamp")))
        case 400 if reason in _WRONG:
            raise Permanent(Trouble.ADDRESS_WRONG, reason, address_is_dead=True)
        case 400 if reason in _NOT_OURS:
            raise Permanent(Trouble.ADDRESS_WRONG, reason)
        case 401 | 403:
            raise Transient(Trouble.CREDENTIALS, reason)
        case 429:
            raise Transient(Trouble.THROTTLED, reason, retry_after=retry_after(headers, now))
        case 500 | 503:
            raise Transient(Trouble.UNAVAILABLE, reason, retry_after=retry_after(headers, now))
        case 400 | 404 | 405 | 413:
            raise Permanent(Trouble.CONTENT, reason)
    raise unexpected(status)


def _since(milliseconds: object) -> datetime | None:
    """When Apple found the token gone."""
    if not isinstance(milliseconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None


@contextlib.asynccontextmanager
async def open_apns(settings: ApnsSettings, clock: Clock) -> AsyncIterator[ApnsChannel]:
    """The channel; connects at the first push. Raises BadConfig."""
    token = ProviderToken(
        key=read_key(settings.key_file), key_id=settings.key_id, team_id=settings.team_id, clock=clock
    )
    try:
        live = read_origin(settings.endpoint)
    except ValueError as exc:
        raise BadConfig(f"[apns] endpoint: {exc}") from exc
    # Another endpoint than Apple's has one address for both environments.
    sandbox = read_origin(APPLE_SANDBOX) if settings.endpoint.rstrip("/") == APPLE else live
    async with contextlib.AsyncExitStack() as stack:
        at_live = await stack.enter_async_context(open_http2(live, client_tls(settings.ca_file)))
        at_sandbox = at_live
        if sandbox != live:
            at_sandbox = await stack.enter_async_context(open_http2(sandbox, client_tls(settings.ca_file)))
        yield ApnsChannel(settings=settings, token=token, live=at_live, sandbox=at_sandbox, clock=clock)
