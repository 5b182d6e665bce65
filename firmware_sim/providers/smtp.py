"""What does the simulated mail relay answer, and when?"""

from __future__ import annotations

import asyncio
import re
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final, cast

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

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
    552: "5.3.4 Message too big",
    554: "5.0.0 Refused",
}
_ID: Final = re.compile(r"<?(?P<id>[^@<>\s]+)")


class Relay(SMTP):
    """One connection to the relay."""

    def __init__(
        self, *, conduct: Conduct, journal: Journal, tls: ssl.SSLContext | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(self, hostname="localhost", ident="innkeeper-sim", tls_context=tls, loop=loop)
        self._conduct = conduct
        self._journal = journal

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  aiosmtpd finds commands by name
        """Before the content."""
        said = await self._misbehave("data")
        if said is not None:
            await self.push(said)
        else:
            await super().smtp_DATA(arg)

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
        if behaviour.mode in (Mode.CUT, Mode.HANG) and _stage(behaviour) == "content" and is_accepted(behaviour):
            self._accept(envelope)
        said = await self._misbehave("content")
        if said is None:
            self._accept(envelope)
        return said or "250 2.0.0 OK queued"

    async def _misbehave(self, stage: str) -> str | None:
        """What is answered at this stage instead of yes; None when all is well."""
        behaviour = self._conduct.of("smtp")
        if behaviour.mode is Mode.OK or _stage(behaviour) != stage:
            return None
        self._conduct.take("smtp")
        if behaviour.mode is Mode.DELAY:
            await asyncio.sleep(behaviour.delay_s)
            return None
        if behaviour.mode is Mode.HANG:
            await asyncio.Event().wait()
        if behaviour.mode is Mode.CUT:
            cast("asyncio.Transport", self.transport).abort()
            return "421 4.3.2 cut"
        usual = {Mode.THROTTLE: 451, Mode.UNREGISTERED: 550}.get(behaviour.mode, 550 if stage == "rcpt" else 554)
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
