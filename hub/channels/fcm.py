"""How does a notification reach an Android phone, and what does each of Google's answers mean?

HTTP v1, one message a request, over one shared HTTP/2 connection. A device is named by its registration token or, as
newer apps do, by its Firebase installation id (fid).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from hub.channels.answers import detail, failed, json_object, retry_after, unexpected
from hub.channels.files import client_tls
from hub.channels.google_token import ServiceAccount, read_account
from hub.channels.http2.client import START_WITHIN_S, Http2Client, open_http2, read_origin
from hub.channels.http2.outcome import InDoubt, NotProcessed, Response
from hub.channels.start import start_within_s
from hub.clock import Clock
from hub.errors import BadConfig, Permanent, Transient, Trouble
from hub.outbox.message import Accepted, Notification

GOOGLE: Final = "https://fcm.googleapis.com"
MAX_DATA: Final = 4096  # bytes, of texts and data together
MAX_TTL: Final = timedelta(days=28)  # Google refuses a longer one
THROTTLED_FOR: Final = timedelta(seconds=60)  # what Google asks for when a 429 names nothing

_FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_TARGETS: Final = {"fcm_token": "token", "fcm_fid": "fid"}
_ADDRESS_FIELDS: Final = frozenset({"message.token", "message.fid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FcmSettings:
    """hub.toml's `[fcm]`."""

    endpoint: str = GOOGLE
    service_account_file: Path  # its token_uri is obeyed
    ca_file: Path | None = None  # None: what the machine trusts


class FcmChannel:
    """Pushes through Firebase. Made by `open_fcm`."""

    def __init__(self, *, account: ServiceAccount, client: Http2Client, clock: Clock) -> None:
        self._account = account
        self._client = client
        self._clock = clock
        self._path = f"/v1/projects/{quote(account.project, safe='')}/messages:send"

    @property
    def renewals(self) -> int:
        """How often our token was fetched anew."""
        return self._account.renewals

    async def send(self, notification: Notification) -> Accepted:
        """As `hub.outbox.port.Channel` says."""
        within_s = start_within_s(START_WITHIN_S, expires_at=notification.expires_at, now=self._clock.now())
        by = asyncio.get_running_loop().time() + within_s
        token = await self._token(by)
        asked_at = self._clock.now()
        body = request_body(notification, asked_at)
        response = await self._post(token, body, by)
        if is_stale(response):
            response = await self._post(await self._token(by, instead_of=token), body, by)
        return answer(response.status, response.headers, response.body, asked_at)

    async def _token(self, by: float, *, instead_of: str | None = None) -> str:
        """The wait for a token is part of the time in which the push must have begun."""
        known = self._account.known(instead_of=instead_of)
        if known is not None:
            return known
        try:
            async with asyncio.timeout_at(by):
                return await self._account.token(instead_of=instead_of)
        except TimeoutError as exc:
            raise Transient(Trouble.UNREACHABLE, "no access token in time") from exc

    async def _post(self, token: str, body: bytes, by: float) -> Response:
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        try:
            return await self._client.post(self._path, headers, body, by=by)
        except (NotProcessed, InDoubt) as failure:
            raise failed(failure) from failure


def request_body(notification: Notification, now: datetime) -> bytes:
    """The body of one request. Raises Permanent when Google would refuse it."""
    target = _TARGETS.get(notification.target.kind or "fcm_token")
    if target is None:
        raise Permanent(Trouble.CONTENT, f"fcm carries no device of kind {detail(notification.target.kind)}")
    left = min(max(notification.expires_at - now, timedelta(0)), MAX_TTL)
    shown = {"title": notification.title or notification.venue_name, "body": notification.body}
    texts = {name: text for name, text in shown.items() if text}
    data = {**{name: _text(value) for name, value in notification.data.items()}, "id": notification.id}
    size = len(msgspec.json.encode([texts, data]))
    if size > MAX_DATA:
        raise Permanent(Trouble.CONTENT, f"texts and data have {size} bytes; at most {MAX_DATA} go")
    message = {
        target: notification.target.address,
        "notification": texts,
        "data": data,
        "android": {
            "ttl": f"{int(left.total_seconds())}s",
            "collapse_key": notification.collapse,
            "priority": "HIGH",  # at once: she stands in the lobby now
            "notification": {"tag": notification.collapse},
        },
    }
    return msgspec.json.encode({"message": message})


def is_stale(response: Response) -> bool:
    """Whether Google asks for a newer access token."""
    return response.status == 401 and _code(json_object(response.body)) is None  # noqa: PLR2004  HTTP's number


def answer(status: int, headers: Mapping[str, str], body: bytes, asked_at: datetime) -> Accepted:
    """What Google's answer means. Raises Transient, Permanent or Doubt.

    Google does not say since when an address is gone: it was when we asked.
    """
    said = json_object(body)
    code = _code(said)
    error = said.get("error")
    word = detail(code or (error.get("status") if isinstance(error, dict) else None) or f"status {status}")
    match status:
        case 200:
            name = said.get("name")
            return Accepted(provider_id=name if isinstance(name, str) else None)
        case 404 if code == "UNREGISTERED":
            raise Permanent(Trouble.ADDRESS_GONE, word, address_is_dead=True, since=asked_at)
        case 403 if code == "SENDER_ID_MISMATCH":
            raise Permanent(Trouble.ADDRESS_WRONG, word, address_is_dead=True, since=asked_at)
        case 400 if _wrong_fields(said) & _ADDRESS_FIELDS:
            raise Permanent(Trouble.ADDRESS_WRONG, word, address_is_dead=True, since=asked_at)
        case 401 | 403 | 404:  # 404 without a word about the address: the project is not there
            raise Transient(Trouble.CREDENTIALS, word)
        case 429:
            wait = retry_after(headers, asked_at)
            raise Transient(Trouble.THROTTLED, word, retry_after=THROTTLED_FOR if wait is None else wait)
        case 500 | 503:
            raise Transient(Trouble.UNAVAILABLE, word, retry_after=retry_after(headers, asked_at))
        case 400 | 405 | 413:
            raise Permanent(Trouble.CONTENT, word)
    raise unexpected(status)


def _text(value: object) -> str:
    """FCM's data are texts."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _details(said: Mapping[str, object]) -> list[Mapping[str, object]]:
    error = said.get("error")
    details = error.get("details") if isinstance(error, dict) else None
    return [each for each in details if isinstance(each, dict)] if isinstance(details, list) else []


def _code(said: Mapping[str, object]) -> str | None:
    """FCM's own error code."""
    for each in _details(said):
        if each.get("@type") == _FCM_ERROR:
            return str(each.get("errorCode"))
    return None


def _wrong_fields(said: Mapping[str, object]) -> set[str]:
    fields: set[str] = set()
    for each in _details(said):
        violations = each.get("fieldViolations")
        for violation in violations if isinstance(violations, list) else []:
            if isinstance(violation, dict):
                fields.add(str(violation.get("field")))
    return fields


@contextlib.asynccontextmanager
async def open_fcm(settings: FcmSettings, clock: Clock) -> AsyncIterator[FcmChannel]:
    """The channel; connects at the first push. Raises BadConfig."""
    try:
        origin = read_origin(settings.endpoint)
    except ValueError as exc:
        raise BadConfig(f"[fcm] endpoint: {exc}") from exc
    with read_account(settings.service_account_file, settings.ca_file, clock) as account:
        async with open_http2(origin, client_tls(settings.ca_file)) as client:
            yield FcmChannel(account=account, client=client, clock=clock)
