"""What does the simulated mail relay answer, and when?

It may want a login. At any stage of the conversation it can refuse, hang, drip its answer, or be gone.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import socket
import ssl
import struct
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, syntax

from firmware_sim.providers.behaviour import Behaviour, Mode
from firmware_sim.providers.conduct import Conduct
from firmware_sim.providers.endings import is_accepted
from firmware_sim.providers.journal import Journal

_WORDS: Final = {
    421: "4.3.2 Service shutting down",
    450: "4.2.1 Mailbox busy",
    451: "4.7.1 Try again later",
    452: "4.2.2 Mailbox full for now",
    550: "5.1.1 No such user here",
    535: "5.7.8 Authentication credentials invalid",
    552: "5.3.4 Message too big",
    554: "5.0.0 Refused",
}
_REFUSALS: Final = {"rcpt": 550, "login": 535}  # at any other stage 554
_ID: Final = re.compile(r"<?(?P<id>[^@<>\s]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who may send."""

    username: str
    password: str

    def check(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
        """As aiosmtpd asks it."""
        shown = data if isinstance(data, LoginPassword) else LoginPassword(b"", b"")
        right = hmac.compare_digest(shown.login, self.username.encode())
        return AuthResult(success=right and hmac.compare_digest(shown.password, self.password.encode()), handled=False)


class Relay(SMTP):
    """One connection to the relay."""

    def __init__(
        self,
        *,
        conduct: Conduct,
        journal: Journal,
        tls: ssl.SSLContext | None,
        login: Login | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        with warnings.catch_warnings():  # where the door itself is TLS, aiosmtpd does not see it, and warns
            warnings.simplefilter("ignore", UserWarning)
            super().__init__(
                self,
                hostname="localhost",
                ident="innkeeper-sim",
                tls_context=tls,
                loop=loop,
                authenticator=None if login is None else login.check,
                auth_required=login is not None,
                auth_require_tls=tls is not None,
                auth_exclude_mechanism=["PLAIN", "LOGIN"] if login is None else None,
            )
        self._conduct = conduct
        self._journal = journal
        self._drip_s = 0.0  # between two bytes of the next answer

    async def push(self, status: str | bytes) -> None:
        """One answer."""
        pause_s, self._drip_s = self._drip_s, 0.0
        if not pause_s:
            await super().push(status)  # type: ignore[type-var]  # it takes either, and says so with a variable
            return
        for byte in (status.encode() if isinstance(status, str) else status) + b"\r\n":
            self._writer.write(bytes((byte,)))
            await asyncio.sleep(pause_s)

    async def _handle_client(self) -> None:
        said = await self._misbehave("greeting")
        if said is None:
            await super()._handle_client()
        else:
            await self.push(said)
            cast("asyncio.Transport", self.transport).close()

    @syntax("EHLO hostname")
    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802  aiosmtpd finds commands by name
        """Who we are."""
        await self._unless("ehlo", super().smtp_EHLO, hostname)

    @syntax("STARTTLS", when="tls_context")
    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802  the same
        """From here on in secret."""
        await self._unless("starttls", super().smtp_STARTTLS, arg)

    @syntax("AUTH <mechanism>")
    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802  the same
        """The login."""
        await self._unless("login", super().smtp_AUTH, arg)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  aiosmtpd finds commands by name
        """Before the content."""
        await self._unless("data", super().smtp_DATA, arg)

    async def handle_MAIL(  # noqa: N802  aiosmtpd finds hooks by name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The sender."""
        said = await self._misbehave("mail")
        if said is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return said or "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802  aiosmtpd finds hooks by name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A recipient."""
        said = await self._misbehave("rcpt")
        if said is None:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return said or "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  the same
        """The content, after the dot."""
        behaviour = self._conduct.of("smtp")
        lost = behaviour.mode in (Mode.CUT, Mode.HANG, Mode.RESET)
        if lost and _stage(behaviour) == "content" and is_accepted(behaviour):
            self._accept(envelope)
        said = await self._misbehave("content")
        if said is None:
            self._accept(envelope)
        return said or "250 2.0.0 OK queued"

    async def _unless(self, stage: str, usual: Callable[[str], Awaitable[None]], arg: str) -> None:
        said = await self._misbehave(stage)
        await (usual(arg) if said is None else self.push(said))

    async def _misbehave(self, stage: str) -> str | None:
        """What is answered at this stage instead of yes; None when all is well."""
        behaviour = self._conduct.of("smtp")
        if behaviour.mode is Mode.OK or _stage(behaviour) != stage:
            return None
        self._conduct.take("smtp")
        match behaviour.mode:
            case Mode.DELAY:
                await asyncio.sleep(behaviour.delay_s)
                return None
            case Mode.DRIP:
                self._drip_s = behaviour.delay_s
                return None
            case Mode.HANG:
                await asyncio.Event().wait()
            case Mode.CUT | Mode.RESET:
                transport = cast("asyncio.Transport", self.transport)
                if behaviour.mode is Mode.RESET:  # what is closed without lingering is reset
                    sock = transport.get_extra_info("socket")
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                transport.abort()
                return "421 4.3.2 gone"
        usual = {Mode.THROTTLE: 451, Mode.UNREGISTERED: 550}.get(behaviour.mode, _REFUSALS.get(stage, 554))
        code = behaviour.code or usual
        return f"{code} {_WORDS.get(code, 'as told')}"

    def _accept(self, envelope: Envelope) -> None:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = message_from_bytes(content, policy=policy.default)
        named = _ID.match(str(mail["Message-ID"] or ""))
        text, html = mail.get_body(("plain",)), mail.get_body(("html",))
        self._journal.accepted(
            "smtp",
            {
                "message": named["id"] if named else None,
                "to": ", ".join(envelope.rcpt_tos),
                "title": str(mail["Subject"]),
                "body": _text(text),
                "html": _text(html),
                "from": envelope.mail_from,
                "list_unsubscribe": mail["List-Unsubscribe"],
                "list_unsubscribe_post": mail["List-Unsubscribe-Post"],
            },
        )


def _stage(behaviour: Behaviour) -> str:
    refuses = behaviour.mode in (Mode.REFUSE, Mode.UNREGISTERED, Mode.THROTTLE)
    return behaviour.at or ("rcpt" if refuses else "content")


def _text(part: object) -> str | None:
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n") if isinstance(part, EmailMessage) else None
