"""What does a venue's file say? All of it as values, or everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules.conditions import read_condition
from rules.document import Mapping as MappingNode
from rules.document import Node, Scalar
from rules.event import DWELLED, ENTERED, LEFT, RESERVED, Value
from rules.limits import LOOKS_BACK
from rules.read_zones import read_offsets, read_references, read_zones
from rules.reading import Reading
from rules.spans import parse_clock, parse_span, span_text
from rules.venue import (
    CORE_FIELDS,
    DEFAULT_PURPOSES,
    EMAIL,
    PUSH,
    STALE,
    TIMEOUT,
    TTL,
    Cap,
    FieldKind,
    GuestField,
    Purpose,
    Quiet,
    Source,
    Team,
    Venue,
)

KEYS: Final = (
    "venue", "name", "timezone", "languages", "currency", "zones", "guest", "channels", "purposes", "hush", "holdout",
    "links", "sources", "teams", "events", "references", "offsets",
)  # fmt: skip
REQUIRED: Final = ("venue", "timezone", "zones")

OWN_LINKS: Final = ("unsubscribe",)
ROOTS: Final = ("guest", "venue", "zone", "event", "link", "coupon", "now")

SOURCE_KEYS: Final = ("table", "get", "timeout", "ttl", "default")
LONGEST_TIMEOUT: Final = timedelta(seconds=10)
# A message waits for its sources while it is leased; an answer later than this is not worth it.

_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_INT: Final = re.compile(r"-?[0-9]{1,15}")
_FLOAT: Final = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,9}")
_CAP: Final = re.compile(r"([1-9][0-9]{0,3}) in (\S+)")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_TEAM_BY: Final = re.compile(r"webhook:[a-z0-9][a-z0-9_-]{0,63}")
_LINK: Final = re.compile(r"https?://[^\s{}]+")


def read_venue(text: str, *, file: str) -> Venue:
    """The venue. Raises Faulty, with every fault of the file."""
    reading = Reading(file)
    found = reading.keys(reading.document(text), "a venue file", KEYS, required=REQUIRED)
    at = {name: node for name, (_, node) in found.items()}
    guest = _guest(reading, at.get("guest"))
    holdout, epoch = reading.share(at.get("holdout"), "holdout")
    zones = read_zones(reading, at.get("zones"))
    venue = Venue(
        id=reading.word(at.get("venue"), "venue") or "",
        name=reading.text(at.get("name"), "name") or reading.text(at.get("venue"), "venue") or "",
        timezone=_timezone(reading, at.get("timezone")),
        zones=zones,
        references=read_references(reading, at.get("references"), zones),
        offsets=read_offsets(reading, at.get("offsets"), zones),
        languages=_languages(reading, at.get("languages")),
        currency=_matching(reading, at.get("currency"), "currency", _CURRENCY, "three capital letters: EUR") or "EUR",
        guest=guest,
        channels=_channels(reading, at.get("channels")),
        purposes=_purposes(reading, at.get("purposes")),
        holdout=holdout,
        holdout_epoch=epoch,
        links=_links(reading, at.get("links")),
        sources=_sources(reading, at.get("sources")),
        teams=_teams(reading, at.get("teams")),
        events=_events(reading, at.get("events")),
        text=text,
    )
    hush = None if "hush" not in at else read_condition(reading, at["hush"], "hush", venue)
    reading.finish()
    return replace(venue, hush=hush)


def _matching(reading: Reading, node: Node | None, what: str, form: re.Pattern[str], right: str) -> str | None:
    text = reading.text(node, what)
    if text is None or node is None or form.fullmatch(text):
        return text
    reading.fault(node, f"{what} '{text}' is not {right}")
    return None


def _timezone(reading: Reading, node: Node | None) -> ZoneInfo:
    text = reading.text(node, "timezone")
    if text is None or node is None:
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name that is a folder
        reading.fault(node, f"unknown timezone '{text}'; write an IANA name: Europe/Lisbon")
        return ZoneInfo("UTC")


def _languages(reading: Reading, node: Node | None) -> tuple[str, ...]:
    found = reading.texts(node, "languages")
    for scalar in found:
        _matching(reading, scalar, "language", _LANGUAGE, "a language: en, pt or pt-BR")
    return tuple(dict.fromkeys(scalar.text for scalar in found)) or ("en",)


def _guest(reading: Reading, node: Node | None) -> dict[str, GuestField]:
    fields = {field.name: field for field in CORE_FIELDS}
    for name, (key, value) in reading.entries(node, "guest").items():
        if not _FIELD.fullmatch(name):
            reading.fault(key, f"guest field '{name}' must be small letters, digits and '_', beginning with a letter")
        field = _field(reading, name, value)
        if field is None:
            continue
        core = fields.get(name)
        if core is not None and core.kind is not field.kind:
            reading.fault(value, f"guest field '{name}' is {core.kind} everywhere, not {field.kind}")
            continue
        fields[name] = field
    return fields


def _field(reading: Reading, name: str, node: Node) -> GuestField | None:
    if not isinstance(node, Scalar):
        reading.fault(node, f"guest field '{name}' must be a default value, or the word time")
        return None
    kind, default = _typed(node)
    return GuestField(name=name, kind=kind, default=default)


def _typed(node: Scalar) -> tuple[FieldKind, Value]:
    """A value and its type, by how it is written; what is in quotes is a text."""
    text = node.text
    if node.quoted:
        return FieldKind.TEXT, text
    if text == "time":
        return FieldKind.TIME, None
    if text.lower() in ("true", "false", "yes", "no"):
        return FieldKind.BOOL, text.lower() in ("true", "yes")
    if _INT.fullmatch(text):
        return FieldKind.INT, int(text)
    if _FLOAT.fullmatch(text):
        return FieldKind.FLOAT, float(text)
    return FieldKind.TEXT, text


def _channels(reading: Reading, node: Node | None) -> tuple[str, ...]:
    found = reading.texts(node, "channels")
    for scalar in found:
        reading.word(scalar, "channel")
    return tuple(dict.fromkeys(scalar.text for scalar in found)) or (PUSH, EMAIL)


def _purposes(reading: Reading, node: Node | None) -> dict[str, Purpose]:
    purposes = dict(DEFAULT_PURPOSES)
    for name, (key, value) in reading.entries(node, "purposes").items():
        reading.word(key, "purpose")
        found = reading.keys(value, "a purpose", ("consent", "cap", "quiet"), required=("consent",))
        at = {inner: pair[1] for inner, pair in found.items()}
        purposes[name] = Purpose(
            name=name,
            consent_needed=reading.one_of(at.get("consent"), "consent", ("needed", "none")) != "none",
            cap=_cap(reading, at.get("cap")),
            quiet=_quiet(reading, at.get("quiet")),
        )
    return purposes


def _cap(reading: Reading, node: Node | None) -> Cap | None:
    text = reading.text(node, "cap")
    if text is None or node is None or text == "none":
        return None
    found = _CAP.fullmatch(text)
    span = None if found is None else parse_span(found[2])
    if found is None or span is None:
        reading.fault(node, f"cap '{text}' is not a cap; write 3 in 24h, or none")
        return None
    if span > LOOKS_BACK:
        reading.fault(node, f"cap '{text}' looks back too far; at most {span_text(LOOKS_BACK)}")
        return None
    return Cap(most=int(found[1]), span=span)


def _quiet(reading: Reading, node: Node | None) -> Quiet | None:
    text = reading.text(node, "quiet")
    if text is None or node is None or text == "none":
        return None
    begin, _, finish = text.partition("-")
    start, end = parse_clock(begin), parse_clock(finish)
    if start is None or end is None or start == end:
        reading.fault(node, f"quiet '{text}' is not a part of the day; write '22:00-08:00', or none")
        return None
    return Quiet(start=start, end=end)


def _links(reading: Reading, node: Node | None) -> dict[str, str]:
    links = {}
    for name, (key, value) in reading.entries(node, "links").items():
        if name in OWN_LINKS:
            reading.fault(key, f"link '{name}' is made by the hub; choose another name")
        if not _FIELD.fullmatch(name):
            reading.fault(key, f"link '{name}' must be small letters, digits and '_'")
        links[name] = _matching(reading, value, "link", _LINK, "an address: https://…") or ""
    return links


def _sources(reading: Reading, node: Node | None) -> dict[str, Source]:
    sources = {}
    for name, (key, value) in reading.entries(node, "sources").items():
        if not _FIELD.fullmatch(name) or name in ROOTS:
            taken = ", ".join(ROOTS)
            reading.fault(key, f"source '{name}' must be small letters, digits and '_', and none of: {taken}")
        found = {inner: pair[1] for inner, pair in reading.keys(value, "a source", SOURCE_KEYS).items()}
        if ("table" in found) == ("get" in found) and isinstance(value, MappingNode):
            reading.fault(
                value, f"source '{name}' has either a table or an address: {{table: …}} or {{get: https://…}}"
            )
        elif "get" in found:
            sources[name] = _asked(reading, name, value, found)
        else:
            for word in SOURCE_KEYS[2:]:
                if word in found:
                    reading.fault(found[word], f"source '{name}': `{word}` belongs to an address, not to a table")
            sources[name] = Source(name=name, table=_table(reading, found.get("table"), "table"))
    return sources


def _asked(reading: Reading, name: str, node: Node, found: Mapping[str, Node]) -> Source:
    """A source with an address; what stands in for its answer says what a text may use."""
    if "default" not in found:
        reading.fault(node, f"source '{name}' has no 'default'; it stands in when nobody answers")
    timeout = reading.span(found.get("timeout"), "timeout") or TIMEOUT
    if timeout > LONGEST_TIMEOUT:
        reading.fault(found["timeout"], f"timeout '{span_text(timeout)}' is too long; at most 10s")
    return Source(
        name=name,
        table=_table(reading, found.get("default"), "default"),
        url=_matching(reading, found.get("get"), "get", _LINK, "an address: https://…"),
        timeout=timeout,
        ttl=reading.span(found.get("ttl"), "ttl") or TTL,
    )


def _table(reading: Reading, node: Node | None, what: str) -> dict[str, Value]:
    rows = reading.entries(node, what)
    for row, (key, _) in rows.items():
        if row == STALE:
            reading.fault(key, f"'{STALE}' is what every source says of itself; choose another name")
    return {row: _cell(reading, cell) for row, (_, cell) in rows.items()}


def _cell(reading: Reading, node: Node) -> Value:
    if isinstance(node, Scalar):
        return _typed(node)[1]
    reading.fault(node, "a table holds texts and numbers")
    return None


def _teams(reading: Reading, node: Node | None) -> dict[str, Team]:
    teams = {}
    for name, (key, value) in reading.entries(node, "teams").items():
        reading.word(key, "team")
        if isinstance(value, Scalar) and not value.text and not value.quoted:
            teams[name] = Team(name=name)
            continue
        found = {inner: pair[1] for inner, pair in reading.keys(value, "a team", ("by", "escalate")).items()}
        right = "a channel for the staff: webhook:NAME"
        teams[name] = Team(
            name=name,
            by=_matching(reading, found.get("by"), "by", _TEAM_BY, right),
            escalate=reading.word(found.get("escalate"), "escalate"),
        )
        if teams[name].escalate == name:
            reading.fault(found["escalate"], f"team '{name}' escalates to itself")
    # A team that is only escalated to is a team too: its tasks stand on the staff page.
    named = {team.escalate for team in teams.values() if team.escalate is not None}
    return teams | {name: Team(name=name) for name in sorted(named) if name not in teams}


def _events(reading: Reading, node: Node | None) -> tuple[str, ...]:
    found = reading.texts(node, "events")
    for scalar in found:
        if not _FIELD.fullmatch(scalar.text):
            reading.fault(scalar, f"event '{scalar.text}' must be small letters, digits and '_'")
        elif scalar.text in RESERVED or scalar.text in (ENTERED, DWELLED, LEFT):
            reading.fault(scalar, f"event '{scalar.text}' is made by the hub itself; leave it out")
    return tuple(dict.fromkeys(scalar.text for scalar in found))
