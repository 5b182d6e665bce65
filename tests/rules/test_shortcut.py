"""A condition that needs no library is answered as the library would, or is left to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.expression import Failed, read_expression
from rules.facts import Facts, Past
from rules.moment import Moment
from tests.fakes.stage import Guest, a_book, at

FIELDS = ("vip", "visits_made", "flight", "case_open", "boarding")
BOOLS = st.sampled_from(["guest.vip", "guest.case_open", "messaged('24h')", "messaged('1h', 'note')", "first('x')"])
NUMBERS = st.builds(
    "{} {} {}".format,
    st.sampled_from(["guest.visits_made", "local_hour()", "visits('lobby')", "count('x', '2h')"]),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.integers(0, 3).map(str),
)
TEXTS = st.builds("guest.flight {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from(["", "TP1", "x"]))
ODD = st.sampled_from(
    ["guest.flight.startsWith('T')", "guest.visits_made + 1 > 2", "guest.boarding != null", "guest.vip == true", "true"]
)
CONDITIONS = st.recursive(
    BOOLS | NUMBERS | TEXTS | ODD,
    lambda inner: st.one_of(
        st.builds("!({})".format, inner),
        st.builds("({} && {})".format, inner, inner),
        st.builds("{} || {}".format, inner, inner),
    ),
    max_leaves=5,
)
PROFILES = st.fixed_dictionaries(
    {
        "vip": st.booleans(),
        "case_open": st.booleans(),
        "visits_made": st.integers(0, 3),
        "flight": st.sampled_from(["", "TP1"]),
    }
)


# A condition's context holds the fields that the book's conditions ask for: all of them.
BOOK = a_book(
    "when: guest.vip || guest.case_open || guest.visits_made > 0 || guest.flight == '' || guest.boarding == null\n"
    "steps: [{send: note}]"
)


def a_moment(facts: Facts) -> Moment:
    return Moment(BOOK, facts, at=at("12:00", BOOK))


@settings(max_examples=400, deadline=None)
@given(condition=CONDITIONS, profile=PROFILES, hours=st.integers(0, 30))
def test_both_ways_give_the_same_answer(condition: str, profile: dict[str, bool | int | str], hours: int) -> None:
    past = Past(id="p", at=at("12:00", BOOK) - timedelta(hours=hours), journey="x", message="note", purpose="marketing")
    facts = Guest(BOOK, **profile).knows(past=(past,)).facts
    expression = read_expression(condition, FIELDS)
    quick, slow = a_moment(facts), a_moment(facts)

    assert quick._truth(expression, "walk") == slow.ask(expression, "walk")


@pytest.mark.parametrize(
    "condition",
    [
        "guest.vip",
        "!guest.vip",
        "messaged('24h')",
        "guest.visits_made >= 3",
        "guest.vip && !(guest.case_open || first('x'))",
    ],
)
def test_what_nearly_every_guard_asks_needs_no_library(condition: str) -> None:
    assert read_expression(condition, FIELDS).shortcut is not None


@pytest.mark.parametrize(
    "condition",
    [
        "guest.visits_made + 1 > 2",
        "guest.vip ? true : false",
        "[1, 2].exists(x, x > 1)",
        "guest.flight.startsWith('T')",
        "guest.visits_made > 1.5",
        "guest.boarding != null",
        "guest.flight in ['a', 'b']",
        "size(guest.flight) > 1",
        "size('a') == 1",
        "string('a') == 'a' && guest.vip",
        "guest.flight == 'a\\'b'",
        "true",
    ],
)
def test_everything_else_is_left_to_the_library(condition: str) -> None:
    assert read_expression(condition, FIELDS).shortcut is None


def test_what_is_of_another_type_than_it_looks_is_asked_of_the_library() -> None:
    facts = Guest(BOOK, flight="TP1").facts
    text, compared = (read_expression(source, FIELDS) for source in ("guest.flight", "guest.flight > 3"))
    assert text.shortcut is not None
    assert compared.shortcut is not None

    assert a_moment(facts)._truth(text, "walk") == "TP1"
    with pytest.raises(Failed):
        a_moment(facts)._truth(compared, "walk")
