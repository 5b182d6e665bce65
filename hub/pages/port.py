"""What do the pages ask of the store and of the running hub? To read, and to take a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from hub.identity.guest import GuestId
from hub.identity.port import GuestRecord
from hub.identity.present import PresentGuest
from hub.identity.token import TokenRecord
from hub.ingest.seen import SeenGateway
from hub.journeys.task import TaskRow
from hub.outbox.message import State
from hub.outbox.shown import MessageRow, MessageStory, Page

Item = Mapping[str, str | int | float | bool | None]


class Tokens(Protocol):
    """Who holds which token."""

    async def find(self, secret_hash: str) -> TokenRecord | None:
        """The token whose secret has this SHA-256 (hex), revoked or not; None when nobody holds it."""
        ...


class Guests(Protocol):
    """Who a guest is."""

    async def guest(self, guest: GuestId) -> GuestRecord:
        """All that a profile page shows. Raises NotFound."""
        ...


class Messages(Protocol):
    """The outbox."""

    async def page(
        self, *, venue: str | None, state: State | None, guest: str | None, limit: int, cursor: str | None
    ) -> Page[MessageRow]:
        """The messages, newest first. Raises BadRequest when the cursor is none of ours."""
        ...

    async def one(self, message: str) -> MessageStory:
        """One message with its whole why. Raises NotFound."""
        ...


class Live(Protocol):
    """What the running hub knows at this moment."""

    async def presence(self, venue: str) -> Sequence[PresentGuest]:
        """Who is where."""
        ...

    async def gateways(self, venue: str | None) -> Sequence[SeenGateway]:
        """Every gateway, as it was last heard."""
        ...


class Tasks(Protocol):
    """What the staff were asked to do."""

    async def page(
        self, *, venue: str | None, team: str | None, is_open: bool | None, limit: int, cursor: str | None
    ) -> Page[TaskRow]:
        """The tasks, newest first."""
        ...

    async def one(self, task: str) -> TaskRow:
        """One task. Raises NotFound."""
        ...


class AckTask(Protocol):
    """Take a task, and let the journey that waits know: the one thing that the pages change."""

    async def __call__(self, task: str, by: str) -> TaskRow:
        """As it then stands. Raises NotFound."""
        ...


class Listening(Protocol):
    """One listener's queue."""

    async def next(self) -> Item | None:
        """What happened next; None when there is no more."""
        ...


class Feed(Protocol):
    """What happens, as it happens."""

    def subscribe(self, venue: str | None) -> AbstractContextManager[Listening]:
        """Listen to one venue."""
        ...

    def recent(self, venue: str) -> Sequence[Item]:
        """What its listeners heard lately, oldest first."""
        ...
