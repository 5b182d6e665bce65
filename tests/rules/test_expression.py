"""Which conditions are taken, which are refused, and what one sees."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.expression import SAMPLE_TIME, Failed, Unsound, answer, read_expression, sample_context

FIELDS = ("member", "tier", "nights", "boarding")
CONTEXT = sample_context({"member": True, "tier": "gold", "nights": 3, "boarding": SAMPLE_TIME})

WELL = {
    "guest.member": True,
    "!guest.member || guest.nights >= 3": True,
    "guest.tier in ['gold', 'black']": True,
    "guest.tier.startsWith('g') && size(guest.tier) == 4": True,
    "[1, 2, 3].exists(x, [3, 4].all(y, y > x))": True,
    "guest.boarding - duration('20m') < guest.boarding": True,
    "messaged('24h') || messaged(\"1h\", 'welcome')": False,
    "guest.member // && false": True,
    "guest . member ? false : true": False,
    "local_hour() < 18 && visits('pool', '7d') == 0": True,
}


@pytest.mark.parametrize("source", WELL)
def test_a_sound_condition_is_answered(source: str) -> None:
    assert answer(read_expression(source, FIELDS), CONTEXT) is WELL[source]


def test_a_condition_says_what_it_asks() -> None:
    found = read_expression("guest.member && guest.nights > 2 && !messaged('24h', 'welcome') && !guest.member", FIELDS)

    assert found.fields == ("member", "nights")
    assert [call.text for call in found.calls] == ["messaged('24h', 'welcome')"]


KNOWN_FUNCTIONS = "messaged, visits, inside, count, first, local_hour, duration, timestamp, size, int, double, string"
KNOWN_METHODS = "contains, startsWith, endsWith, matches, size, all, exists, exists_one, map, filter"
UNSOUND = {
    "guest.membr": (6, "unknown field 'guest.membr'; known: boarding, member, nights, tier"),
    "member": (0, "unknown name 'member'; a condition sees guest.NAME and functions"),
    "guest": (0, "`guest` alone says nothing; ask for a field: guest.NAME"),
    "guest['member']": (5, "indexing with [ ] is not allowed; a field is written guest.NAME"),
    "[guest.tier][0] == 'gold'": (12, "indexing with [ ] is not allowed; a field is written guest.NAME"),
    "guest.tier.name == 'x'": (6, "'guest.tier' has no fields of its own"),
    "[1].all(x, [1].all(y, [1].all(z, true)))": (29, "macros nested deeper than 2"),
    "messaged(guest.tier)": (0, "messaged() takes texts that are written out: messaged('…')"),
    "messaged('1h' + '2h')": (0, "messaged() takes texts that are written out: messaged('…')"),
    "messaged()": (0, "messaged() takes 1 or 2 arguments, not 0"),
    "inside('a', 'b')": (0, "inside() takes 1 arguments, not 2"),
    "has(guest.tier)": (0, f"unknown function 'has'; known: {KNOWN_FUNCTIONS}"),
    "guest.tier.lower() == 'x'": (11, f"unknown method 'lower'; known: {KNOWN_METHODS}"),
    "guest.member &&": (15, "cannot be read as a condition: mismatched input '<EOF>'"),
    "(" * 200: (0, "cannot be read as a condition: nested too deeply"),
    " " * 501: (0, "condition of 501 characters; at most 500"),
}


@pytest.mark.parametrize("source", UNSOUND)
def test_an_unsound_condition_is_refused_with_its_place(source: str) -> None:
    with pytest.raises(Unsound) as caught:
        read_expression(source, FIELDS)

    assert (caught.value.offset, caught.value.message) == UNSOUND[source]


@pytest.mark.parametrize(
    ("name", "most"), [("messaged", 2), ("visits", 2), ("inside", 1), ("count", 2), ("first", 1), ("local_hour", 0)]
)
def test_a_question_takes_so_many_texts_and_no_more(name: str, most: int) -> None:
    texts = ["'1h'"] * (most + 1)
    taken = read_expression(f"{name}({', '.join(texts[1:])})", FIELDS)

    with pytest.raises(Unsound, match=rf"{name}\(\) takes .* arguments, not {most + 1}"):
        read_expression(f"{name}({', '.join(texts)})", FIELDS)
    assert len(taken.calls[0].arguments) == most


@pytest.mark.parametrize("source", ["guest.nights / 0 > 1", "int(guest.tier) > 1", "guest.tier > 3"])
def test_a_condition_that_cannot_be_answered_fails_on_one_line(source: str) -> None:
    with pytest.raises(Failed) as caught:
        answer(read_expression(source, FIELDS), CONTEXT)

    assert "\n" not in str(caught.value)


def test_the_slowest_condition_that_is_taken_is_fast() -> None:
    numbers = ",".join(["1"] * 110)
    slow = read_expression(f"[{numbers}].all(x, [{numbers}].all(y, x == y))", FIELDS)
    begun = time.perf_counter()

    answer(slow, CONTEXT)

    assert time.perf_counter() - begun < 0.5


@given(st.text(alphabet="guest.membr()[]{}'\"\\&|!<>=+-*/%? :,0123456789xin\n", max_size=60))
def test_any_text_is_taken_or_refused(source: str) -> None:
    try:
        expression = read_expression(source, FIELDS)
    except Unsound:
        return
    with suppress(Failed):
        answer(expression, CONTEXT)
