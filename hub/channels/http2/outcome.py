"""What can become of a request?

HubError
  + Http2Failed        there is no response
    - NotProcessed     certainly not processed by the peer; `again` says whether a new try at once is sensible
    - InDoubt          bytes of it were written and no response came: it may have been processed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.errors import HubError


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What the peer answered."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes  # cut at MAX_BODY


class Http2Failed(HubError):
    """There is no response; `str()` says why, in a few words."""


class NotProcessed(Http2Failed):
    """Certainly not processed by the peer."""

    def __init__(self, detail: str, *, again: bool = False) -> None:
        self.again = again
        super().__init__(detail)


class InDoubt(Http2Failed):
    """It may have been processed; nobody can know."""
