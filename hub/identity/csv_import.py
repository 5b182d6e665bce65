"""What does a CSV file say about guests, tags or reservations? All of it, or every fault of it and nothing else.

The first line names the columns by the API's field names, in any order; an attribute is a column `attributes.NAME`.
An empty cell is unknown. Pure: text in, rows with their line numbers out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.identity import cells
from hub.identity.eid import RollingBeacon
from hub.identity.guest import Binding, GuestId, Profile, Reservation, ReservationStatus, VenueId
from hub.identity.sheet import ATTRIBUTE, Sheet, fault, read_sheet, refuse
from wire.tag import rolls


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestRow:
    """One guest, whole."""

    line: int
    guest: GuestId
    profile: Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRow:
    """Whose a tag is, and, where its identifier rolls, its secret, if the file tells it."""

    line: int
    binding: Binding
    beacon: RollingBeacon | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRow:
    """One guest's stay."""

    line: int
    guest: GuestId
    reservation: Reservation


_GUESTS: Final = Sheet(
    needed={"guest": cells.id_},
    others={
        "first_name": cells.line,
        "last_name": cells.line,
        "email": cells.email,
        "language": cells.language,
        "timezone": cells.timezone,
        "member": cells.boolean,
        "tier": cells.line,
        "preferred": cells.channel,
        "holdout": cells.never,
    },
    key=("guest",),
    attributes=True,
)
_TAGS: Final = Sheet(
    needed={"tag": cells.tag, "guest": cells.id_},
    others={
        "from": cells.time,
        "until": cells.time,
        "eid_key": cells.identity_key,
        "eid_exponent": cells.exponent,
        "eid_count": cells.count,
        "eid_at": cells.time,
    },
    key=("tag", "from"),
    secret="eid_key",  # noqa: S106  a column's name
)
_SECRET: Final = ("eid_key", "eid_exponent", "eid_count")
_RESERVATIONS: Final = Sheet(
    needed={"guest": cells.id_, "id": cells.id_, "venue": cells.venue, "arrival": cells.day, "departure": cells.day},
    others={"room": cells.line, "status": cells.status},
    key=("guest", "id"),
)


def read_guests(text: str, *, file: str) -> tuple[GuestRow, ...]:
    """The guests of a file. Raises BadRequest, a line a fault."""
    return tuple(
        GuestRow(
            line=line,
            guest=GuestId(row["guest"]),
            profile=Profile(
                **{name: row.get(name) for name in _GUESTS.others},
                attributes={
                    name.removeprefix(ATTRIBUTE): value for name, value in row.items() if name.startswith(ATTRIBUTE)
                },
            ),
        )
        for line, row in read_sheet(text, file, _GUESTS)
    )


def read_tags(text: str, *, file: str, now: datetime) -> tuple[TagRow, ...]:
    """The bindings of a file; one that says no `from` begins now. Raises BadRequest, a line a fault."""
    rows = []
    faults = []
    for line, row in read_sheet(text, file, _TAGS):
        from_, until = row.get("from") or now, row.get("until")
        if until is not None and until <= from_:
            faults.append(fault(file, line, "until", until.isoformat(), f"later than from, {from_.isoformat()}"))
        binding = Binding(tag=row["tag"], guest=GuestId(row["guest"]), from_=from_, until=until)
        told = [name for name in (*_SECRET, "eid_at") if name in row]
        if told and not rolls(binding.tag):
            faults.append(fault(file, line, told[0], "a value", "none: the identifier of this tag stays"))
        elif told and not set(_SECRET) <= set(told):
            missing = [name for name in _SECRET if name not in told]
            faults.append(fault(file, line, missing[0], "nothing", f"{', '.join(_SECRET)}, or none of them"))
        rows.append(TagRow(line=line, binding=binding, beacon=_beacon(row, now) if "eid_key" in told else None))
    refuse(faults)
    return tuple(rows)


def _beacon(row: Mapping[str, Any], now: datetime) -> RollingBeacon:
    return RollingBeacon.told(
        key=row["eid_key"],
        exponent=row.get("eid_exponent", 0),
        count=row.get("eid_count", 0),
        at=(row.get("eid_at") or now).timestamp(),
    )


def read_reservations(text: str, *, file: str, venues: Collection[str]) -> tuple[ReservationRow, ...]:
    """The reservations of a file, at known venues. Raises BadRequest, a line a fault."""
    rows = []
    faults = []
    for line, row in read_sheet(text, file, _RESERVATIONS):
        if row["venue"] not in venues:
            faults.append(fault(file, line, "venue", row["venue"], f"one of {', '.join(sorted(venues))}"))
        if row["departure"] < row["arrival"]:
            right = f"the day of arrival, {row['arrival']}, or later"
            faults.append(fault(file, line, "departure", str(row["departure"]), right))
        reservation = Reservation(
            id=row["id"],
            venue=VenueId(row["venue"]),
            room=row.get("room"),
            arrival=row["arrival"],
            departure=row["departure"],
            status=row.get("status") or ReservationStatus.BOOKED,
        )
        rows.append(ReservationRow(line=line, guest=GuestId(row["guest"]), reservation=reservation))
    refuse(faults)
    return tuple(rows)
