"""What did a form say, and did it come from a page of ours?"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from fastapi import Request
from starlette.exceptions import HTTPException

_FORM_MAX: Final = 4096  # bytes; a token has about fifty


def is_from_elsewhere(request: Request) -> bool:
    """Does the browser say that another site sent it?"""
    return request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, each once."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_MAX:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    fields = parse_qs(body.decode("ascii", errors="replace"), max_num_fields=10)
    return {name: values[0] for name, values in fields.items()}
