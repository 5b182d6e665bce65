"""Who is asking, and may they?

Every route of the API is a `Guarded` one: the token, its role, and what the path names are looked at before a byte
of the body is read. A token that is bound to a venue or a guest gets the same answer for another one as for one
that does not exist, so that nobody learns what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import Message

from hub.api.deps import ApiDeps
from hub.api.problem import Problem, invalid, not_found
from hub.identity.token import Role, TokenRecord, hash_of

_ROLES: Final = "x-roles"  # in the OpenAPI document, and what a Guarded route goes by
_SCHEME: Final = "bearer"

BODY_MAX: Final = 64 * 1024
# A profile with every attribute it may have is half of that.

ANYONE: Final = tuple(Role)
READERS: Final = (Role.VIEWER, Role.ADMIN)
WRITERS: Final = (Role.PMS, Role.ADMIN)
FRONT_DESK: Final = (Role.VIEWER, Role.PMS, Role.ADMIN)  # reads what the pms wrote
APPS: Final = (Role.APP, Role.PMS, Role.ADMIN)  # write about devices and consents
PHONES: Final = (Role.APP, Role.ADMIN)  # say what a guest's phone hears


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whoever holds the token of this request."""

    token: TokenRecord
    secret_hash: str  # to look again, while a stream is open, whether the token still holds

    @property
    def role(self) -> Role:
        """What they may do."""
        return self.token.role

    @property
    def venue(self) -> str | None:
        """The one venue that they see; None: all."""
        return self.token.venue

    def sees(self, venue: str) -> bool:
        """May they know of this venue?"""
        return self.token.venue in {None, venue}

    def may_write_about(self, guest: str) -> bool:
        """Is the token bound to nobody, or to this guest?"""
        return self.token.guest in {None, guest}


def roles(allowed: tuple[Role, ...]) -> dict[str, Any]:
    """The `openapi_extra` of a route that these roles may call."""
    return {_ROLES: [str(role) for role in allowed], "security": [{_SCHEME: []}]}


class Guarded(APIRoute):
    """A route that asks for a token first. One that names no roles is a fault of ours, found at start."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler, behind the guard."""
        inner = super().get_route_handler()
        allowed = roles_of(self)
        takes_json = self.body_field is not None
        asked = frozenset(_parameters(self.dependant))

        async def guarded(request: Request) -> Response:
            principal = await identify(request)
            if principal.role not in allowed:
                raise Problem(
                    status=HTTPStatus.FORBIDDEN,
                    detail=f"a token of role {principal.role} may not do this; right would be {' or '.join(allowed)}",
                )
            _keep_to_own(request, principal)
            _only_known(request, asked)
            request.state.principal = principal
            return await inner(await _with_json(request) if takes_json else request)

        return guarded


def _parameters(dependant: Dependant) -> Iterator[str]:
    """What a route, or what it depends on, takes from the query."""
    yield from (parameter.alias for parameter in dependant.query_params)
    for other in dependant.dependencies:
        yield from _parameters(other)


def roles_of(route: APIRoute) -> tuple[str, ...]:
    """Who may call a guarded route."""
    if not route.openapi_extra or _ROLES not in route.openapi_extra:
        raise LookupError(f"{route.path}: found no roles; right would be openapi_extra=roles(...)")
    return tuple(route.openapi_extra[_ROLES])


async def identify(request: Request) -> Principal:
    """The holder of the request's token."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    secret = secret.strip()
    if scheme.lower() != _SCHEME or not secret:
        raise _who_are_you("a token is needed: the header `Authorization: Bearer TOKEN`", "Bearer")
    deps: ApiDeps = request.app.state.deps
    secret_hash = hash_of(secret)
    record = await deps.tokens.find(secret_hash)
    if record is None or record.revoked_at is not None:
        raise _who_are_you("this token is unknown or revoked", 'Bearer error="invalid_token"')
    return Principal(token=record, secret_hash=secret_hash)


async def still_holds(deps: ApiDeps, principal: Principal) -> bool:
    """Is the token that opened a stream still good?"""
    record = await deps.tokens.find(principal.secret_hash)
    return record is not None and record.revoked_at is None


def principal_of(request: Request) -> Principal:
    """Whom the guard let in."""
    principal: Principal = request.state.principal
    return principal


Caller = Annotated[Principal, Depends(principal_of)]


def _who_are_you(detail: str, challenge: str) -> Problem:
    return Problem(status=HTTPStatus.UNAUTHORIZED, detail=detail, headers={"WWW-Authenticate": challenge})


def _keep_to_own(request: Request, principal: Principal) -> None:
    venues = [*request.query_params.getlist("venue")]
    if "venue" in request.path_params:
        venues.append(request.path_params["venue"])
    if not all(principal.sees(venue) for venue in venues):
        raise not_found()
    guest = request.path_params.get("guest")
    if guest is not None and not principal.may_write_about(guest):
        raise not_found()


def _only_known(request: Request, asked: frozenset[str]) -> None:
    """A misspelt filter would be no filter at all: the answer would be right for another question."""
    unknown = next((name for name in request.query_params if name not in asked), None)
    if unknown is not None:
        right = f"one of {', '.join(sorted(asked))}" if asked else "no parameter"
        raise invalid("query", unknown, right)


async def _with_json(request: Request) -> Request:
    """The request with its body read, once it is known to be JSON and of a size that can be held."""
    _only_json(request)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX:
            raise Problem(
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail=f"the body is too large; right is {BODY_MAX} bytes"
            )

    async def again() -> Message:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return Request(request.scope, receive=again)


def _only_json(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            detail=f"content-type: found {kind or 'nothing'}; right would be application/json",
        )
