"""Which commands are there about delivery? Stop the outbox, have one message tried again, check consents, back up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from hub.clock import Clock
from hub.control.server import Command
from hub.errors import BadRequest, CommandFailed
from hub.outbox.by_hand import AskOnceMore, TriedAgain, asking
from rules.rulebook import Rulebook


class Ledger(Protocol):
    """What a check of the consents found."""

    @property
    def statements(self) -> int:
        """How many there are."""
        ...

    @property
    def outside(self) -> int:
        """Those from before there was a chain."""
        ...

    @property
    def head(self) -> str:
        """The last hash."""
        ...

    @property
    def broken(self) -> tuple[int, ...]:
        """The statements that are not what they were."""
        ...


class Deliveries(Protocol):
    """Messages and consents, for a person's hand."""

    async def retry(self, message: str, *, accept_duplicate: bool, now: datetime, ask: AskOnceMore) -> TriedAgain:
        """Have it tried again, unless something that `ask` knows stands in its way. Raises NotFound or BadRequest."""
        ...

    async def check_consents(self) -> Ledger:
        """Is the ledger what it was?"""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDeps:
    """The ports behind the commands."""

    clock: Clock
    deliveries: Deliveries
    rulebook_of: Callable[[str], Rulebook | None]  # of a venue, the newest
    pause: Callable[[bool], Awaitable[None]]  # stop the outbox, or let it go on
    poke: Callable[[], None]  # a message may be due
    backup: Callable[[str], Awaitable[None]]  # into a file; raises StoreFailed


class Retried(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`outbox retry`."""

    id: str
    accept_duplicate: bool = False


class FileNamed(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`backup`."""

    file: str


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No arguments."""


Args = TypeVar("Args", bound=msgspec.Struct)


class DeliveryCommands:
    """Each command, on the ports."""

    def __init__(self, deps: DeliveryDeps) -> None:
        self._deps = deps

    def table(self) -> Mapping[str, Command]:
        """Every command by its name."""
        return {
            "outbox retry": self.retry,
            "outbox pause": self.pause,
            "outbox resume": self.resume,
            "consent check": self.check_consents,
            "backup": self.backup,
        }

    async def retry(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Have one message tried again, if a fresh one might go now."""
        wanted, now = _read(args, Retried), self._deps.clock.now()
        ask = asking(self._deps.rulebook_of, now)
        again = await self._deps.deliveries.retry(wanted.id, accept_duplicate=wanted.accept_duplicate, now=now, ask=ask)
        self._deps.poke()
        return {"id": wanted.id, "was": again.was.value, "held": again.held}

    async def pause(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Nothing leaves from now on, by any channel, whatever is decided."""
        _read(args, Nothing)
        await self._deps.pause(True)  # noqa: FBT003  a callable's one argument
        return {"paused": True}

    async def resume(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """What is still worth sending leaves."""
        _read(args, Nothing)
        await self._deps.pause(False)  # noqa: FBT003  the same
        return {"paused": False}

    async def check_consents(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Is the ledger what it was? Raises CommandFailed when it is not."""
        _read(args, Nothing)
        found = await self._deps.deliveries.check_consents()
        if found.broken:
            named = ", ".join(map(str, found.broken[:10]))
            raise CommandFailed(f"consents: found statements that are not what they were: {named}")
        return {"statements": found.statements, "outside": found.outside, "head": found.head}

    async def backup(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """All that is held, in one file."""
        wanted = _read(args, FileNamed)
        await self._deps.backup(wanted.file)
        return {"file": wanted.file}


def _read(args: dict[str, Any], kind: type[Args]) -> Args:
    try:
        return msgspec.convert(args, kind)
    except msgspec.ValidationError as exc:
        raise BadRequest(f"args: {str(exc)[:1].lower()}{str(exc)[1:]}") from exc
