"""What is filled in without the library reads as the library would have written it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.language import LOCALE, Locale
from rules.phrase import OUTPUT_BYTES, Unrenderable, fill, read_phrase
from tests.fakes.stage import the_whole_hotel

LISBON = the_whole_hotel().venue.timezone
SIMPLE = [
    "Tap to book.",
    "",
    "{{ guest.value }}",
    "Welcome back, {{ guest.value }}. Room {{ value }}\n is {{- value -}} ready.",
    "Rooms from {{ guest.value | money }}.",
    "{{ guest.value | number }} {{ guest.value | date }}",
    "{{ value | time }}",
    "{{ guest['value'] }}",
]
NOT_SIMPLE = [
    "{{ guest.value | default: 'you' }}",
    "{{ guest.value | money | upcase }}",
    "{% if guest.value %}x{% endif %}",
    "{{ guest.value.size }}",
    "{{ guest[value] }}",
    "{{ 'x' }}",
]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.datetimes(timezones=st.just(UTC)),
    st.lists(st.text(), max_size=2),
    st.sampled_from(["189", "\ud800", "2026-01-05T09:00:00+00:00", "{{ value }}", datetime(2026, 1, 5, 9, tzinfo=UTC)]),
)


def outcome(source: str, *, plain: bool, values: dict[str, object]) -> str:
    """The text, or why there is none."""
    phrase = read_phrase(source)
    try:
        return fill(phrase if plain else replace(phrase, plain=None), values)
    except Unrenderable as exc:
        return f"unrenderable: {exc}"


@pytest.mark.parametrize("source", SIMPLE)
def test_a_simple_text_needs_no_library(source: str) -> None:
    assert read_phrase(source).plain is not None


@pytest.mark.parametrize("source", NOT_SIMPLE)
def test_any_other_is_the_librarys(source: str) -> None:
    assert read_phrase(source).plain is None


@pytest.mark.parametrize("source", SIMPLE)
@pytest.mark.parametrize("language", ["en", "pt", "xx"])
@given(value=VALUES)
def test_both_write_the_same(source: str, language: str, value: object) -> None:
    locale = Locale(language=language, currency="EUR", zone=LISBON)
    values = {"guest": {"value": value}, "value": value, LOCALE: locale}

    assert outcome(source, plain=True, values=values) == outcome(source, plain=False, values=values)


@pytest.mark.parametrize("source", SIMPLE)
@pytest.mark.parametrize("values", [{}, {"guest": {}}, {"guest": "Ana"}, {"guest": None, "value": 1}])
def test_what_is_missing_is_told_by_the_library(source: str, values: dict[str, object]) -> None:
    values = {**values, LOCALE: Locale(language="en", currency="EUR", zone=LISBON)}

    assert outcome(source, plain=True, values=values) == outcome(source, plain=False, values=values)


def test_a_text_is_as_long_as_it_may_be_and_no_longer() -> None:
    longest = "ü" * (OUTPUT_BYTES // 2)

    assert outcome("{{ value }}", plain=True, values={"value": longest}) == longest
    with pytest.raises(Unrenderable):
        fill(read_phrase("{{ value }}."), {"value": longest})
