"""How does a notification reach a mailbox, and what does each of the relay's answers mean?

A fresh connection a mail: the hub sends few, and a kept connection that the relay has forgotten would be one more way
to fail. What counts is the phase: until the content's first byte every failure is certain; after it a lost connection
is doubt.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPStatus,
)
from aiosmtplib.protocol import SMTPProtocol

from hub.channels.answers import detail
from hub.channels.files import client_tls, read_secret
from hub.channels.mail import domain_of, envelope_address, read_sender, write_mail
from hub.channels.start import start_within_s
from hub.clock import Clock
from hub.errors import BadConfig, Doubt, Permanent, SendFailed, Transient, Trouble
from hub.outbox.message import Accepted, Notification

START_WITHIN_S: Final = 4.0
# From waiting for a connection to the relay's leave to send the content. Who withdraws her consent gets nothing more
# after 5 s, and it was asked about just before.

MAX_CONNECTIONS: Final = 8  # at once; relays commonly allow one client 10 to 50

SECURITIES: Final = ("tls", "starttls", "none")
_DOT: Final = re.compile(rb"(?m)^\.")
_ADDRESS: Final = re.compile(r"<[^<>]*@[^<>]*>|\S+@\S+")  # which an answer quotes: a mailbox may be called relay@
_POLICY: Final = re.compile(r"\b5\.7\.\d")  # RFC 3463: security or policy, not the address
_GONE: Final = re.compile(r"\b5\.(1\.\d|2\.1)\b")  # RFC 3463: no such mailbox or domain, or it takes nothing any more
_OURS: Final = re.compile(
    r"\brelay|\bauth(enticat|ori[sz])|\bauth\b|\blog ?in\b|\brcpthosts\b|\bpolicy\b", re.IGNORECASE
)
# What relays without enhanced codes say of us: "relay not permitted", "Relaying denied", "authentication required".
_FULL: Final = re.compile(r"\b5\.2\.2\b")  # RFC 3463: the mailbox, which is there


class Phase(StrEnum):
    """Where in the conversation an answer came."""

    LOGIN = "login"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # before the content
    CONTENT = "content"  # after the dot


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """hub.toml's `[smtp]`."""

    host: str
    port: int
    security: str = "starttls"  # tls, starttls or none
    username: str | None = None
    password_file: Path | None = None
    sender: str  # name@domain, or Name <name@domain>
    ca_file: Path | None = None  # None: what the machine trusts


class SmtpChannel:
    """Emails through a relay. Made by `open_smtp`."""

    def __init__(
        self, *, settings: SmtpSettings, password: str | None, tls: ssl.SSLContext | None, clock: Clock
    ) -> None:
        self._settings = settings
        self._password = password
        self._tls = tls
        self._clock = clock
        self._envelope_from = read_sender(settings.sender)
        self._free = asyncio.Semaphore(MAX_CONNECTIONS)

    async def send(self, notification: Notification) -> Accepted:
        """As `hub.outbox.port.Channel` says."""
        to = envelope_address(notification.target.address)
        mail = write_mail(notification, sender=self._settings.sender, to=to, now=self._clock.now())
        within_s = start_within_s(START_WITHIN_S, expires_at=notification.expires_at, now=self._clock.now())
        connection = self._connection()
        try:
            async with asyncio.timeout(within_s) as deadline, self._free:
                protocol = await _started(connection, sender=self._envelope_from, to=to)
                deadline.reschedule(None)  # from here on only the caller's deadline holds
                return await _content(protocol, mail)
        except TimeoutError as exc:
            raise Transient(Trouble.UNREACHABLE, f"the relay was not ready within {within_s:.0f} s") from exc
        finally:
            connection.close()

    def _connection(self) -> SMTP:
        settings = self._settings
        return SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=self._password,
            local_hostname=domain_of(self._envelope_from),
            timeout=None,  # the whole has a deadline
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self._tls,
        )


