"""How do the simulated providers come to stand on their four ports?"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_sim.errors import SimError
from firmware_sim.providers.apns import Apns
from firmware_sim.providers.authority import (
    ACCOUNT,
    KEY_ID,
    PROJECT,
    SMTP_USER,
    TEAM_ID,
    TOPIC,
    USUAL_RELAY,
    RelayOptions,
    lay_out,
    token_uri,
)
from firmware_sim.providers.behaviour import PROVIDERS, Behaviour
from firmware_sim.providers.clock import Now, utc_now
from firmware_sim.providers.conduct import Conduct
from firmware_sim.providers.control import Control
from firmware_sim.providers.fcm import Fcm
from firmware_sim.providers.http1_server import ByAlpn, Http1Server
from firmware_sim.providers.http2_server import Http2Server
from firmware_sim.providers.journal import open_journal
from firmware_sim.providers.message import Answer
from firmware_sim.providers.oauth import TokenEndpoint
from firmware_sim.providers.provider_token import ProviderTokens
from firmware_sim.providers.smtp import Login, Relay
from firmware_sim.providers.webhook import Webhook

HOST: Final = "127.0.0.1"  # nobody else is to use keys that lie about


class PortTaken(SimError):
    """A port cannot be had; `str()` says which, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """Simulated providers that stand."""

    port: int  # APNs; FCM, SMTP and the control port follow
    directory: Path
    log: Path
    conduct: Conduct

    def behave(self, **behaviours: Behaviour) -> None:
        """From now on; a provider that is not named behaves well."""
        self.conduct.put({name: behaviours.get(name, Behaviour()) for name in PROVIDERS})


@contextlib.asynccontextmanager
async def open_providers(
    port: int, directory: Path, log: Path, *, now: Now = utc_now, smtp: RelayOptions = USUAL_RELAY
) -> AsyncIterator[Providers]:
    """Stand on `port` and the three that follow. Raises PortTaken."""
    authority = lay_out(directory, port=port, now=now, smtp=smtp)
    login = Login(username=SMTP_USER, password=authority.smtp_password) if smtp.login else None
    conduct = Conduct()
    loop = asyncio.get_running_loop()
    with open_journal(log, now) as journal:
        provider_tokens = ProviderTokens(
            key=authority.apns_key, team_id=TEAM_ID, key_id=KEY_ID, now=now, conduct=conduct
        )
        apns = Apns(topic=TOPIC, tokens=provider_tokens, now=now, conduct=conduct, journal=journal)
        tokens = TokenEndpoint(
            key=authority.fcm_key, account=ACCOUNT, token_uri=token_uri(port), now=now, conduct=conduct
        )
        fcm = Fcm(project=PROJECT, tokens=tokens, conduct=conduct, journal=journal)
        webhook = Webhook(secret=authority.webhook_secret, now=now, conduct=conduct, journal=journal)
        starttls = authority.tls() if smtp.security == "starttls" else None
        doors: list[tuple[Callable[[], asyncio.BaseProtocol], ssl.SSLContext | None]] = [
            (lambda: Http2Server(apns.answer, _goaway_of(conduct, "apns"), now), authority.tls("h2")),
            (lambda: _either(fcm.answer, _goaway_of(conduct, "fcm")), authority.tls("h2", "http/1.1")),
            (
                lambda: Relay(conduct=conduct, journal=journal, tls=starttls, login=login, loop=loop),
                authority.tls() if smtp.security == "tls" else None,
            ),
            (lambda: Http1Server(Control(conduct, webhook.answer).answer), None),
        ]
        async with contextlib.AsyncExitStack() as stack:
            for offset, (door, tls) in enumerate(doors):
                await stack.enter_async_context(_listening(door, port + offset, tls))
            yield Providers(port=port, directory=directory, log=log, conduct=conduct)


def _either(answer: Answer, goaway_every: Callable[[], int | None]) -> ByAlpn:
    return ByAlpn(Http2Server(answer, goaway_every), Http1Server(answer))


def _goaway_of(conduct: Conduct, provider: str) -> Callable[[], int | None]:
    return lambda: conduct.of(provider).goes_away_every


@contextlib.asynccontextmanager
async def _listening(
    door: Callable[[], asyncio.BaseProtocol], port: int, tls: ssl.SSLContext | None
) -> AsyncIterator[None]:
    """Listen on one port; at the end close it, and what is connected to it."""
    connected: list[asyncio.BaseTransport] = []
    made = door

    def watched() -> asyncio.BaseProtocol:
        protocol = made()
        arrived = protocol.connection_made

        def connection_made(transport: asyncio.BaseTransport) -> None:
            connected[:] = [each for each in connected if not each.is_closing()]
            connected.append(transport)
            arrived(transport)

        protocol.connection_made = connection_made  # type: ignore[method-assign]  # one more thing to do at arrival
        return protocol

    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(watched, HOST, port, ssl=tls, reuse_address=True)
    except OSError as exc:
        why = os.strerror(exc.errno).lower() if exc.errno else str(exc)  # asyncio puts a story into strerror
        raise PortTaken(f"{HOST}:{port}: cannot listen, {why}; right would be four free ports in a row") from exc
    try:
        yield
    finally:
        server.close()
        for transport in connected:
            if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
                transport.abort()
        await server.wait_closed()
