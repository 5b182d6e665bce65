"""With which token do we show Google who we are?

google-auth signs for the service account and asks the account's own token_uri; it blocks, so that is done in a thread,
by one call for all. Who cannot wait for it any longer goes on without; the call does too, for whoever comes next.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final, cast

import httpx2
from google.auth import exceptions, transport
from google.oauth2 import service_account

from hub.channels.answers import detail
from hub.channels.files import client_tls, read_secret
from hub.clock import Clock
from hub.errors import BadConfig, Transient, Trouble

SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
TOKEN_LIFE: Final = timedelta(hours=1)  # Google's, for service accounts
RENEW_BEFORE: Final = timedelta(minutes=5)  # the end of a token's hour, for pushes that wait
FETCH_WITHIN_S: Final = 4.0  # connecting, and again each wait for an answer; twice as long for the whole

_WANTED: Final = "the service account's JSON file from the Google console"


class TokenResponse(transport.Response):
    """httpx2's response, as google-auth reads it."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response

    @property
    def status(self) -> int:
        """HTTP's."""
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        return self._response.headers

    @property
    def data(self) -> bytes:
        """The body."""
        return self._response.content


class TokenRequest(transport.Request):
    """google-auth's way out, on httpx2; requests is not installed."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_kwargs: object,
    ) -> TokenResponse:
        """Make one request."""
        within = min(timeout or FETCH_WITHIN_S, FETCH_WITHIN_S)
        try:
            return TokenResponse(self._client.request(method, url, content=body, headers=headers, timeout=within))
        except httpx2.HTTPError as exc:
            failure = exceptions.TransportError(type(exc).__name__)  # type: ignore[no-untyped-call]  # google-auth has none
            raise failure from exc


class ServiceAccount:
    """A service account: its project and its access token."""

    def __init__(
        self, *, project: str, credentials: service_account.Credentials, client: httpx2.Client, clock: Clock
    ) -> None:
        self.project = project
        self._credentials = credentials
        self._client = client
        self._clock = clock
        self._token = ""
        self._renew_at = 0.0  # monotonic
        self.renewals = 0  # how often it was fetched
        self._fetching: asyncio.Task[None] | None = None

    def known(self, *, instead_of: str | None = None) -> str | None:
        """The token that is there, if it is young enough and another than one that was refused."""
        return self._token if self._is_good(instead_of) else None

    async def token(self, *, instead_of: str | None = None) -> str:
        """The same; where there is none, it is fetched. Raises Transient."""
        if not self._is_good(instead_of):
            if self._fetching is None or self._fetching.done():
                self._fetching = asyncio.create_task(self._fetch(), name="google-token")
                self._fetching.add_done_callback(_heard)
            await asyncio.shield(self._fetching)
        return self._token

    def close(self) -> None:
        """Wait for no token any more."""
        if self._fetching is not None:
            self._fetching.cancel()

    def _is_good(self, refused: str | None) -> bool:
        return bool(self._token) and self._token != refused and self._clock.monotonic() < self._renew_at

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(2 * FETCH_WITHIN_S):
                await asyncio.to_thread(self._credentials.refresh, TokenRequest(self._client))
        except TimeoutError as exc:
            raise Transient(Trouble.UNREACHABLE, "the token endpoint is slow") from exc
        except exceptions.TransportError as exc:
            raise Transient(Trouble.UNREACHABLE, detail(f"the token endpoint: {exc}")) from exc
        except exceptions.RefreshError as exc:
            trouble = Trouble.UNAVAILABLE if exc.retryable else Trouble.CREDENTIALS
            raise Transient(trouble, detail(f"no access token: {_words(exc)}")) from exc
        except exceptions.GoogleAuthError as exc:
            raise Transient(Trouble.CREDENTIALS, detail(f"no access token: {type(exc).__name__}")) from exc
        self._token = cast("str", self._credentials.token)
        self.renewals += 1
        self._renew_at = self._clock.monotonic() + (TOKEN_LIFE - RENEW_BEFORE).total_seconds()


def _heard(fetching: asyncio.Task[None]) -> None:
    """Its failure was told to whoever still waited; where nobody did, there is nobody to tell."""
    if not fetching.cancelled():
        fetching.exception()


def _words(exc: exceptions.RefreshError) -> str:
    """What the endpoint said, without what it quoted back."""
    return str(exc.args[0]) if exc.args else type(exc).__name__


@contextlib.contextmanager
def read_account(path: Path, ca_file: Path | None, clock: Clock) -> Iterator[ServiceAccount]:
    """The service account of a file. Raises BadConfig."""
    text = read_secret(path, _WANTED)
    try:
        info = json.loads(text)
        from_info = service_account.Credentials.from_service_account_info
        credentials = from_info(info, scopes=[SCOPE])  # type: ignore[no-untyped-call]  # google-auth has none
        project = info["project_id"]
    except (ValueError, KeyError, TypeError, AttributeError, exceptions.GoogleAuthError) as exc:
        raise BadConfig(f"{path}: found something else; right would be {_WANTED}") from exc
    with httpx2.Client(verify=client_tls(ca_file)) as client:
        account = ServiceAccount(project=str(project), credentials=credentials, client=client, clock=clock)
        try:
            yield account
        finally:
            account.close()