def answer(phase: Phase, code: int, words: str) -> SendFailed:
    """What the relay's refusal means."""
    said = f"{code} at RCPT" if phase is Phase.RCPT else _said(f"{code} {words}")  # at RCPT they are about the address
    if code < 500:  # noqa: PLR2004  SMTP's classes: 4xx passing, 5xx for good
        return Transient(Trouble.UNAVAILABLE, said)
    if phase is Phase.LOGIN or code == 530:  # noqa: PLR2004  RFC 4954: authentication required
        return Transient(Trouble.CREDENTIALS, said)
    if phase is Phase.RCPT and not _is_ours(words):
        return _bounce(words, said)
    if phase is Phase.RCPT or (phase is Phase.MAIL and code not in (552, 554)):
        return Transient(Trouble.CREDENTIALS, f"{code} at {phase.upper()}")  # we may not send so: configuration
    return Permanent(Trouble.CONTENT, said)


def _said(words: str) -> str:
    """The relay's own words, without the addresses that they quote."""
    return detail(_ADDRESS.sub("…", words))


def _is_ours(words: str) -> bool:
    """Is a recipient refused for what we are, and not for what it is? A code of the mailbox is believed first."""
    if _POLICY.search(words):
        return True
    return not (_GONE.search(words) or _FULL.search(words)) and bool(_OURS.search(_ADDRESS.sub("", words)))


def _bounce(words: str, said: str) -> Permanent:
    """The mailbox was refused. Whether for its own sake, or for ours, a relay does not always say."""
    if _FULL.search(words):
        return Permanent(Trouble.ADDRESS_GONE, said)
    trouble = Trouble.ADDRESS_GONE if _GONE.search(words) else Trouble.ADDRESS_WRONG
    return Permanent(trouble, said, address_is_dead=True)


async def _started(connection: SMTP, *, sender: str, to: str) -> SMTPProtocol:
    """Up to the relay's leave to send the content. Every failure here is certain."""
    try:
        await connection.connect()
        await connection.mail(sender)
        await connection.rcpt(to)
        said = await connection.execute_command(b"DATA")
    except SMTPSenderRefused as exc:
        raise answer(Phase.MAIL, exc.code, exc.message) from exc
    except SMTPRecipientRefused as exc:
        raise answer(Phase.RCPT, exc.code, exc.message) from exc
    except SMTPAuthenticationError as exc:
        raise answer(Phase.LOGIN, exc.code, exc.message) from exc
    except SMTPResponseException as exc:
        raise Transient(Trouble.UNAVAILABLE, _said(f"{exc.code} {exc.message}")) from exc
    except (SMTPException, OSError) as exc:
        if type(exc) in (SMTPException, SMTPNotSupported):  # it offers no STARTTLS, or no login; we never do without
            raise Transient(Trouble.CREDENTIALS, detail(exc)) from exc
        raise Transient(Trouble.UNREACHABLE, type(exc).__name__) from exc
    if said.code != SMTPStatus.start_input:
        raise answer(Phase.DATA, said.code, said.message)
    protocol = connection.protocol
    if protocol is None:
        raise Transient(Trouble.UNREACHABLE, "the connection was lost")
    return protocol


async def _content(protocol: SMTPProtocol, mail: bytes) -> Accepted:
    """The content, its dot, and the relay's word on it."""
    try:
        protocol.write(_DOT.sub(b"..", mail) + b".\r\n")
        said = await protocol.read_response()
    except (SMTPException, OSError) as exc:
        raise Doubt(f"after the content: {type(exc).__name__}") from exc
    if said.code // 100 not in (2, 4, 5):
        raise Doubt(f"after the content: {said.code}")
    if said.code // 100 != 2:  # noqa: PLR2004  SMTP's class of yes
        raise answer(Phase.CONTENT, said.code, said.message)
    with contextlib.suppress(SMTPException):
        protocol.write(b"QUIT\r\n")
    return Accepted(provider_id=_said(said.message) or None)


@contextlib.asynccontextmanager
async def open_smtp(settings: SmtpSettings, clock: Clock) -> AsyncIterator[SmtpChannel]:
    """The channel; connects for each mail. Raises BadConfig."""
    if settings.security not in SECURITIES:
        raise BadConfig(f"[smtp] security: found {settings.security!r}; right would be {', '.join(SECURITIES)}")
    tls = None if settings.security == "none" else client_tls(settings.ca_file)
    file = settings.password_file
    password = None if file is None else read_secret(file, "a text file with the password").strip()
    yield SmtpChannel(settings=settings, password=password, tls=tls, clock=clock)
