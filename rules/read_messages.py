"""What do the messages of a journey's file say, and could each of them be sent and filled in?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rules.document import Mapping, Node, Scalar
from rules.fault import nearest
from rules.message import KEEP, Message, Wording
from rules.phrase import Name, Phrase, Unreadable, read_phrase
from rules.reading import Reading
from rules.text_values import VENUE_FIELDS, ZONE_FIELDS
from rules.venue import EMAIL, Venue

KEYS: Final = ("by", "keep", "purpose")
HUB_LINKS: Final = ("unsubscribe", "resume")  # made by the hub for each message


def read_messages(reading: Reading, node: Node | None, venue: Venue, *, purpose: str) -> dict[str, Message]:
    """All messages by name; `purpose` is the journey's."""
    messages = {}
    for name, (key, value) in reading.entries(node, "messages").items():
        reading.word(key, "message")
        messages[name] = _message(reading, key, value, venue, purpose)
    return messages


def read_text(reading: Reading, node: Node | None, what: str, venue: Venue) -> Phrase | None:
    """A text with holes. It must be quoted: without quotes, a ` #` silently cuts it."""
    text = reading.text(node, what)
    if text is None or not isinstance(node, Scalar):
        return None
    if not node.quoted:
        reading.fault(node, f"{what} must be in quotes; without them ` #` would cut it")
        return None
    try:
        phrase = read_phrase(text)
    except Unreadable as exc:
        reading.fault(node, exc.message, hint=exc.hint, offset=exc.offset)
        return None
    for name in phrase.names:
        _check_name(reading, node, name, venue)
    return phrase


def _message(reading: Reading, key: Scalar, node: Node, venue: Venue, purpose: str) -> Message:
    what = f"message '{key.text}'"
    found = {name: pair[1] for name, pair in reading.keys(node, what, (*KEYS, *venue.languages)).items()}
    by = tuple(
        channel
        for scalar in reading.texts(found.get("by"), "by")
        if (channel := reading.one_of(scalar, "channel", venue.channels)) is not None
    )
    wordings = {}
    for language in venue.languages:
        if language in found:
            wording = _wording(reading, found[language], f"{what} in '{language}'", by or venue.channels, venue)
            if wording is not None:
                wordings[language] = wording
        elif isinstance(node, Mapping):
            reading.fault(key, f"{what} has no text in '{language}'; the venue speaks {', '.join(venue.languages)}")
    return Message(
        name=key.text,
        by=by,
        wordings=wordings,
        purpose=reading.one_of(found.get("purpose"), "purpose", venue.purposes) or purpose,
        keep=reading.span(found.get("keep"), "keep") or KEEP,
        line=key.line,
        column=key.column,
    )


def _wording(reading: Reading, node: Node, what: str, channels: Iterable[str], venue: Venue) -> Wording | None:
    if isinstance(node, Mapping):
        at = {
            name: pair[1]
            for name, pair in reading.keys(node, what, ("subject", "body"), required=("subject", "body")).items()
        }
        title = read_text(reading, at.get("subject"), f"{what}: subject", venue)
        body = read_text(reading, at.get("body"), f"{what}: body", venue)
        return None if title is None or body is None else Wording(title=title, body=body)
    if EMAIL in channels:
        reading.fault(node, f"{what} goes by email; write subject and body")
        return None
    body = read_text(reading, node, what, venue)
    return None if body is None else Wording(title=None, body=body)


def _check_name(reading: Reading, node: Scalar, name: Name, venue: Venue) -> None:
    if name.root == "coupon" and name.field is None:
        return
    known = _known(venue).get(name.root)
    if known is None:
        roots = (*_known(venue), "coupon")
        message = f"unknown name '{name.text}'; a text may use: {', '.join(roots)}"
        hint = f"did you mean `guest.{name.root}`?" if name.root in venue.guest else nearest(name.root, roots)
        reading.fault(node, message, hint=hint, offset=name.offset)
        return
    if name.field is None or name.deeper:
        reading.fault(node, f"'{name.text}' is not a field; write {name.root}.NAME", offset=name.offset)
        return
    if name.root != "event" and name.field not in known:
        listed = ", ".join(sorted(known)) or "none"
        message = f"unknown field '{name.root}.{name.field}'; known: {listed}"
        reading.fault(node, message, hint=nearest(name.field, known), offset=name.offset)


def _known(venue: Venue) -> dict[str, tuple[str, ...]]:
    """The roots of a text's names, and their fields; an event brings what its sender gave it."""
    return {
        "guest": tuple(venue.guest),
        "venue": VENUE_FIELDS,
        "zone": ZONE_FIELDS,
        "event": ("kind", "object"),
        "link": tuple(dict.fromkeys((*venue.links, *HUB_LINKS))),
    } | {name: source.fields for name, source in venue.sources.items()}
