"""What gateways told of a tag's telemetry, for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.ingest.tag_health import seen_by
from wire.mqtt.messages import GatewayState, TagHealth
from wire.pseudonym import Pseudonym

NAME = Pseudonym("Wxyc7f0aKq2m_9Zt")
T0 = datetime(2026, 1, 5, 12, tzinfo=UTC)


def a_state(battery_mv: int | None, age_s: int = 10) -> GatewayState:
    tags = {NAME: TagHealth(battery_mv=battery_mv, temperature_c=21.5, reception=0.8, age_s=age_s)}
    return GatewayState(online=True, tags=tags)


def test_the_newest_word_comes_first_and_a_low_battery_is_named() -> None:
    states = [("marlton", "bar-1", T0 - timedelta(minutes=5), a_state(2600)), ("marlton", "lobby-1", T0, a_state(2300))]

    newest, older = seen_by({"marlton": NAME}, states, T0)

    assert (newest.gateway, newest.low_battery, newest.silent) == ("lobby-1", True, False)
    assert newest.at == T0 - timedelta(seconds=10)
    assert (older.gateway, older.low_battery, older.reception) == ("bar-1", False, 0.8)


def test_a_tag_that_told_nothing_for_a_day_is_silent() -> None:
    (only,) = seen_by({"marlton": NAME}, [("marlton", "lobby-1", T0, a_state(None))], T0 + timedelta(days=1, minutes=1))

    assert (only.silent, only.low_battery) == (True, False)


def test_another_venues_name_is_another_tag() -> None:
    assert seen_by({"sands": NAME}, [("marlton", "lobby-1", T0, a_state(2300))], T0) == ()
