from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.mail import as_html, envelope_address, read_sender, write_mail
from hub.errors import BadConfig, Permanent
from hub.outbox.message import Notification
from tests.fakes.hub_clock import T0
from tests.fakes.notifications import a_notification

SENDER = "The Marlton <hello@marlton.example>"


def read(notification: Notification) -> EmailMessage:
    raw = write_mail(notification, sender=SENDER, to="ana@example.com", now=T0)
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_mail_says_who_to_whom_what_and_how_to_leave() -> None:
    mail = read(
        a_notification(
            id="5f0c", provider="smtp", title="Join the club", language="en", unsubscribe_url="https://h.example/u/t1"
        )
    )

    assert mail["Message-ID"] == "<5f0c@marlton.example>"
    assert mail["From"] == SENDER
    assert mail["To"] == "ana@example.com"
    assert mail["Subject"] == "Join the club"
    assert mail["Date"] == "Mon, 05 Jan 2026 09:00:00 +0000"
    assert mail["Content-Language"] == "en"
    assert mail["List-Unsubscribe"] == "<https://h.example/u/t1>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_mail_is_the_same_text_as_plain_text_and_as_html() -> None:
    mail = read(a_notification(provider="smtp", body="Hé Ana,\n\n.a dot\nhttps://h.example/a?b=1&c=2."))

    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == "Hé Ana,\n\n.a dot\nhttps://h.example/a?b=1&c=2.\n"
    assert "<p>Hé Ana,</p>" in html.get_content()
    assert '<a href="https://h.example/a?b=1&amp;c=2">https://h.example/a?b=1&amp;c=2</a>.' in html.get_content()


def test_mail_without_a_way_to_leave_says_none() -> None:
    mail = read(a_notification(provider="smtp"))

    assert mail["List-Unsubscribe"] is None
    assert mail["List-Unsubscribe-Post"] is None
    assert mail["Subject"] == "The Marlton"


@given(st.text(max_size=120))
def test_no_title_adds_a_header(title: str) -> None:
    notification = a_notification(provider="smtp", title=f"Hi {title}\r\nBcc: all@example.com\r\n\r\nBody")

    mail = read(notification)

    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    assert sorted(mail.keys()) == ["Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]


def test_a_language_adds_no_header() -> None:
    mail = read(a_notification(provider="smtp", language="en\r\nBcc: all@example.com"))

    assert mail["Bcc"] is None


def test_html_shows_markup_as_text() -> None:
    html = as_html("<script>alert('x')</script>\nhttps://x.example/\"><b>", language='en"><script>')

    assert "<script>" not in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("address", "envelope"),
    [
        ("ana@example.com", "ana@example.com"),
        ("o'hara+hotel@mail.example.com", "o'hara+hotel@mail.example.com"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_addresses_that_smtp_carries(address: str, envelope: str) -> None:
    assert envelope_address(address) == envelope


@pytest.mark.parametrize(
    "address",
    ["", "ana", "@example.com", "ana@", "a b@example.com", "ana@example.com>\r\nRCPT TO:<x@y", "änn@example.com",
     "ana@@example.com", "ana@" + "x" * 70 + ".example"],
)  # fmt: skip
def test_addresses_that_smtp_does_not_carry_are_dead(address: str) -> None:
    with pytest.raises(Permanent) as refused:
        envelope_address(address)

    assert refused.value.address_is_dead
    assert "example" not in str(refused.value)


@pytest.mark.parametrize("sender", ["", "nobody", "Name <nobody>", "a@b\r\nBcc: c@d"])
def test_a_sender_that_is_no_address_says_so_in_one_line(sender: str) -> None:
    with pytest.raises(BadConfig, match=r"\[smtp\] sender: found") as bad:
        read_sender(sender)

    assert "\n" not in str(bad.value)
