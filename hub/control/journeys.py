"""Which commands are there about journeys? Hold one back, let it go, move those who wait, replay what happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec

from hub.clock import Clock
from hub.control.server import Command
from hub.errors import BadRequest
from hub.journeys.handwork import Handwork, Moved
from hub.journeys.holds import ALL, Held, Hold
from hub.journeys.port import RunBook
from rules.definition import Faulty, read_journey
from rules.journey import Journey
from rules.move import Unmovable
from rules.rulebook import Rulebook

NEWEST: Final = "newest"  # in place of a version


class Holds(Protocol):
    """Where it is kept which journeys are held back."""

    async def held(self) -> Sequence[Held]:
        """All that is held back."""
        ...

    async def hold(self, venue: str, journey: str, hold: Hold, *, now: datetime) -> None:
        """From now on."""
        ...

    async def release(self, venue: str, journey: str) -> bool:
        """No longer; False when it was not held back."""
        ...

    async def take_back(self, venue: str, journey: str, *, now: datetime) -> int:
        """Cancel what has not left; how many messages that were."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyDeps:
    """The ports behind the commands."""

    clock: Clock
    books: Callable[[], Mapping[str, Rulebook]]  # those in force
    holds: Holds
    held_changed: Callable[[], Awaitable[None]]  # the rules are to know
    runs: RunBook
    handwork: Handwork
    versions_changed: Callable[[], Awaitable[None]]  # guests are on a version that may not be read yet


class HoldWanted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`pause`, `drain`, `stop`, `resume`. Without a journey, all."""

    hold: Hold | None  # None: resume
    journey: str | None = None
    venue: str | None = None


class MoveWanted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`move`."""

    journey: str
    to: str
    venue: str | None = None
    yes: bool = False


