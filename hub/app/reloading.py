"""Which venue files are in force, and what becomes of other ones? They are taken whole, or what was in force stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from hub.app.books import Books, read_books
from hub.app.enrolling import Enrolling
from hub.app.standing import Standing
from hub.app.stores import Stores
from hub.clock import Clock
from hub.config.hub_toml import HubConfig
from hub.errors import BadConfig, StoreFailed, without_words
from hub.journeys.rulebooks import Rulebooks, with_versions_in_use
from rules.rulebook import Rulebook

_log = structlog.get_logger()


@dataclass(kw_only=True)
class Reloading:
    """Reads the files when it is asked to, and hands them to whoever goes by them."""

    config: HubConfig
    books: Books  # in force
    rulebooks: Rulebooks
    standing: Standing
    stores: Stores
    enrolling: Enrolling
    clock: Clock
    taken: Callable[[datetime], None]  # other files are in force from now on
    let_go: Callable[[], None]  # a journey may be held back no longer: a message may be due
    _asked: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def ask(self) -> None:
        """Read the venue files again, soon."""
        self._asked.set()

    async def run(self) -> None:
        """Whenever it is asked to."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                books = await asyncio.to_thread(read_books, self.config)
                await self.take(books, self.clock.now())
            except BadConfig as exc:
                for line in str(exc).splitlines():
                    _log.error("The venue files have a fault; what was in force stays", fault=line)
            except StoreFailed as exc:
                _log.error("The venue files could not be taken whole; reload again", error=str(exc))
            except Exception as exc:  # noqa: BLE001  our own fault about these files: the hub goes on by those before
                _log.error("The venue files cannot be taken; what was in force stays", fault=without_words(exc))
            else:
                await self._tell(books)

    async def _tell(self, books: Books) -> None:
        """The gateways, which may be others now; the files are in force whether or not it succeeds."""
        try:
            await self.enrolling.changed()
        except StoreFailed as exc:  # it is tried again
            _log.error("The venue files are in force; their gateways are told later", error=str(exc))
        except Exception as exc:  # noqa: BLE001  our own fault: the hub goes on
            _log.error("The venue files are in force; their gateways cannot be told", fault=without_words(exc))
        else:
            _log.info("The venue files are in force", venues=sorted(books.rulebooks))

    async def take(self, books: Books, now: datetime) -> None:
        """From now on these, with the older versions of journeys that are in use; or, when that fails, as before."""
        async with self._turn:
            await self._take(books, now)

    async def _take(self, books: Books, now: datetime) -> None:
        complete = await with_versions_in_use(books.rulebooks, books.texts, self.stores.ledger, now=now)
        before, complete_before = self.books, self.rulebooks.current
        try:
            self._put_in_force(books, complete, now)
        except Exception:
            self._put_in_force(before, complete_before, now)
            raise

    def _put_in_force(self, books: Books, complete: Mapping[str, Rulebook], now: datetime) -> None:
        self.standing.take_books(complete)
        self.standing.surveys = books.surveys
        self.books = books
        self.rulebooks.swap(complete)
        self.taken(now)

    async def take_holds(self) -> None:
        """Which journeys are held back, as it is kept."""
        self.rulebooks.hold(await self.stores.holds.held())

    async def held_changed(self) -> None:
        """An operator holds a journey back, or lets it go."""
        await self.take_holds()
        self.let_go()

    async def versions_changed(self) -> None:
        """Guests are on versions of journeys that may not be read yet."""
        async with self._turn:  # a reload may be on its way to other books
            await self._take(self.books, self.clock.now())
