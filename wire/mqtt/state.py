"""How does a gateway's state look as a message's fields? Both directions side by side; codec.py makes bytes of them.

Fields were added since the first gateways: what is missing has its default, what is unknown is not looked at. What is
wrong with one tag's telemetry costs that alone: a gateway's state is worth more than a battery's.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from wire.advert.frame import MAX_BATTERY_MV
from wire.errors import Malformed
from wire.mqtt.checks import PSEUDONYM, a_flag, a_number, a_rate, a_text
from wire.mqtt.envelope import Fields
from wire.mqtt.messages import AdapterState, GatewayState, TagHealth
from wire.pseudonym import Pseudonym

MAX_ADAPTERS: Final = 16  # more USB sockets than a Pi has
MAX_TAGS: Final = 1000  # 40 kB; a gateway with more tells of some now and of others later

_TEXTS: Final = ("version", "bleak", "boot", "source", "scan", "scan_note", "spool_note", "config", "config_error")
_COUNTS: Final = (
    "restarts",
    "devices",
    "dropped",
    "spool_batches",
    "spool_bytes",
    "lost_batches",
    "withdrawn_rows",
    "mute_sessions",
)
_COLDEST, _HOTTEST = -128.0, 128.0  # what 8.8 fixed point can say


def to_fields(state: GatewayState) -> Fields:
    """The fields of a state."""
    fields: Fields = {
        name: getattr(state, name) for name in ("online", "adverts_s", "duty", "wall_ok", *_TEXTS, *_COUNTS)
    }
    fields["adapters"] = {
        name: {"scan": each.scan, "note": each.note, "duty": each.duty, "adverts_s": each.adverts_s}
        for name, each in state.adapters.items()
    }
    fields["tags"] = {
        tag: [each.battery_mv, each.temperature_c, each.reception, each.age_s] for tag, each in state.tags.items()
    }
    return fields


def from_fields(fields: Fields) -> GatewayState:
    """The state in these fields.

    Raises:
        Malformed: there is none.
    """
    return GatewayState(
        online=a_flag("state", fields, "online"),
        adverts_s=a_rate("state", fields, "adverts_s", 0.0),
        duty=a_rate("state", fields, "duty", 0.0),
        wall_ok=a_flag("state", fields, "wall_ok", default=False),
        adapters=_adapters(fields.get("adapters", {})),
        tags=_tags(fields.get("tags", {})),
        **{name: a_text("state", fields, name) for name in _TEXTS},  # type: ignore[arg-type]  # texts by name
        **{name: a_number("state", fields, name) for name in _COUNTS if name in fields},  # type: ignore[arg-type]  # counts
    )


def _adapters(found: object) -> dict[str, AdapterState]:
    if not isinstance(found, dict) or len(found) > MAX_ADAPTERS:
        raise Malformed("state adapters", found, f"an object of at most {MAX_ADAPTERS}")
    adapters = {}
    for name, each in found.items():
        if not isinstance(name, str) or len(name) > 40 or not isinstance(each, dict):  # noqa: PLR2004  an address has 17
            raise Malformed("state adapters", name, "an adapter's name and its state")
        adapters[name] = AdapterState(
            scan=a_text("state adapters", each, "scan"),
            note=a_text("state adapters", each, "note"),
            duty=a_rate("state adapters", each, "duty", 0.0),
            adverts_s=a_rate("state adapters", each, "adverts_s", 0.0),
        )
    return adapters


def _tags(found: object) -> dict[Pseudonym, TagHealth]:
    if not isinstance(found, dict) or len(found) > MAX_TAGS:
        raise Malformed("state tags", found, f"an object of at most {MAX_TAGS}")
    tags = {}
    for tag, values in found.items():
        with suppress(Malformed):
            tags[_name(tag)] = _health(values)
    return tags


def _name(tag: object) -> Pseudonym:
    if not isinstance(tag, str) or not PSEUDONYM.fullmatch(tag):
        raise Malformed("state tags", tag, "a pseudonym: 16 characters of base64url")
    return Pseudonym(tag)


def _health(values: object) -> TagHealth:
    if not isinstance(values, list) or len(values) < 4:  # noqa: PLR2004  the four below; later ones may say more
        raise Malformed("state tags", values, "a list of 4: battery mV, °C, reception, age in s")
    millivolts, celsius, reception, age_s = values[:4]
    return TagHealth(
        battery_mv=_whole(millivolts, MAX_BATTERY_MV),
        temperature_c=_real(celsius, _COLDEST, _HOTTEST),
        reception=_real(reception, 0.0, 1.0),
        age_s=_whole(age_s, 1 << 32) or 0,
    )


def _whole(value: object, high: int) -> int | None:
    if value is None or (type(value) is int and 0 <= value <= high):
        return value
    raise Malformed("state tags", value, f"null or an integer from 0 to {high}")


def _real(value: object, low: float, high: float) -> float | None:
    if value is None:
        return None
    if (type(value) is float or type(value) is int) and low <= value <= high:
        return float(value)
    raise Malformed("state tags", value, f"null or a number from {low} to {high}")
