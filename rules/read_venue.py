"""What does a venue's file say? All of it as values, or everything that is wrong with it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules.conditions import read_condition
from rules.document import Node, Scalar
from rules.event import Value
from rules.reading import Reading
from rules.spans import parse_clock, parse_span
from rules.venue import (
    CORE_FIELDS,
    DEFAULT_PURPOSES,
    EMAIL,
    PUSH,
    Cap,
    FieldKind,
    GuestField,
    Purpose,
    Quiet,
    Source,
    Team,
    Venue,
    Zone,
)

KEYS: Final = (
    "venue", "name", "timezone", "languages", "currency", "zones", "guest", "channels", "purposes", "hush", "holdout",
    "links", "sources", "teams", "events",
)  # fmt: skip
REQUIRED: Final = ("venue", "timezone", "zones")

OWN_LINKS: Final = ("unsubscribe", "resume")
ROOTS: Final = ("guest", "venue", "zone", "event", "link", "coupon", "now")

_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_INT: Final = re.compile(r"-?[0-9]{1,15}")
_FLOAT: Final = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,9}")
_CAP: Final = re.compile(r"([1-9][0-9]{0,3}) in (\S+)")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_LINK: Final = re.compile(r"https?://[^\s{}]+")


def read_venue(text: str, *, file: str) -> Venue:
    """The venue. Raises Faulty, with every fault of the file."""
    reading = Reading(file)
    found = reading.keys(reading.document(text), "a venue file", KEYS, required=REQUIRED)
    at = {name: node for name, (_, node) in found.items()}
    guest = _guest(reading, at.get("guest"))
    venue = Venue(
        id=reading.word(at.get("venue"), "venue") or "",
        name=reading.text(at.get("name"), "name") or reading.text(at.get("venue"), "venue") or "",
        timezone=_timezone(reading, at.get("timezone")),
        zones=_zones(reading, at.get("zones")),
        languages=_languages(reading, at.get("languages")),
        currency=_matching(reading, at.get("currency"), "currency", _CURRENCY, "three capital letters: EUR") or "EUR",
        guest=guest,
        channels=_channels(reading, at.get("channels")),
        purposes=_purposes(reading, at.get("purposes")),
        holdout=reading.share(at.get("holdout"), "holdout"),
        links=_links(reading, at.get("links")),
        sources=_sources(reading, at.get("sources")),
        teams=_teams(reading, at.get("teams")),
        events=_events(reading, at.get("events")),
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


def _zones(reading: Reading, node: Node | None) -> dict[str, Zone]:
    zones: dict[str, Zone] = {}
    heard: dict[str, str] = {}
    for name, (key, value) in reading.entries(node, "zones").items():
        reading.word(key, "zone")
        found = {inner: pair[1] for inner, pair in reading.keys(value, "a zone", ("name", "gateways", "dwell")).items()}
        gateways = tuple(scalar.text for scalar in reading.texts(found.get("gateways"), "gateways"))
        for scalar in reading.texts(found.get("gateways"), "gateways"):
            reading.word(scalar, "gateway")
            if heard.setdefault(scalar.text, name) != name:
                reading.fault(scalar, f"gateway '{scalar.text}' is in the zone '{heard[scalar.text]}' already")
        spans = (reading.span(scalar, "dwell") for scalar in reading.texts(found.get("dwell"), "dwell"))
        dwell = tuple(sorted(span for span in spans if span is not None))
        called = reading.text(found.get("name"), "name") or name
        zones[name] = Zone(id=name, name=called, gateways=gateways, dwell=dwell)
    if node is not None and not zones:
        reading.fault(node, "zones: a venue has at least one")
    return zones


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
        if "url" in reading.entries(value, "a source"):
            reading.fault(value, f"source '{name}': an address to ask is not built yet; write {{table: {{…}}}}")
            continue
        table = reading.keys(value, "a source", ("table",), required=("table",)).get("table")
        rows = reading.entries(table[1], "table") if table else {}
        sources[name] = Source(name=name, table={row: _cell(reading, cell) for row, (_, cell) in rows.items()})
    return sources


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
        for inner, (inner_key, _) in reading.entries(value, "a team").items():
            reading.fault(inner_key, f"team '{name}': '{inner}' is not built yet; its tasks stand on the staff page")
        teams[name] = Team(name=name)
    return teams


def _events(reading: Reading, node: Node | None) -> tuple[str, ...]:
    found = reading.texts(node, "events")
    for scalar in found:
        if not _FIELD.fullmatch(scalar.text):
            reading.fault(scalar, f"event '{scalar.text}' must be small letters, digits and '_'")
    return tuple(dict.fromkeys(scalar.text for scalar in found))
