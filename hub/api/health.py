"""Health: is the hub alive, is it ready, and how does it fare?"""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from hub.api.auth import READERS, Guarded, roles
from hub.api.deps import Deps
from hub.api.problem import Problem

public = APIRouter(tags=["health"])
router = APIRouter(route_class=Guarded, tags=["health"])


@public.get("/healthz", responses={503: {"description": "it can do nothing of use, and says why"}})
async def alive(deps: Deps) -> dict[str, bool]:
    """The process answers, and has what it cannot do without."""
    if missing := deps.ailing():
        raise Problem(status=HTTPStatus.SERVICE_UNAVAILABLE, detail=f"the hub has lost {', '.join(missing)}")
    return {"alive": True}


@public.get("/readyz", responses={503: {"description": "it waits for something, which it names"}})
async def ready(deps: Deps) -> dict[str, bool]:
    """The hub can take sightings and events, and send."""
    if waiting := [*deps.ailing(), *deps.waiting_for()]:
        raise Problem(status=HTTPStatus.SERVICE_UNAVAILABLE, detail=f"waiting for {', '.join(waiting)}")
    return {"ready": True}


@router.get("/metrics", openapi_extra=roles(READERS), response_class=Response)
async def metrics(deps: Deps) -> Response:
    """Prometheus text."""
    return Response(generate_latest(deps.metrics), media_type=CONTENT_TYPE_LATEST)
