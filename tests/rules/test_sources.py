"""What an address answered: typed as its default, cut to it, or no answer at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rules.definition import read_venue
from rules.sources import BadAnswer, answered
from rules.template import Wanted, render, wanted
from rules.venue import Source
from tests.fakes.stage import Guest, a_book

VENUE = """
venue: inn
timezone: UTC
zones: {lobby: {}}
sources:
  rate: {get: "https://rates.example/now", timeout: 1s, ttl: 10m, default: {tonight: 189, sold_out: no, code: ""}}
  wifi: {table: {name: inn-guest}}
"""
TEXT = """
steps: [{send: note}]
messages:
  note:
    by: push
    en: "From {{ rate.tonight }}{% if rate.stale %} or so{% endif %}. WiFi: {{ wifi.name }}. {{ link.resume }}"
"""


def the_source() -> Source:
    return read_venue(VENUE, file="venue.yaml").sources["rate"]


def test_a_source_has_an_address_and_its_patience() -> None:
    source = the_source()

    assert (source.url, source.timeout, source.ttl) == (
        "https://rates.example/now",
        timedelta(seconds=1),
        timedelta(minutes=10),
    )
    assert source.table == {"tonight": 189, "sold_out": False, "code": ""}
    assert source.fields == ("tonight", "sold_out", "code", "stale")


def test_an_answer_is_cut_to_what_the_default_names() -> None:
    answer = {"tonight": 201.5, "sold_out": True, "code": "X", "guest": "ana"}

    assert answered(the_source(), answer) == {"tonight": 201.5, "sold_out": True, "code": "X"}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ([], "source 'rate' did not answer with an object"),
        ({"sold_out": True, "code": "X"}, "source 'rate' answered without 'tonight'"),
        (
            {"tonight": "201", "sold_out": True, "code": "X"},
            "source 'rate' answered 'tonight' in another type than its default",
        ),
        (
            {"tonight": True, "sold_out": True, "code": "X"},
            "source 'rate' answered 'tonight' in another type than its default",
        ),
        (
            {"tonight": 1, "sold_out": 1, "code": "X"},
            "source 'rate' answered 'sold_out' in another type than its default",
        ),
        ({"tonight": 1, "sold_out": True, "code": 7}, "source 'rate' answered 'code' in another type than its default"),
    ],
)
def test_what_cannot_be_used_is_no_answer(answer: object, why: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        answered(the_source(), answer)

    assert str(caught.value) == why


def test_a_text_says_what_it_wants_of_the_hub() -> None:
    guest = Guest(a_book(TEXT, venue=VENUE))
    guest.does("09:00 enter lobby")

    assert wanted(guest.book, guest.planned[0]) == Wanted(
        links=frozenset({"resume"}), sources=frozenset({"rate", "wifi"})
    )


def test_without_an_answer_the_default_stands_and_says_that_it_is_stale() -> None:
    guest = Guest(a_book(TEXT, venue=VENUE))
    guest.does("09:00 enter lobby")
    planned, now = guest.planned[0], guest.planned[0].at
    link = {"link": {"resume": "https://hub.example/r/1"}}

    default = render(guest.book, planned, guest.facts, now, link)
    fresh = render(guest.book, planned, guest.facts, now, {**link, "rate": {"tonight": 201, "stale": False}})

    assert default.body == "From 189 or so. WiFi: inn-guest. https://hub.example/r/1"
    assert fresh.body == "From 201. WiFi: inn-guest. https://hub.example/r/1"
