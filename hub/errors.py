"""What can go wrong in the hub?

HubError
  + SendFailed           a channel could not hand a notification over
    - Transient          try again, not before `retry_after`
    - Permanent          never; `address_is_dead` says whether to forget the address
    - Doubt              it may have been accepted; never sent again by itself
  - BadConfig            a file or setting that a person must mend; `str()` is one line
  - StoreOutOfDate       the store's schema is newer than this program
  - StoreInUse           another hub holds the data directory
  + StoreFailed          the database or its disk refused: nothing of the refused work is kept
    - WorkRefused        it refused this work alone, and would again: our own fault, not the disk's
  - Conflict             somebody else wrote about this guest meanwhile: read again and decide again
  - BadRequest           what a caller of the HTTP API or the command line sent is wrong
  - NotFound             what a caller asked for is not there
  - HubNotRunning        nobody listens on the control socket
  - CommandFailed        the running hub could not do what a command asked
"""

from __future__ import annotations

import traceback
from datetime import datetime, timedelta
from enum import StrEnum


class HubError(Exception):
    """Any fault of the hub."""


class Trouble(StrEnum):
    """What kind of failure a provider or the way to it had; stored with the attempt."""

    ADDRESS_GONE = "address_gone"  # the provider says: unregistered
    ADDRESS_WRONG = "address_wrong"  # bad token, wrong topic or sender: address or configuration
    CREDENTIALS = "credentials"  # 401, 403
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"  # 500, 503, SMTP 4xx
    CONTENT = "content"  # our payload was refused
    UNREACHABLE = "unreachable"  # refused, DNS, TLS, a stream that was never processed
    DOUBT = "doubt"


class SendFailed(HubError):
    """A channel could not hand a notification over."""

    def __init__(self, trouble: Trouble, detail: str) -> None:
        self.trouble = trouble
        self.detail = detail  # the provider's own word, never an address or a name
        super().__init__(f"{trouble}: {detail}")


class Transient(SendFailed):
    """It certainly was not accepted, and may be later."""

    def __init__(self, trouble: Trouble, detail: str, *, retry_after: timedelta | None = None) -> None:
        self.retry_after = retry_after  # a minimum that the provider named
        super().__init__(trouble, detail)


class Permanent(SendFailed):
    """It certainly was not accepted, and never will be."""

    def __init__(
        self, trouble: Trouble, detail: str, *, address_is_dead: bool = False, since: datetime | None = None
    ) -> None:
        self.address_is_dead = address_is_dead
        self.since = since  # the address was gone then; one registered later is another
        super().__init__(trouble, detail)


class Doubt(SendFailed):
    """It may have been accepted; nobody can know."""

    def __init__(self, detail: str) -> None:
        super().__init__(Trouble.DOUBT, detail)


class BadConfig(HubError):
    """A file or setting that a person must mend: `where: found …; right would be …`."""


class StoreOutOfDate(HubError):
    """The store was written by a newer program."""


class StoreInUse(HubError):
    """Another process holds the data directory."""


class StoreFailed(HubError):
    """The database or its disk refused; nothing of the refused work is kept."""


class WorkRefused(StoreFailed):
    """The database is well, and refuses just this work: to try again would change nothing."""


class Conflict(HubError):
    """Somebody else wrote about this guest since the facts were read."""


class BadRequest(HubError):
    """What a caller sent is wrong; `str()` says where, what was found, what would be right."""


class NotFound(HubError):
    """What a caller asked for is not there."""


class HubNotRunning(HubError):
    """Nobody listens on the control socket."""


class CommandFailed(HubError):
    """The running hub could not do what a command asked; `str()` is its one line."""


def places_of(fault: BaseException) -> list[str]:
    """Where it went wrong, the last place last."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(fault.__traceback__)][-8:]


def without_words(fault: BaseException) -> str:
    """What went wrong and where, for a log: the exception's own words may hold an id, an address, or what was sent."""
    places = traceback.extract_tb(fault.__traceback__)
    return type(fault).__name__ + (f" at {places[-1].filename}:{places[-1].lineno}" if places else "")
