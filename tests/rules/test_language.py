"""Money, numbers, dates and times as a guest's language writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from rules.language import Locale, clock, day, money, number

LISBON = ZoneInfo("Europe/Lisbon")


def locale(language: str, currency: str = "EUR") -> Locale:
    return Locale(language=language, currency=currency, zone=LISBON)


@pytest.mark.parametrize(
    ("language", "currency", "value", "said"),
    [
        ("en", "EUR", 189, "€189"),
        ("en", "EUR", 1234.5, "€1,234.50"),
        ("en", "CHF", 20, "CHF\xa020"),
        ("en", "JPY", 1500, "¥1,500"),
        ("en", "SEK", 99, "SEK\xa099"),
        ("pt", "EUR", 189, "189\xa0€"),
        ("pt", "EUR", 1234.5, "1234,50\xa0€"),
        ("pt-BR", "BRL", 12345, "12\xa0345\xa0R$"),
        ("de", "EUR", 1234.5, "1.234,50\xa0€"),
        ("xx", "EUR", -3, "€-3"),
    ],
)
def test_money(language: str, currency: str, value: float, said: str) -> None:
    assert money(value, locale(language, currency)) == said


@pytest.mark.parametrize(("language", "said"), [("en", "1,234.5"), ("pt", "1234,5"), ("fr", "1\u202f234,5")])
def test_numbers(language: str, said: str) -> None:
    assert number(1234.5, locale(language).manner) == said


@pytest.mark.parametrize(
    ("language", "said"), [("en", "1 July 2026"), ("pt", "1 de julho de 2026"), ("de", "1. Juli 2026")]
)
def test_a_day_is_the_venues(language: str, said: str) -> None:
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # half past midnight in Lisbon

    assert day(late, locale(language)) == said
    assert clock(late, locale(language)) == "00:30"
