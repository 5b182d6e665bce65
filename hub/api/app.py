"""Which routes does the hub answer? All of them are listed here, each subject in its own file."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request

from hub.api import (
    consents,
    coupons,
    devices,
    events,
    guests,
    health,
    messages,
    presence,
    receipts,
    reservations,
    resume,
    sightings,
    tags,
    tasks,
    unsubscribe,
)
from hub.api.access import Access
from hub.api.auth import ANYONE, Guarded, roles
from hub.api.deps import ApiDeps
from hub.api.problem import answer_problems

_GUARDED: Final = (
    guests,
    reservations,
    devices,
    consents,
    tags,
    events,
    sightings,
    receipts,
    messages,
    tasks,
    coupons,
    resume,
    presence,
    health,
)
_PUBLIC: Final = (health, unsubscribe, coupons)

described = APIRouter(route_class=Guarded)


@described.get("/openapi.json", openapi_extra=roles(ANYONE), include_in_schema=False)
async def openapi(request: Request) -> dict[str, Any]:
    """The description of this API."""
    app: FastAPI = request.app
    document = app.openapi()
    document.setdefault("components", {})["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    return document


def build_api(deps: ApiDeps) -> FastAPI:
    """The hub's web application. The pages are put on it by the composition root."""
    app = FastAPI(
        title="Innkeeper",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.deps = deps
    answer_problems(app)
    app.add_middleware(Access, clock=deps.clock)
    for subject in _GUARDED:
        app.include_router(subject.router)
    for subject in _PUBLIC:
        app.include_router(subject.public)
    app.include_router(described)
    return app
