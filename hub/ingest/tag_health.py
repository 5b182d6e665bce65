"""How is a tag, by what its own telemetry told the gateways? Pure; from the states that they published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wire.mqtt.messages import GatewayState
from wire.pseudonym import Pseudonym

LOW_MV: Final = 2400  # a CR2032 lasts some weeks below it, and less in the cold
SILENT_AFTER: Final = timedelta(hours=24)  # a guest who is out for the day is not silent


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSeen:
    """What one gateway knows of a tag."""

    venue: str
    gateway: str
    at: datetime  # when its telemetry was heard
    battery_mv: int | None
    temperature_c: float | None
    reception: float | None  # share of its adverts that arrive there, 0 to 1
    low_battery: bool
    silent: bool  # no telemetry for a day


def seen_by(
    names: Mapping[str, str], states: Iterable[tuple[str, str, datetime, GatewayState]], now: datetime
) -> tuple[TagSeen, ...]:
    """What all gateways know of the tag that goes by these names, by venue; the newest first."""
    found = []
    for venue, gateway, told, state in states:
        name = names.get(venue)
        health = None if name is None else state.tags.get(Pseudonym(name))
        if health is None:
            continue
        at = told - timedelta(seconds=health.age_s)
        found.append(
            TagSeen(
                venue=venue,
                gateway=gateway,
                at=at,
                battery_mv=health.battery_mv,
                temperature_c=health.temperature_c,
                reception=health.reception,
                low_battery=health.battery_mv is not None and health.battery_mv < LOW_MV,
                silent=now - at > SILENT_AFTER,
            )
        )
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))
