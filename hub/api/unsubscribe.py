"""How does a guest say stop, with one click and no account? RFC 8058, and a page with one button.

A mail program posts by itself; a person who follows the link gets the button first, because link scanners follow
links too. What the token names is withdrawn; a token of ours whose guest is gone is answered in the same way.
"""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from hashlib import sha256
from typing import Annotated, Final

from fastapi import APIRouter, Path
from starlette.responses import HTMLResponse, Response

from hub.api.consents import PRESENCE
from hub.api.deps import ApiDeps, Deps
from hub.api.problem import not_found
from hub.errors import NotFound
from hub.identity.guest import Consent, GuestId
from hub.identity.unsubscribe import Unsubscribed

public = APIRouter(tags=["unsubscribe"])

TokenInPath = Annotated[str, Path(min_length=1, max_length=2000)]

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 1.125rem/1.6 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid; place-items: center; }
main { max-width: 28rem; padding: 2rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; }
button { font: inherit; font-weight: 600; padding: .75rem 1.5rem; border: 0; border-radius: .5rem;
  background: #1d5c4d; color: #fff; cursor: pointer; }
button:focus-visible { outline: 3px solid #6fc2ab; outline-offset: 2px; }
"""
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'"
    ),
}


def _page(title: str, rest: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main><h1>{title}</h1>{rest}</main></body></html>"
    )


_ASK: Final = _page(
    "Stop these messages?",
    '<p>One click, and no more of them will be sent to you.</p><form method="post">'
    '<input type="hidden" name="List-Unsubscribe" value="One-Click"><button>Stop them</button></form>',
)
_DONE: Final = _page("Done", "<p>You will get no more of these messages. You may close this page.</p>")


@public.get("/u/{token}", response_class=HTMLResponse)
async def ask(token: TokenInPath, deps: Deps) -> Response:
    """The page with the button. It changes nothing."""
    _read(deps, token)
    return HTMLResponse(_ASK, headers=_HEADERS)


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
    return HTMLResponse(_DONE, headers=_HEADERS)


def _read(deps: ApiDeps, token: str) -> Unsubscribed:
    named = deps.read_unsubscribe(token)
    if named is None:
        raise not_found()
    return named
