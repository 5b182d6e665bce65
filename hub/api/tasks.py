"""Tasks: what journeys asked of the staff, and who has taken it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query

from hub.api.answers import TaskPage
from hub.api.auth import FRONT_DESK, WRITERS, Caller, Guarded, roles
from hub.api.deps import Deps
from hub.api.fields import LIMIT, Cursor, IdInPath, Limit, VenueAsked, one_of
from hub.api.problem import not_found
from hub.journeys.task import TaskRow

router = APIRouter(route_class=Guarded, tags=["tasks"])


class TaskState(StrEnum):
    """Has anybody taken it?"""

    OPEN = "open"
    ACKED = "acked"


StateAsked = Annotated[TaskState | None, Query(description="in this state only"), one_of(TaskState, optional=True)]
TeamAsked = Annotated[str | None, Query(min_length=1, max_length=64, description="this team's only")]


@router.get("/v1/tasks", openapi_extra=roles(FRONT_DESK))
async def list_tasks(  # noqa: PLR0913  one argument a query parameter
    *,
    caller: Caller,
    deps: Deps,
    state: StateAsked = None,
    venue: VenueAsked = None,
    team: TeamAsked = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> TaskPage:
    """The staff's tasks, newest first."""
    is_open = None if state is None else state is TaskState.OPEN
    page = await deps.tasks.page(venue=venue or caller.venue, team=team, is_open=is_open, limit=limit, cursor=cursor)
    return TaskPage(items=page.items, next=page.cursor)


@router.post("/v1/tasks/{task}/ack", openapi_extra=roles(WRITERS))
async def ack_task(task: IdInPath, caller: Caller, deps: Deps) -> TaskRow:
    """Take a task; the first who does is kept, and asking again changes nothing."""
    if not caller.sees((await deps.tasks.one(task)).venue):
        raise not_found()
    return await deps.ack_task(task, caller.token.name)
