from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.api.fields import ID_MAX
from hub.channels.mail import as_html, envelope_address, read_sender, write_mail
from hub.errors import BadConfig, Permanent
from hub.identity import unsubscribe
from hub.outbox.message import Notification
from tests.fakes.hub_clock import T0
from tests.fakes.notifications import a_notification

SENDER = "The Marlton <hello@marlton.example>"


def written(notification: Notification, *, sender: str = SENDER, to: str = "ana@example.com") -> bytes:
    return write_mail(notification, sender=sender, to=to, now=T0)


def read(notification: Notification) -> EmailMessage:
    mail = message_from_bytes(written(notification), policy=policy.default)
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


@pytest.mark.parametrize("guest", ["ana", "g" * ID_MAX])
def test_a_way_to_leave_stands_on_the_wire_as_it_is_however_long_its_link(guest: str) -> None:
    url = f"https://innkeeper.marlton.example/u/{unsubscribe.make(b'x' * 32, guest, 'p' * 40, 'email')}"

    raw = written(a_notification(provider="smtp", title="Grüße " * 30, unsubscribe_url=url))

    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("url", "on_the_wire"),
    [
        ("https://h.example/u/1\r\nBcc: all@example.com", "<https://h.example/u/1%0D%0ABcc:%20all@example.com>"),
        ("https://h.example/u/1>, <mailto:x@y", "<https://h.example/u/1%3E,%20%3Cmailto:x@y>"),
        ("https://hôtel.example/u/1", "<https://h%C3%B4tel.example/u/1>"),
        ("https://h.example:8080/hub/u/aZ0-_~?a=1&b=%20", "<https://h.example:8080/hub/u/aZ0-_~?a=1&b=%20>"),
    ],
)
def test_a_way_to_leave_is_one_link_and_nothing_else(url: str, on_the_wire: str) -> None:
    raw = written(a_notification(provider="smtp", unsubscribe_url=url))

    assert f"\r\nList-Unsubscribe: {on_the_wire}\r\n".encode() in raw
    assert b"\r\nBcc:" not in raw


def test_other_headers_are_folded_and_come_out_as_they_went_in() -> None:
    title, sender = (
        "Grüße aus dem schönsten Haus der Stadt " * 5,
        f"{'Das Hotel am Großen See ' * 5}<hello@see.example>",
    )

    raw = written(a_notification(provider="smtp", title=title), sender=sender)
    head, mail = raw.partition(b"\r\n\r\n")[0], message_from_bytes(raw, policy=policy.default)

    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert mail["Subject"] == title.strip()
    assert mail["From"] == sender


@pytest.mark.parametrize("body", ["Hé Ana", "Привет, Анна. " * 40, "x" * 2_000, "\u2028.\n.\n"])
def test_a_mail_has_seven_bits_and_short_lines_for_relays_that_take_no_more(body: str) -> None:
    notification = a_notification(provider="smtp", title="Grüße", body=body, language="de")

    raw, text = written(notification), read(notification).get_body(("plain",))

    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == body.rstrip("\n") + "\n"


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
