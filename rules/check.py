"""Are all of these files sound, each and together? Texts in, rulebooks and every fault out; nothing is read here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from rules.definition import read_journey, read_venue
from rules.examples import ExampleResult, run_examples
from rules.expression import SAMPLE_TIME
from rules.facts import Facts, Planned
from rules.fault import Fault, Faulty
from rules.ids import COUPON_LENGTH
from rules.journey import Journey, Send
from rules.message import Message
from rules.phrase import Unrenderable
from rules.rehearsal import SAMPLE_LINKS
from rules.rulebook import Rulebook
from rules.template import Text, render
from rules.together import Together
from rules.triggers import PRESENCE
from rules.venue import PUSH, FieldKind, Venue

VENUE_FILE: Final = "venue.yaml"
JOURNEYS: Final = "journeys/"

PUSH_BYTES: Final = 4_096
# What APNs and FCM take for one notification, all told.

PUSH_FRAME_BYTES: Final = 256
# Of those, what our own keys, the message's id and its expiry need.


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the files came to."""

    rulebooks: Mapping[str, Rulebook]  # by venue; only what could be read
    faults: tuple[Fault, ...] = ()  # with any of them, nothing goes live
    warnings: tuple[Fault, ...] = ()
    examples: tuple[ExampleResult, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Found:
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    examples: list[ExampleResult] = field(default_factory=list)
    rulebooks: dict[str, Rulebook] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)  # which file a venue's id was first in


def check_files(files: Mapping[str, str], *, carried: frozenset[str] | None = None) -> Checked:
    """All venues among the files, each with the journeys of its folder.

    `files` are texts by relative path. `carried` are the channels that this hub has providers for; None: not asked.
    """
    found = _Found()
    for path in sorted(files):
        if path == VENUE_FILE or path.endswith(f"/{VENUE_FILE}"):
            _check_venue(found, path, files, carried)
    return Checked(
        rulebooks=found.rulebooks,
        faults=_in_order(found.faults),
        warnings=_in_order(found.warnings),
        examples=tuple(found.examples),
    )


def _in_order(faults: list[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column)))


def _check_venue(found: _Found, path: str, files: Mapping[str, str], carried: frozenset[str] | None) -> None:
    try:
        venue = read_venue(files[path], file=path)
    except Faulty as exc:
        found.faults.extend(exc.faults)
        return
    if found.folders.setdefault(venue.id, path) != path:
        found.faults.append(_at(path, f"venue '{venue.id}' stands in {found.folders[venue.id]} too"))
        return
    journeys = tuple(_journeys(found, path.removesuffix(VENUE_FILE) + JOURNEYS, files, venue))
    rulebook = Rulebook(venue=venue, journeys=journeys)
    found.rulebooks[venue.id] = rulebook
    together = Together(rulebook=rulebook, venue_file=path, texts=files)
    found.faults.extend(together.faults())
    found.warnings.extend(together.warnings(carried))
    for journey in journeys:
        _check_journey(found, rulebook, journey, carried)


def _journeys(found: _Found, folder: str, files: Mapping[str, str], venue: Venue) -> Iterator[Journey]:
    names: dict[str, str] = {}
    for path in sorted(files):
        if not path.startswith(folder) or not path.endswith(".yaml"):
            continue
        try:
            journey = read_journey(files[path], venue, file=path)
        except Faulty as exc:
            found.faults.extend(exc.faults)
            continue
        if names.setdefault(journey.name, path) != path:
            found.faults.append(_at(path, f"journey '{journey.name}' stands in {names[journey.name]} too"))
            continue
        yield journey


def _check_journey(found: _Found, rulebook: Rulebook, journey: Journey, carried: frozenset[str] | None) -> None:
    faults = list(_message_faults(rulebook, journey, carried))
    found.faults.extend(faults)
    sent = {step.verb.message for step in journey.walk() if isinstance(step.verb, Send)}
    unsent = (message for name, message in journey.messages.items() if name not in sent)
    found.warnings.extend(_of(journey, message, f"message '{message.name}' is never sent") for message in unsent)
    if not journey.examples:
        found.warnings.append(_at(journey.file, "no examples; a journey shows by them what it does"))
    posted = journey.goal is not None and journey.goal.trigger.kind not in PRESENCE.values()
    if posted and not rulebook.venue.events:
        found.warnings.append(
            _at(journey.file, "the venue names no `events:`, so nobody knows if the goal is ever met")
        )
    results = run_examples(rulebook, journey)
    found.examples.extend(results)
    found.faults.extend(result.fault() for result in results if not result.passed)


def _message_faults(rulebook: Rulebook, journey: Journey, carried: frozenset[str] | None) -> Iterator[Fault]:
    for message in journey.messages.values():
        channels = message.by or rulebook.venue.channels
        if carried is not None and not carried & set(channels):
            known = ", ".join(sorted(carried)) or "none"
            text = f"message '{message.name}': nobody carries {' or '.join(channels)} here; carried: {known}"
            yield _of(journey, message, text)
        if PUSH not in channels:
            continue
        for language in message.wordings:
            size = _push_size(_sample(rulebook, journey, message, language))
            if size > PUSH_BYTES:
                text = f"message '{message.name}' in '{language}' is a push of {size} bytes; at most {PUSH_BYTES}"
                yield _of(journey, message, text)


def _sample(rulebook: Rulebook, journey: Journey, message: Message, language: str) -> Text | None:
    """The message as a guest of whom nothing special is known would read it; None when it needs more than that."""
    venue = rulebook.venue
    times = {name: SAMPLE_TIME for name, field in venue.guest.items() if field.kind is FieldKind.TIME}
    facts = Facts(guest="sample", profile=times, language=language)
    planned = Planned(
        id="", dedupe_key="", run="", step="", venue=venue.id, guest=facts.guest, journey=journey.name,
        version=journey.version, message=message.name, purpose=message.purpose, priority=0, channels=(PUSH,),
        at=SAMPLE_TIME, expires_at=SAMPLE_TIME, view={**_SAMPLE_VIEW, "event.kind": journey.start.kind},
    )  # fmt: skip
    try:
        return render(rulebook, planned, facts, SAMPLE_TIME, SAMPLE_LINKS)
    except Unrenderable:
        return None


_SAMPLE_VIEW: Final = {
    "coupon": "X" * COUPON_LENGTH,
    "zone.id": "zone",
    "zone.name": "zone",
    "event.object": "zone",
}


def _push_size(text: Text | None) -> int:
    """As JSON in UTF-8, the way both providers count it."""
    if text is None:
        return 0
    alert = {"title": text.title or "", "body": text.body}
    return len(json.dumps(alert, ensure_ascii=False).encode()) + PUSH_FRAME_BYTES


def _at(file: str, message: str) -> Fault:
    return Fault(file=file, line=1, column=1, message=message)


def _of(journey: Journey, message: Message, text: str) -> Fault:
    return Fault(file=journey.file, line=message.line, column=message.column, message=text)
