"""What does a notification look like as an email?

One text, twice: as it is, and as plain HTML. Nothing of a template or of a profile can add a header of its own.
"""

from __future__ import annotations

import html
import re
from datetime import datetime
from email import policy
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import quote

from hub.channels.answers import detail
from hub.errors import BadConfig, Permanent, Trouble
from hub.outbox.message import Notification

_ADDRESS: Final = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+@(?P<domain>[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+)")
_URL: Final = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\s]+")
_IN_URLS: Final = "!#$%&'()*+,/:;=?@[]"  # beside letters and digits: what quoting leaves as it is


class _OnOneLine(UnstructuredHeader, BaseHeader):
    """A header whose value is one long word: folded, it would be encoded, and no mail program would find it.

    A line may have 998 octets (RFC 5322); of the longest guest's id a link of ours has some 230, the hub's own address
    aside.
    """

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS: Final = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _OnOneLine)
_POLICY: Final = policy.SMTP.clone(header_factory=_HEADERS, cte_type="7bit")
# 7 bits, whatever the text: not every relay takes 8 (RFC 6152).


def read_sender(text: str) -> str:
    """The address of `[smtp] sender`, which may have a name before it. Raises BadConfig."""
    address = parseaddr(text)[1]
    if not _ADDRESS.fullmatch(address) or _UNSAFE.search(text.replace(" ", "")):
        raise BadConfig(f"[smtp] sender: found {detail(text)!r}; right would be name@domain, or Name <name@domain>")
    return address


def domain_of(address: str) -> str:
    """What stands behind the @, as DNS writes it."""
    return address.rpartition("@")[2].encode("idna").decode("ascii")


def envelope_address(address: str) -> str:
    """A guest's address as SMTP takes it. Raises Permanent."""
    if not _ADDRESS.fullmatch(address) or not address.rpartition("@")[0].isascii():
        raise Permanent(Trouble.ADDRESS_GONE, "not an email address that SMTP carries", address_is_dead=True)
    try:
        return f"{address.rpartition('@')[0]}@{domain_of(address)}"
    except UnicodeError as exc:
        raise Permanent(Trouble.ADDRESS_GONE, "not a domain that DNS carries", address_is_dead=True) from exc


def write_mail(notification: Notification, *, sender: str, to: str, now: datetime) -> bytes:
    """The whole mail. The same notification always has the same Message-ID."""
    mail = EmailMessage(policy=_POLICY)
    mail["Message-ID"] = f"<{notification.id}@{domain_of(read_sender(sender))}>"
    mail["Date"] = format_datetime(now)
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = _one_line(notification.title or notification.venue_name)
    if notification.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{quote(notification.unsubscribe_url, safe=_IN_URLS)}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(notification.body)
    mail.add_alternative(as_html(notification.body, language=notification.language), subtype="html")
    if notification.language:  # last: the lines above move what begins with Content-
        mail["Content-Language"] = _one_line(notification.language)
    return mail.as_bytes()


def as_html(text: str, *, language: str | None) -> str:
    """The text as HTML: paragraphs where lines are empty, links where addresses stand, nothing else."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    body = "\n".join(f"<p>{_linked(each).replace(chr(10), '<br>' + chr(10))}</p>" for each in paragraphs)
    named = f' lang="{html.escape(language)}"' if language else ""
    return f'<!doctype html>\n<html{named}>\n<head><meta charset="utf-8"></head>\n<body>\n{body}\n</body>\n</html>\n'


def _linked(text: str) -> str:
    """Escaped, with its web addresses as links."""
    out, end = [], 0
    for found in _URL.finditer(text):
        url = html.escape(found[0])
        out += [html.escape(text[end : found.start()]), f'<a href="{url}">{url}</a>']
        end = found.end()
    return "".join([*out, html.escape(text[end:])])


def _one_line(text: str) -> str:
    """Safe in a header."""
    return _UNSAFE.sub(" ", text).strip()
