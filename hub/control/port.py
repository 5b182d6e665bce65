"""What do the commands ask of the store? The same of a running hub's as of one that is opened for the command alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from hub.identity.guest import GuestId
from hub.identity.port import GuestRecord
from hub.identity.token import Role, TokenRecord
from hub.ingest.seen import SeenGateway
from hub.outbox.message import State
from hub.outbox.shown import MessageRow, MessageStory, Page
from rules.decision import Decision


class Tokens(Protocol):
    """Who holds which token."""

    async def create(
        self, role: Role, name: str, venue: str | None, guest: str | None, now: datetime
    ) -> tuple[TokenRecord, str]:
        """Make a token; what is returned beside it is its secret, which is kept nowhere."""
        ...

    async def list(self) -> Sequence[TokenRecord]:
        """All tokens, revoked ones too, oldest first."""
        ...

    async def revoke(self, id: str, now: datetime) -> bool:  # noqa: A002  the token's own word for it
        """From now on nobody may use it; False when there is none of this id that could be used."""
        ...


class Guests(Protocol):
    """Guests, to be shown what is held about them, and forgotten."""

    async def guest(self, guest: GuestId) -> GuestRecord:
        """Who she is. Raises NotFound."""
        ...

    async def export_guest(self, guest: GuestId) -> dict[str, Any]:
        """All that is held about her. Raises NotFound."""
        ...

    async def erase_guest(self, guest: GuestId, at: datetime) -> bool:
        """Delete all that leads to her; False while bytes of hers are left in the database's files."""
        ...

    async def nothing_is_left(self) -> bool:
        """Wait a while until no byte of whoever was erased is left; False: not yet, and it is gone on with."""
        ...


class Messages(Protocol):
    """The outbox and the decisions, to be read."""

    async def page(
        self, *, venue: str | None, state: State | None, guest: str | None, limit: int, cursor: str | None
    ) -> Page[MessageRow]:
        """The messages, newest first."""
        ...

    async def one(self, message: str) -> MessageStory:
        """One message with its whole why. Raises NotFound."""
        ...

    async def timeline(self, guest: str, *, venue: str | None, limit: int, cursor: str | None) -> Page[Decision]:
        """Everything that was decided about a guest, newest first."""
        ...


class ImportCsv(Protocol):
    """Take a whole file, or nothing of it."""

    async def __call__(self, kind: str, text: str, file: str) -> Mapping[str, int]:
        """How many rows were taken, by what became of them. `kind` is guests, tags or reservations.

        Raises BadRequest, a line a fault: `file:line: where: found …; right would be …`.
        """
        ...


class Gateways(Protocol):
    """Every gateway that the venue files name, and those that were heard."""

    async def __call__(self, venue: str | None) -> Sequence[SeenGateway]:
        """By venue, then gateway."""
        ...
