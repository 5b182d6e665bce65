"""What does the guest read? A planned message, in her language, with all that she and the venue put into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rules.facts import Facts, Planned
from rules.message import Message, Wording
from rules.phrase import Unrenderable as Unrenderable  # noqa: PLC0414  what `render` raises is had from here
from rules.phrase import fill
from rules.rulebook import Rulebook
from rules.text_values import Extras, locale_for, text_values
from rules.venue import EMAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A message as it leaves."""

    language: str
    title: str | None  # of an email: its subject
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What only the hub can add to a text."""

    links: frozenset[str] = frozenset()  # "resume", "unsubscribe"
    sources: frozenset[str] = frozenset()  # by name; those with an address are fetched


def wanted(rulebook: Rulebook, planned: Planned) -> Wanted:
    """What this message's text asks of the hub, in whichever language; nothing when there is no such message."""
    journey = rulebook.journey(planned.journey, planned.version) or rulebook.journey(planned.journey)
    message = None if journey is None else journey.messages.get(planned.message)
    phrases = [
        phrase
        for wording in (message.wordings.values() if message is not None else ())
        for phrase in (wording.title, wording.body)
        if phrase is not None
    ]
    names = [name for phrase in phrases for name in phrase.names]
    return Wanted(
        links=frozenset(name.field for name in names if name.root == "link" and name.field is not None),
        sources=frozenset(name.root for name in names if name.root in rulebook.venue.sources),
    )


def render(
    rulebook: Rulebook, planned: Planned, facts: Facts, now: datetime, extras: Extras, *, channel: str | None = None
) -> Text:
    """Fill the message in, for the channel that is being tried (the first, unless said).

    `extras` holds what only the hub knows: `link.unsubscribe`, `link.resume`, and sources that it fetched. Raises
    Unrenderable, which names what was missing and never a guest's value.
    """
    message, wording, language = _wording(rulebook, planned, facts)
    values = text_values(rulebook, facts, planned.view, extras=extras, language=language)
    values["now"] = now
    title = None if wording.title is None else " ".join(fill(wording.title, values).split())
    body = fill(wording.body, values)
    if (channel or planned.channels[0]) == EMAIL:
        body = _with_footer(body, values, rulebook, language)
    if not body.strip():
        raise Unrenderable(f"{message.name} came out empty in '{language}'")
    return Text(language=language, title=title, body=body)


def _wording(rulebook: Rulebook, planned: Planned, facts: Facts) -> tuple[Message, Wording, str]:
    journey = rulebook.journey(planned.journey, planned.version) or rulebook.journey(planned.journey)
    message = None if journey is None else journey.messages.get(planned.message)
    if message is None:
        raise Unrenderable(f"no message {planned.message} in the journey {planned.journey}")
    language = message.language_for(facts.language, rulebook.venue.languages)
    return message, message.wordings[language], language


def _with_footer(body: str, values: dict[str, object], rulebook: Rulebook, language: str) -> str:
    """An email without a way out gets one; that link is in `extras` of every email."""
    links = values["link"]
    link = links.get("unsubscribe") if isinstance(links, dict) else None
    if not isinstance(link, str) or link in body:
        return body
    way_out = locale_for(rulebook.venue, language).manner.unsubscribe.format(link=link)
    return f"{body.rstrip()}\n\n-- \n{way_out}\n"