class RulesWanted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What `backtest` replays: the rules in force at the venue that has this journey, or at the only one."""

    journey: str
    venue: str | None = None


class JourneyCommands:
    """Each command, on the ports."""

    def __init__(self, deps: JourneyDeps) -> None:
        self._deps = deps

    def table(self) -> Mapping[str, Command]:
        """Every command by its name."""
        return {
            "journey held": self.held,
            "journey hold": self.hold,
            "journey move": self.move,
            "journey rules": self.rules,
        }

    async def held(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """What is held back."""
        if args:
            raise BadRequest("args: found some; right would be none")
        return {"held": msgspec.to_builtins(await self._deps.holds.held())}

    async def hold(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Hold a journey back, or let it go."""
        wanted = _read(args, HoldWanted)
        ended = taken_back = 0
        places = self._places(wanted.journey, wanted.venue)
        for venue, journey in places:
            if wanted.hold is None:
                await self._deps.holds.release(venue, journey)
            else:
                await self._deps.holds.hold(venue, journey, wanted.hold, now=self._deps.clock.now())
        await self._deps.held_changed()  # nobody starts from here on: only then are those who are in it taken out
        if wanted.hold is Hold.STOPPED:
            for venue, journey in places:
                ended += await self._deps.handwork.end_all(
                    venue, None if journey == ALL else journey, why="stopped by hand"
                )
                taken_back += await self._deps.holds.take_back(venue, journey, now=self._deps.clock.now())
        return {
            "places": [
                {"venue": venue, "journey": journey, "still": await self._still(venue, journey, wanted.hold)}
                for venue, journey in places
            ],
            "hold": wanted.hold and wanted.hold.value,
            "ended": ended,
            "taken_back": taken_back,
        }

    async def _still(self, venue: str, journey: str, hold: Hold | None) -> str | None:
        """How a journey that was let go is held back all the same, with every other one of its venue."""
        held = await self._deps.holds.held() if hold is None and journey != ALL else ()
        return next((one.hold.value for one in held if (one.venue, one.journey) == (venue, ALL)), None)

    async def move(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Where everybody who waits would stand on another version; with `yes` they do."""
        wanted = _read(args, MoveWanted)
        answers = []
        for venue, _ in self._places(wanted.journey, wanted.venue):
            to = await self._version(venue, wanted.journey, wanted.to)
            moved = await self._deps.handwork.move_all(venue, to, only_look=not wanted.yes)
            answers.append({"venue": venue, "to": to.version, "runs": [_moved(one) for one in moved]})
        if wanted.yes:
            await self._deps.versions_changed()
        return {"journey": wanted.journey, "done": wanted.yes, "venues": answers}

    async def rules(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """The texts of a venue's file and of its journeys, as they are in force."""
        wanted = _read(args, RulesWanted)
        book = self._only(wanted.journey, wanted.venue)
        texts: dict[str, str] = {}
        for journey in book.journeys:
            kept = await self._deps.runs.versions_of(book.venue.id, journey.name)
            texts[journey.name] = next(one.text for one in kept if one.version == journey.version)
        return {"venue": book.venue.id, "text": book.venue.text, "journeys": texts}

    def _book(self, venue: str) -> Rulebook:
        books = self._deps.books()
        if venue not in books:
            raise BadRequest(f"venue: found {venue}; right would be one of {', '.join(sorted(books))}")
        return books[venue]

    def _only(self, journey: str, venue: str | None) -> Rulebook:
        """The one venue that is meant."""
        books = self._deps.books()
        found = [book for name, book in books.items() if venue in (None, name)]
        if len(found) > 1:
            found = [book for book in found if book.journey(journey) is not None]
        if len(found) != 1:
            raise BadRequest(f"found {venue or 'no --venue'}; right would be --venue {' or '.join(sorted(books))}")
        return found[0]

    def _places(self, journey: str | None, venue: str | None) -> list[tuple[str, str]]:
        """The venues where there is such a journey."""
        books = self._deps.books() if venue is None else {venue: self._book(venue)}
        if journey is None:
            return [(name, ALL) for name in sorted(books)]
        found = [(name, journey) for name, book in sorted(books.items()) if journey in _names(book)]
        if not found:
            known = sorted({name for book in books.values() for name in _names(book)})
            raise BadRequest(f"journey: found {journey}; right would be one of {', '.join(known)}")
        return found

    async def _version(self, venue: str, name: str, version: str) -> Journey:
        book = self._book(venue)
        newest = book.journey(name)
        if version == NEWEST and newest is not None:
            return newest
        kept = {one.version: one.text for one in await self._deps.runs.versions_of(venue, name)}
        found = [each for each in kept if each.startswith(version)]
        if len(found) != 1 or not version:
            known = ", ".join([NEWEST, *kept])
            raise BadRequest(f"--to: found {version}; right would be the beginning of one of {known}")
        return book.journey(name, found[0]) or _journey(kept[found[0]], found[0], book, name)


def _names(book: Rulebook) -> set[str]:
    return {journey.name for journey in (*book.journeys, *book.older)}


def _journey(text: str, version: str, book: Rulebook, name: str) -> Journey:
    try:
        return replace(read_journey(text, book.venue, file=f"{name} ({version[:8]})"), version=version)
    except Faulty as exc:
        raise BadRequest(f"--to: version {version[:8]} can no longer be read: {exc}") from exc


def _moved(one: Moved) -> Mapping[str, Any]:
    if isinstance(one.answer, Unmovable):
        return {"guest": one.guest, "run": one.answer.run, "moves": False, "text": one.answer.text}
    answer = one.answer
    return {
        "guest": one.guest,
        "run": answer.run.id,
        "moves": True,
        "text": answer.text,
        "from": answer.from_version,
        "from_step": answer.from_step,
        "to_step": answer.to_step,
        "old_deadline": None if answer.old_deadline is None else answer.old_deadline.isoformat(),
        "deadline": None if answer.deadline is None else answer.deadline.isoformat(),
    }


def _read(args: dict[str, Any], kind: type[Any]) -> Any:  # noqa: ANN401  an instance of the kind
    try:
        return msgspec.convert(args, kind)
    except msgspec.ValidationError as exc:
        raise BadRequest(f"args: {str(exc)[:1].lower()}{str(exc)[1:]}") from exc
