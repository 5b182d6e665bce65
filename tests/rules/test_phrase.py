"""What a text may do, and how it is filled in."""

from __future__ import annotations

import pytest

from rules.language import LOCALE, Locale
from rules.phrase import Phrase, Unreadable, Unrenderable, fill, read_phrase
from tests.fakes.stage import the_whole_hotel

LISBON = the_whole_hotel().venue.timezone
VALUES = {
    "guest": {"first_name": "Ana", "room": "", "arrival": None},
    "rate": {"tonight": 189, "suite": 1234.5},
    "event": {},
    LOCALE: Locale(language="en", currency="EUR", zone=LISBON),
}


def said(source: str, **values: object) -> str:
    return fill(read_phrase(source), {**VALUES, **values})


def test_holes_are_filled() -> None:
    assert said("Hello {{ guest.first_name }}, {{ guest.room | default: 'soon' }}.") == "Hello Ana, soon."


def test_a_guests_name_is_never_read_as_a_text_with_holes() -> None:
    guest = {"first_name": "{{ guest.room }}{% for i in (1..9) %}x{% endfor %}"}

    assert said("Hello {{ guest.first_name }}", guest=guest) == f"Hello {guest['first_name']}"


@pytest.mark.parametrize(
    "source",
    [
        "{{ guest.age }}",
        "{% if event.big %}x{% endif %}",
        "{{ guest.first_name | money }}",
        "{{ guest.arrival | date }}",
    ],
)
def test_what_is_missing_is_not_sent(source: str) -> None:
    with pytest.raises(Unrenderable) as caught:
        said(source)

    assert "Ana" not in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..100000000) %}x{% endfor %}",
        "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}",
        "{% for i in (1..999) %}" + "0123456789" * 10 + "{% endfor %}",
    ],
)
def test_a_text_that_grows_is_cut_short(source: str) -> None:
    with pytest.raises(Unrenderable):
        said(source)


@pytest.mark.parametrize(
    ("source", "offset", "message"),
    [
        ("Hi {{ guest.first_name | shout }}", 25, "unknown filter 'shout'"),
        ("Hi {{ 'x' | append: 'y' }}", 12, "unknown filter 'append'"),
        ("{% include 'other' %}", 3, "cannot be read as a text: unexpected tag 'include'"),
        ("{{ guest.first_name", 0, "cannot be read as a text: expected '}}', found end of file"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused_with_its_place(source: str, offset: int, message: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_phrase(source)

    assert caught.value.offset == offset
    assert caught.value.message.startswith(message)


def test_a_text_says_what_it_asks_for() -> None:
    found = read_phrase("{{ guest.first_name }} {% if coupon %}{{ rate.tonight | money }}{% endif %}")

    assert isinstance(found, Phrase)
    assert {(name.root, name.field) for name in found.names} == {
        ("guest", "first_name"),
        ("coupon", None),
        ("rate", "tonight"),
    }
    assert found.asks("guest", "first_name")
    assert not found.asks("link")
