"""How does a guest say stop, with one click and no account? RFC 8058, and a page with one button.

A mail program posts by itself; a person who follows the link gets the button first, because link scanners follow
links too. What the token names is withdrawn; a token of ours whose guest is gone is answered in the same way.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Path
from starlette.responses import HTMLResponse, Response

from hub.api.consents import PRESENCE
from hub.api.deps import ApiDeps, Deps
from hub.api.plain_page import HEADERS, plain_page
from hub.api.problem import not_found
from hub.errors import NotFound
from hub.identity.guest import Consent, GuestId
from hub.identity.unsubscribe import Unsubscribed

public = APIRouter(tags=["unsubscribe"])

TokenInPath = Annotated[str, Path(min_length=1, max_length=2000)]

_ASK: Final = plain_page(
    "Stop these messages?",
    '<p>One click, and no more of them will be sent to you.</p><form method="post">'
    '<input type="hidden" name="List-Unsubscribe" value="One-Click"><button>Stop them</button></form>',
)
_DONE: Final = plain_page("Done", "<p>You will get no more of these messages. You may close this page.</p>")


@public.get("/u/{token}", response_class=HTMLResponse)
async def ask(token: TokenInPath, deps: Deps) -> Response:
    """The page with the button. It changes nothing."""
    _read(deps, token)
    return HTMLResponse(_ASK, headers=HEADERS)


@public.post("/u/{token}", response_class=HTMLResponse)
async def unsubscribe(token: TokenInPath, deps: Deps) -> Response:
    """Withdraw what the token names. Asking again changes nothing."""
    named = _read(deps, token)
    consent = Consent(
        purpose=named.purpose,
        channel=named.channel,
        granted=False,
        source="unsubscribe link",
        wording="List-Unsubscribe=One-Click",
    )
    with suppress(NotFound):
        await deps.guests.record_consent(GuestId(named.guest), consent, deps.clock.now())
    if named.purpose == PRESENCE:
        await deps.enrolment_changed()
    return HTMLResponse(_DONE, headers=HEADERS)


def _read(deps: ApiDeps, token: str) -> Unsubscribed:
    named = deps.read_unsubscribe(token)
    if named is None:
        raise not_found()
    return named
