"""Devices: the phones that take a guest's pushes."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from hub.api.auth import APPS, Guarded, roles
from hub.api.deps import Deps
from hub.api.fields import GuestInPath, IdInPath
from hub.api.schemas import DeviceBody
from hub.identity.guest import Device, GuestId

router = APIRouter(route_class=Guarded, tags=["devices"])


@router.put("/v1/guests/{guest}/devices/{device}", openapi_extra=roles(APPS))
async def put_device(guest: GuestInPath, device: IdInPath, body: DeviceBody, deps: Deps) -> Device:
    """Register a device. An address that another guest's device held is this guest's from now on."""
    value = body.value(device)
    await deps.guests.put_device(GuestId(guest), value, deps.clock.now())
    stored = (await deps.guests.guest(GuestId(guest))).devices
    return next((one for one in stored if one.id == device), value)


@router.delete("/v1/guests/{guest}/devices/{device}", status_code=HTTPStatus.NO_CONTENT, openapi_extra=roles(APPS))
async def delete_device(guest: GuestInPath, device: IdInPath, deps: Deps) -> None:
    """Forget a device."""
    await deps.guests.delete_device(GuestId(guest), device, deps.clock.now())
