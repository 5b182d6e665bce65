"""What a text gets that only the running hub knows."""

from __future__ import annotations

from dataclasses import replace

from hub.app.extras import TextExtras
from hub.channels.sources import open_sources
from hub.identity import resume
from rules.definition import read_journey, read_venue
from rules.rulebook import Rulebook
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.planned import a_planned

VENUE = """
venue: marlton
timezone: Europe/Lisbon
zones: {lobby: {}}
links: {resume: "https://forms.example/check-in?lang=en"}
sources: {rate: {table: {tonight: 189}}, spa: {get: "https://spa.example/free", default: {rooms: 0}}}
"""
JOURNEY = """
journey: welcome
start: enter lobby
steps:
  - send: form
  - send: rates
  - send: spa
messages:
  form: {by: push, en: "Go on: {{ link.resume }}"}
  rates: {by: push, en: "From {{ rate.tonight | money }}."}
  spa: {by: push, en: "{{ spa.rooms }} rooms are free in the spa."}
"""
SECRET = b"s" * 32


def a_book() -> Rulebook:
    venue = read_venue(VENUE, file="venue.yaml")
    journey = replace(read_journey(JOURNEY, venue, file="welcome.yaml"), version="v1")
    return Rulebook(venue=venue, journeys=(journey,))


async def test_a_text_gets_what_it_names_and_nothing_else() -> None:
    async with open_sources(StillClock()) as sources:
        extras = TextExtras(sources=sources, secret=SECRET)
        rates = await extras(a_book(), a_planned(message="rates"))
        form = await extras(a_book(), a_planned(message="form"))
        gone = await extras(a_book(), a_planned(message="gone"))

    assert rates == {"rate": {"tonight": 189, "stale": False}}
    link = str(form["link"]["resume"])
    assert link.startswith("https://forms.example/check-in?lang=en&token=")
    found = resume.read(SECRET, link.partition("token=")[2], now=T0)
    assert found is not None
    assert (found.guest, found.venue, found.run) == ("ana", "marlton", "run-m1")
    assert (list(form), gone) == (["link"], {})


async def test_at_once_it_gets_the_same_unless_an_address_has_to_be_asked() -> None:
    async with open_sources(StillClock()) as sources:
        extras = TextExtras(sources=sources, secret=SECRET)
        same = [
            extras.at_once(a_book(), a_planned(message=message)) == await extras(a_book(), a_planned(message=message))
            for message in ("rates", "form", "gone")
        ]
        spa = extras.at_once(a_book(), a_planned(message="spa"))

    assert same == [True, True, True]
    assert spa is None
