"""Reservations: who stays where, and when."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from hub.api.auth import WRITERS, Caller, Guarded, roles
from hub.api.deps import ApiDeps, Deps
from hub.api.fields import GuestInPath, IdInPath
from hub.api.problem import Problem, invalid, not_found
from hub.api.schemas import ReservationBody
from hub.identity.guest import GuestId, Reservation

router = APIRouter(route_class=Guarded, tags=["reservations"])


@router.put("/v1/guests/{guest}/reservations/{reservation}", openapi_extra=roles(WRITERS))
async def put_reservation(
    guest: GuestInPath, reservation: IdInPath, body: ReservationBody, caller: Caller, deps: Deps
) -> Reservation:
    """Store a reservation whole."""
    known = sorted(venue for venue in deps.venues() if caller.sees(venue))
    if body.venue not in known:
        raise invalid("body.venue", body.venue, f"one of {', '.join(known)}")
    before = await _stored(deps, guest, reservation)
    if before is not None and not caller.sees(before.venue):
        raise Problem(status=HTTPStatus.CONFLICT, detail="this reservation id is taken; right would be another")
    value = body.value(reservation)
    await deps.guests.put_reservation(GuestId(guest), value, deps.clock.now())
    return value


@router.delete(
    "/v1/guests/{guest}/reservations/{reservation}",
    status_code=HTTPStatus.NO_CONTENT,
    openapi_extra=roles(WRITERS),
)
async def delete_reservation(guest: GuestInPath, reservation: IdInPath, caller: Caller, deps: Deps) -> None:
    """Forget a reservation."""
    before = await _stored(deps, guest, reservation)
    if before is None or not caller.sees(before.venue):
        raise not_found()
    await deps.guests.delete_reservation(GuestId(guest), reservation, deps.clock.now())


async def _stored(deps: ApiDeps, guest: str, reservation: str) -> Reservation | None:
    record = await deps.guests.guest(GuestId(guest))
    return next((one for one in record.reservations if one.id == reservation), None)
