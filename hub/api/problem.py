"""How does the API say no? Always as an RFC 9457 problem document, and never with its insides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from hub.api.fields import IN_WORDS
from hub.errors import BadRequest, Conflict, NotFound
from wire.errors import Malformed

_NOTHING: Final = "no such thing, or none that you may see"
LONGEST_FOUND: Final = 60  # characters of what was sent that an answer repeats
SECRETS: Final = (("body", "eid"), ("body", "eid", "key"))  # fields that an answer does not repeat at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One field that is wrong."""

    where: str  # "body.arrival", "query.limit", "path.venue"
    found: str
    right: str

    def as_json(self) -> dict[str, str]:
        """The field as a problem document shows it."""
        return {"where": self.where, "found": self.found, "right": self.right}


@dataclass(slots=True, kw_only=True)
class Problem(Exception):  # not frozen: Python writes the traceback into it
    """An answer that is an error."""

    status: HTTPStatus
    detail: str
    wrong: Sequence[Wrong] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """The detail, for a log."""
        return self.detail


def not_found() -> Problem:
    """Nothing there, or nothing that this caller may know of: the answer is the same, to the letter."""
    return Problem(status=HTTPStatus.NOT_FOUND, detail=_NOTHING)


def invalid(where: str, found: object, right: str) -> Problem:
    """One field that is wrong in a way that only the hub can know."""
    wrong = Wrong(where=where, found=short(found), right=right)
    return Problem(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        detail=f"{wrong.where}: found {wrong.found}; right would be {wrong.right}",
        wrong=(wrong,),
    )


def not_there(where: str, found: object, right: str) -> Problem:
    """What a field names is not there; for callers who may know of all that it could name."""
    problem = invalid(where, found, right)
    problem.status = HTTPStatus.NOT_FOUND
    return problem


def short(found: object) -> str:
    """What was sent, printable and never long."""
    text = found if isinstance(found, str) and found.isprintable() and found else ascii(found)
    return text if len(text) <= LONGEST_FOUND else text[: LONGEST_FOUND - 3] + "..."


def document(
    status: HTTPStatus, detail: str, *, wrong: Sequence[Wrong] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """One problem document."""
    body: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    if wrong:
        body["errors"] = [one.as_json() for one in wrong]
    return JSONResponse(body, status_code=status.value, headers=headers, media_type="application/problem+json")


def answer_problems(app: FastAPI) -> None:
    """Turn every expected error into its document. The unexpected ones are caught by access.py."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Conflict, _conflict)
    app.add_exception_handler(BadRequest, _bad_request)
    app.add_exception_handler(Malformed, _malformed)


async def _problem(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, Problem)  # noqa: S101  registered for nothing else
    return document(exc.status, exc.detail, wrong=exc.wrong, headers=exc.headers)


async def _http(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)  # noqa: S101  registered for nothing else
    status = HTTPStatus(exc.status_code)
    return document(status, _HTTP_DETAILS.get(status, status.phrase.lower()), headers=exc.headers)


_HTTP_DETAILS: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.NOT_FOUND: "no such address",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address does not answer to that method; the header Allow names those it does",
    HTTPStatus.BAD_REQUEST: "the body could not be read; right would be JSON in UTF-8",
}


async def _validation(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)  # noqa: S101  registered for nothing else
    errors = exc.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        position = errors[0]["loc"][-1]
        return document(HTTPStatus.BAD_REQUEST, f"the body is not JSON; the fault is at character {position}")
    wrong = [_wrong(error) for error in errors]
    first = wrong[0]
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    detail = f"{first.where}: found {first.found}; right would be {first.right}{more}"
    return document(HTTPStatus.UNPROCESSABLE_ENTITY, detail, wrong=wrong)


def _wrong(error: Mapping[str, Any]) -> Wrong:
    where = ".".join(short(part) if isinstance(part, str) else str(part) for part in error["loc"])
    match error["type"]:
        case "missing":
            return Wrong(where=where, found="nothing", right="a value: this field is required")
        case "string_pattern_mismatch":
            return Wrong(where=where, found=short(error["input"]), right=IN_WORDS[error["ctx"]["pattern"]])
        case "extra_forbidden":
            return Wrong(where=where, found=short(error["input"]), right="no field of this name")
        case _:
            found = "something else" if tuple(error["loc"]) in SECRETS else short(error["input"])
            return Wrong(where=where, found=found, right=_right(error["msg"]))


def _right(message: str) -> str:
    for start in ("Value error, ", "Input should be ", "String should ", "Assertion failed, "):
        if message.startswith(start):
            return message.removeprefix(start)
    return message[:1].lower() + message[1:]


async def _not_found(_request: Request, _exc: Exception) -> Response:
    return document(HTTPStatus.NOT_FOUND, _NOTHING)


async def _conflict(_request: Request, _exc: Exception) -> Response:
    return document(HTTPStatus.CONFLICT, "somebody else wrote about this guest meanwhile; ask again")


async def _bad_request(_request: Request, exc: Exception) -> Response:
    return document(HTTPStatus.UNPROCESSABLE_ENTITY, str(exc))


async def _malformed(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, Malformed)  # noqa: S101  registered for nothing else
    wrong = Wrong(where=exc.where, found=short(exc.found), right=exc.right)
    return document(HTTPStatus.UNPROCESSABLE_ENTITY, str(exc), wrong=(wrong,))
