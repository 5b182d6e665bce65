"""Which zones does a venue have, and what is to be known of what hangs in them? As values, with every fault."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from rules.document import Node, Scalar
from rules.reading import Reading
from rules.venue import Reference, Zone

KEYS: Final = ("name", "gateways", "beacons", "dwell", "either")
HANGING: Final = ("gateways", "beacons")  # what hangs in a zone
MOST_DB: Final = 30  # no antenna is that deaf: such an offset is a slip
_DB: Final = re.compile(r"[+-]?[0-9]{1,2}")
FEWEST: Final = 2  # zones that cannot be told apart


def read_zones(reading: Reading, node: Node | None) -> dict[str, Zone]:
    """The zones by id."""
    zones: dict[str, Zone] = {}
    heard: dict[str, str] = {}
    either: dict[str, Node] = {}
    for name, (key, value) in reading.entries(node, "zones").items():
        reading.word(key, "zone")
        found = {inner: pair[1] for inner, pair in reading.keys(value, "a zone", KEYS).items()}
        zones[name] = _zone(reading, name, found, heard)
        if "either" in found:
            either[name] = found["either"]
            for what in HANGING:
                if what in found:
                    reading.fault(found[what], f"zone '{name}' is one of others; its {what} are theirs")
    for name, one in either.items():
        _check_either(reading, one, zones, {*either, name})
    if node is not None and len(zones) == len(either):
        reading.fault(node, "zones: a venue has at least one")
    return zones


def _zone(reading: Reading, name: str, found: Mapping[str, Node], heard: dict[str, str]) -> Zone:
    gateways = reading.texts(found.get("gateways"), "gateways")
    for scalar in gateways:
        reading.word(scalar, "gateway")
        if heard.setdefault(scalar.text, name) != name:
            reading.fault(scalar, f"gateway '{scalar.text}' is in the zone '{heard[scalar.text]}' already")
    spans = (reading.span(scalar, "dwell") for scalar in reading.texts(found.get("dwell"), "dwell"))
    return Zone(
        id=name,
        name=reading.text(found.get("name"), "name") or name,
        gateways=tuple(scalar.text for scalar in gateways),
        beacons=tuple(scalar.text for scalar in reading.texts(found.get("beacons"), "beacons")),
        dwell=tuple(sorted(span for span in spans if span is not None)),
        either=tuple(dict.fromkeys(scalar.text for scalar in reading.texts(found.get("either"), "either"))),
    )


def _check_either(reading: Reading, node: Node, zones: Mapping[str, Zone], composite: set[str]) -> None:
    members = reading.texts(node, "either")
    known = [zone for zone in zones if zone not in composite]
    for scalar in members:
        reading.one_of(scalar, "zone", known)
    if len({scalar.text for scalar in members}) < FEWEST:
        reading.fault(node, "either: at least two zones that cannot be told apart")


def read_references(reading: Reading, node: Node | None, zones: Mapping[str, Zone]) -> dict[str, Reference]:
    """The tags that hang still, by name."""
    references = {}
    for name, (key, value) in reading.entries(node, "references").items():
        reading.word(key, "reference")
        keys = ("tag", "zone")
        found = {inner: pair[1] for inner, pair in reading.keys(value, "a reference", keys, required=keys).items()}
        references[name] = Reference(
            name=name,
            tag=reading.text(found.get("tag"), "tag") or "",
            zone=reading.one_of(found.get("zone"), "zone", zones) or "",
        )
    return references


def read_offsets(reading: Reading, node: Node | None, zones: Mapping[str, Zone]) -> dict[str, int]:
    """What to add to what each gateway hears, in dB."""
    known = [gateway for zone in zones.values() for gateway in zone.gateways]
    offsets = {}
    for name, (key, value) in reading.entries(node, "offsets").items():
        reading.one_of(key, "gateway", known)
        text = value.text if isinstance(value, Scalar) else ""
        if not _DB.fullmatch(text) or abs(int(text)) > MOST_DB:
            reading.fault(value, f"offset '{text}' is not a whole number of dB, at most {MOST_DB} up or down")
            continue
        offsets[name] = int(text)
    return offsets
