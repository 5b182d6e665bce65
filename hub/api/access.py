"""What does a request leave behind? One log line without anybody's name, safe headers, and no insides in a fault."""

from __future__ import annotations

import traceback
from http import HTTPStatus
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.api.problem import document
from hub.clock import Clock

log = structlog.get_logger()

_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_UNLESS_SET: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})  # asked every few seconds, for ever


class Access:
    """The outermost layer. A path may hold a guest's id, so the log has the route's template instead."""

    def __init__(self, app: ASGIApp, *, clock: Clock) -> None:
        self.app = app
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status: int | None = None
        started = self.clock.monotonic()

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = _safe(list(message["headers"]))
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        except Exception as fault:
            _log_fault(scope, fault)
            if status is not None:
                raise  # the answer has begun: the connection must break
            answer = document(HTTPStatus.INTERNAL_SERVER_ERROR, "the hub could not do this; its log says more")
            await answer(scope, receive, send_noting)
        finally:
            if (route := _template(scope)) not in _QUIET:
                millis = round((self.clock.monotonic() - started) * 1000, 1)
                log.info("Answered a request", method=scope["method"], route=route, status=status, ms=millis)


def _safe(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    names = {name.lower() for name, _ in headers}
    return [*headers, *_ALWAYS, *(pair for pair in _UNLESS_SET if pair[0] not in names)]


def _template(scope: Scope) -> str:
    path: str = getattr(scope.get("route"), "path", "(no route)")
    return path


def _log_fault(scope: Scope, fault: Exception) -> None:
    """The kind and the places of a fault, without its words: they may hold what somebody sent."""
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(fault.__traceback__)]
    log.error("A request failed", route=_template(scope), fault=type(fault).__name__, places=places[-8:])
