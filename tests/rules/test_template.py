"""What a guest reads."""

from __future__ import annotations

import pytest

from rules.facts import Planned
from rules.template import Text, Unrenderable, render
from tests.fakes.stage import Guest, a_book, the_welcome

LINKS = {"link": {"unsubscribe": "https://inn.example/u/abc"}}


def a_message(**profile: bool | str) -> tuple[Guest, Planned]:
    guest = Guest(the_welcome(), **profile)
    guest.does("09:00 enter lobby")
    return guest, guest.planned[0]


def rendered(guest: Guest, planned: Planned) -> Text:
    return render(guest.book, planned, guest.facts, planned.at, LINKS)


@pytest.mark.parametrize(
    ("wish", "language", "body"),
    [
        (None, "en", "Staying tonight? Rooms from €189. Tap to book."),
        ("pt", "pt", "Fica esta noite? Quartos desde 189\xa0€. Toque para reservar."),
        ("pt-BR", "pt", "Fica esta noite? Quartos desde 189\xa0€. Toque para reservar."),
        ("ja", "en", "Staying tonight? Rooms from €189. Tap to book."),
    ],
)
def test_a_message_is_in_the_guests_language_or_the_venues_first(wish: str | None, language: str, body: str) -> None:
    guest, planned = a_message(member=True)
    guest.knows(language=wish)

    assert rendered(guest, planned) == Text(language=language, title=None, body=body)


def test_an_email_without_a_way_out_gets_one() -> None:
    guest, planned = a_message(member=False)

    text = rendered(guest, planned)

    assert text.title == "Breakfast is on us, for members"
    assert text.body.endswith("\n\n-- \nTo get no more of these messages: https://inn.example/u/abc\n")
    assert render(guest.book, planned, guest.facts, planned.at, LINKS, channel="push").body.endswith(
        "breakfast is free."
    )


def test_an_email_with_a_way_out_of_its_own_keeps_it() -> None:
    text = """
steps: [{send: note}]
messages: {note: {by: email, en: {subject: "s", body: "Bye: {{ link.unsubscribe }}"}}}
"""
    guest = Guest(a_book(text))
    guest.does("09:00 enter lobby")

    assert rendered(guest, guest.planned[0]).body == "Bye: https://inn.example/u/abc"


def test_a_subject_is_one_line_whatever_a_guest_is_called() -> None:
    guest, planned = a_message(member=False, first_name="Ana\r\nBcc: all@example.com")

    assert rendered(guest, planned).title == "Breakfast is on us, Ana Bcc: all@example.com"


def test_a_coupon_is_the_runs_own() -> None:
    text = "steps: [{send: note}, {send: other}]\nmessages:\n"
    text += "".join(f'  {name}: {{by: push, en: "{{{{ coupon }}}}"}}\n' for name in ("note", "other"))
    one, other = Guest(a_book(text)), Guest(a_book(text))
    one.does("09:00 enter lobby", name="a")
    other.does("09:00 enter lobby", name="b")

    codes = [rendered(guest, planned).body for guest in (one, other) for planned in guest.planned]

    assert codes[0] == codes[1] != codes[2] == codes[3]
    assert set("".join(codes)) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_a_message_that_comes_out_empty_is_not_sent() -> None:
    guest = Guest(a_book('steps: [{send: note}]\nmessages: {note: {by: push, en: "{{ guest.room }}"}}'))
    guest.does("09:00 enter lobby")

    with pytest.raises(Unrenderable, match="note came out empty in 'en'"):
        rendered(guest, guest.planned[0])


def test_a_message_that_is_no_longer_in_the_journey_cannot_be_rendered() -> None:
    guest, planned = a_message(member=True)

    with pytest.raises(Unrenderable, match="no message gone in the journey welcome"):
        rendered(guest, planned._replace(message="gone"))


def test_what_the_hub_fetched_comes_before_the_venues_table() -> None:
    guest, planned = a_message(member=True)

    text = render(guest.book, planned, guest.facts, planned.at, {"rate": {"tonight": 99}})

    assert "€99" in text.body
