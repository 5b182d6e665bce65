"""One small venue's rules, made by hand: a welcome by push, or by email after certain failure."""

from __future__ import annotations

from datetime import time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from rules.definition import read_journey, read_venue
from rules.event import ENTERED
from rules.expression import Expression
from rules.journey import Journey, Send, Step, Trigger
from rules.message import Message, Wording
from rules.phrase import read_phrase
from rules.rulebook import Rulebook
from rules.venue import CORE_FIELDS, MARKETING, Purpose, Quiet, Venue, Zone

WELCOME = "Welcome back, {{ guest.first_name }}."


def a_venue(*, quiet: Quiet | None = None, hush: Expression | None = None, holdout: float = 0.0) -> Venue:
    return Venue(
        id="marlton",
        name="The Marlton",
        timezone=ZoneInfo("Europe/Lisbon"),
        zones={"lobby": Zone(id="lobby", name="Lobby")},
        guest={field.name: field for field in CORE_FIELDS},
        purposes={MARKETING: Purpose(name=MARKETING, consent_needed=True, quiet=quiet)},
        hush=hush,
        holdout=holdout,
    )


def a_journey(*, version: str = "v1", body: str = WELCOME, by: tuple[str, ...] = ("push", "email")) -> Journey:
    wording = Wording(title=read_phrase("Welcome"), body=read_phrase(body))
    return Journey(
        name="welcome",
        version=version,
        venue="marlton",
        start=Trigger(kind=ENTERED, object="lobby", text="enter lobby"),
        steps=(Step(path="steps.0", verb=Send(message="welcome")),),
        messages={
            "welcome": Message(name="welcome", by=by, wordings={"en": wording}, keep=timedelta(minutes=15)),
        },
    )


def a_rulebook(venue: Venue | None = None, journey: Journey | None = None) -> Rulebook:
    return Rulebook(venue=venue or a_venue(), journeys=(journey or a_journey(),))


NIGHT = Quiet(start=time(22), end=time(8))


@cache
def the_hotel() -> Rulebook:
    """The hotel pack, as it is shipped."""
    folder = Path(__file__).parents[2] / "rules" / "venues" / "hotel"
    venue = read_venue((folder / "venue.yaml").read_text(encoding="utf-8"), file="venue.yaml")
    return Rulebook(venue=venue, journeys=(read_journey(welcome_text(), venue, file="welcome.yaml"),))


def welcome_text() -> str:
    folder = Path(__file__).parents[2] / "rules" / "venues" / "hotel"
    return (folder / "journeys" / "welcome.yaml").read_text(encoding="utf-8")
