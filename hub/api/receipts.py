"""Receipts: what the guest's app and the venue's relay say of a message that was sent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter

from hub.api.answers import ReceiptTaken
from hub.api.auth import APPS, Caller, Guarded, roles
from hub.api.deps import Deps
from hub.api.events import not_ahead
from hub.api.problem import Problem, not_found
from hub.api.schemas import ReceiptBody
from hub.identity.token import Role
from hub.outbox.receipt import Receipt, Told

router = APIRouter(route_class=Guarded, tags=["receipts"])

_OF_APPS: Final = frozenset({Told.DELIVERED, Told.OPENED, Told.CLICKED})  # a phone knows nothing of bounces


@router.post("/v1/receipts", openapi_extra=roles(APPS))
async def post_receipt(body: ReceiptBody, caller: Caller, deps: Deps) -> ReceiptTaken:
    """Take one receipt: the message's state follows it, and journeys get it as an event. Told again it does nothing."""
    row = (await deps.messages.one(body.message)).row
    if not caller.sees(row.venue) or not caller.may_write_about(row.guest):
        raise not_found()
    if caller.role is Role.APP and body.kind not in _OF_APPS:
        raise Problem(
            status=HTTPStatus.FORBIDDEN,
            detail=f"a token of role app may not say {body.kind}; right would be {', '.join(sorted(_OF_APPS))}",
        )
    now = deps.clock.now()
    receipt = Receipt(
        message=body.message,
        told=body.kind,
        at=not_ahead(body.at or now, now),
        for_good=body.for_good,
        address=body.address,
    )
    return ReceiptTaken(message=body.message, state=await deps.take_receipt(receipt))
