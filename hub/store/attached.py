"""What hangs on a guest and may be taken off again: her reservations and her devices."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Final

from hub.errors import NotFound
from hub.identity.guest import Device, DeviceKind, GuestId, Reservation, ReservationStatus, VenueId
from hub.store.profiles import touch
from hub.store.times import from_us

_PUT_RESERVATION: Final = """
INSERT INTO reservations (guest, id, venue, room, arrival, departure, status, updated_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (guest, id) DO UPDATE SET venue = excluded.venue, room = excluded.room, arrival = excluded.arrival,
    departure = excluded.departure, status = excluded.status, updated_us = excluded.updated_us
"""
_PUT_DEVICE: Final = """
INSERT INTO devices (guest, id, kind, address, app, environment, registered_us) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (guest, id) DO UPDATE SET kind = excluded.kind, address = excluded.address, app = excluded.app,
    environment = excluded.environment, registered_us = excluded.registered_us
"""
_HOLDERS: Final = "SELECT DISTINCT guest FROM devices WHERE kind = ? AND address = ? AND guest <> ?"
_TAKE_ADDRESS: Final = "DELETE FROM devices WHERE kind = ? AND address = ? AND NOT (guest = ? AND id = ?)"


def put_reservation(connection: sqlite3.Connection, guest: GuestId, reservation: Reservation, at_us: int) -> None:
    """Store a reservation. Raises NotFound."""
    touch(connection, guest, at_us)
    arrival, departure = reservation.arrival.isoformat(), reservation.departure.isoformat()
    connection.execute(
        _PUT_RESERVATION,
        (guest, reservation.id, reservation.venue, reservation.room, arrival, departure, reservation.status, at_us),
    )


def reservations_of(connection: sqlite3.Connection, guest: GuestId) -> tuple[Reservation, ...]:
    """Her reservations at all venues, by arrival."""
    rows = connection.execute("SELECT * FROM reservations WHERE guest = ? ORDER BY arrival, id", (guest,))
    return tuple(
        Reservation(
            id=row["id"],
            venue=VenueId(row["venue"]),
            room=row["room"],
            arrival=date.fromisoformat(row["arrival"]),
            departure=date.fromisoformat(row["departure"]),
            status=ReservationStatus(row["status"]),
        )
        for row in rows
    )


def delete_reservation(connection: sqlite3.Connection, guest: GuestId, reservation: str, at_us: int) -> None:
    """Forget a reservation. Raises NotFound."""
    touch(connection, guest, at_us)
    gone = connection.execute("DELETE FROM reservations WHERE guest = ? AND id = ?", (guest, reservation))
    if not gone.rowcount:
        raise NotFound("reservation: found none of this id; right would be one of this guest's")


def put_device(connection: sqlite3.Connection, guest: GuestId, device: Device, at_us: int) -> None:
    """Store a device; whoever held its address holds it no more. Raises NotFound."""
    touch(connection, guest, at_us)
    for (holder,) in connection.execute(_HOLDERS, (device.kind, device.address, guest)).fetchall():
        touch(connection, holder, at_us)
    connection.execute(_TAKE_ADDRESS, (device.kind, device.address, guest, device.id))
    connection.execute(
        _PUT_DEVICE, (guest, device.id, device.kind, device.address, device.app, device.environment, at_us)
    )


def devices_of(connection: sqlite3.Connection, guest: GuestId) -> tuple[Device, ...]:
    """Her devices, the one that was seen last first."""
    rows = connection.execute("SELECT * FROM devices WHERE guest = ? ORDER BY registered_us DESC, id", (guest,))
    return tuple(
        Device(
            id=row["id"],
            kind=DeviceKind(row["kind"]),
            address=row["address"],
            app=row["app"],
            environment=row["environment"],
            registered_at=from_us(row["registered_us"]),
        )
        for row in rows
    )


def delete_device(connection: sqlite3.Connection, guest: GuestId, device: str, at_us: int) -> None:
    """Forget a device. Raises NotFound."""
    touch(connection, guest, at_us)
    gone = connection.execute("DELETE FROM devices WHERE guest = ? AND id = ?", (guest, device))
    if not gone.rowcount:
        raise NotFound("device: found none of this id; right would be one of this guest's")
