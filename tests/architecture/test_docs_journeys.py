"""The page for authors names all that a venue's files may use, and what it shows is what comes of it."""

from __future__ import annotations

import re

import pytest

from hub.cli.init import _pack, _texts
from rules import language, phrase, read_journey, read_messages, read_steps, read_venue, text_values, tryout
from rules.check import check_files
from rules.event import EVERY
from rules.expression import BUILT_IN, HISTORY, LONGEST, MACROS, METHODS
from rules.ids import COUPON_LENGTH
from rules.spans import UNITS, parse_span
from rules.triggers import OF_A_MESSAGE, PRESENCE
from rules.tryout import lines, play
from rules.venue import CORE_FIELDS
from tests.architecture.pages import blocks, page, quoted, rows, section

PAGE = page("docs/journeys.md")


def _keys(heading: str) -> dict[str, str]:
    found = rows(section(PAGE, heading), "key", "is")
    return {word: meaning for named, meaning in found for word in quoted(named)}


@pytest.fixture(scope="module")
def pack() -> dict[str, str]:
    return {f"marlton/{name}": text for name, text in _texts(_pack("hotel")).items()}


def test_the_keys_of_a_journey_are_those_that_are_read_and_those_required_say_so() -> None:
    told = _keys("## A journey's file")

    assert set(told) == set(read_journey.KEYS)
    assert {key for key, meaning in told.items() if "Required" in meaning} == set(read_journey.REQUIRED)


def test_the_keys_of_a_venue_are_those_that_are_read_and_those_required_say_so() -> None:
    told = _keys("## The venue's file")

    assert set(told) == set(read_venue.KEYS)
    assert {key for key, meaning in told.items() if "Required" in meaning} == set(read_venue.REQUIRED)
    assert {field.name for field in CORE_FIELDS} <= set(quoted(section(PAGE, "## The venue's file")))


def test_the_keys_of_a_message_are_those_that_are_read() -> None:
    assert set(_keys("## Messages")) - {"en", "pt"} == set(read_messages.KEYS)


def test_the_verbs_and_keys_of_a_step_are_those_that_are_read() -> None:
    steps = section(PAGE, "## Steps")
    spans = {word for word in quoted(steps) if parse_span(word)}

    assert {quoted(verb)[0] for verb, _ in rows(steps, "verb")} == set(read_steps.VERBS)
    assert set(read_steps.KEYS) <= set(quoted(steps))
    assert {word[-1] for word in spans} == set(UNITS)


def test_every_event_with_a_word_of_its_own_is_named() -> None:
    named = {word.split()[0] for row in rows(section(PAGE, "## Events"), "write", "when") for word in quoted(row[0])}

    assert {*PRESENCE, *OF_A_MESSAGE, EVERY} <= named


def test_every_function_method_and_macro_of_a_condition_is_named() -> None:
    words = section(PAGE, "## Conditions")
    asked = {word.partition("(")[0] for row in rows(words, "ask") for word in quoted(row[0])}

    assert asked == set(HISTORY)
    assert {*BUILT_IN, *METHODS, *MACROS} <= set(quoted(words))
    assert f"At most {LONGEST} characters" in words


def test_every_filter_tag_and_name_of_a_text_is_named() -> None:
    words = section(PAGE, "## Messages")
    told = set(quoted(words))
    filters = {word.partition(":")[0] for row in rows(words, "filter") for word in quoted(row[0])}

    assert filters == {*language.FILTERS, "default"}
    assert {*phrase.PLAIN_FILTERS} - {"default"} <= told
    assert set(phrase.TAGS) <= told
    assert {f"venue.{name}" for name in text_values.VENUE_FIELDS} <= told
    assert {f"zone.{name}" for name in text_values.ZONE_FIELDS} <= told
    assert {f"link.{name}" for name in read_messages.HUB_LINKS} <= told
    assert f"one code of {COUPON_LENGTH} letters" in words


def test_what_try_takes_besides_the_fields_is_named() -> None:
    assert {word for row in rows(PAGE, "name", "is") for word in quoted(row[0])} == set(tryout.OWN)


def test_the_journey_on_the_page_passes_beside_the_hotels(pack: dict[str, str]) -> None:
    (sunset,) = blocks(PAGE, "yaml journey")

    checked = check_files({**pack, "marlton/journeys/sunset.yaml": sunset}, carried=frozenset({"push", "email"}))

    assert (checked.faults, checked.warnings) == ((), ())
    assert sum(example.journey == "sunset" for example in checked.examples) == 2


def test_what_try_prints_on_the_page_is_what_it_prints(pack: dict[str, str]) -> None:
    said = next(block for block in blocks(PAGE, "") if block.startswith("09:00"))
    book = check_files(pack).rulebooks["marlton"]

    timeline = play(book, {"member": "yes"}, ["09:00 enter lobby"])

    assert "\n".join(lines(timeline, book.venue)) == said.rstrip()


def test_the_slip_on_the_page_is_told_as_the_page_says(pack: dict[str, str]) -> None:
    told = next(block for block in blocks(PAGE, "") if "guest.reservatin" in block).strip()
    slip = {**pack, "marlton/journeys/welcome.yaml": _welcome(pack).replace("guest.reservation", "guest.reservatin")}

    (fault,) = check_files(slip).faults

    shown = re.sub(r"known: [^;]*", "known: …", f"{fault}; {fault.hint}")
    assert shown.removeprefix("marlton") == told.removeprefix("…")


def _welcome(pack: dict[str, str]) -> str:
    return pack["marlton/journeys/welcome.yaml"]
