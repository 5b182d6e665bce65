"""What does a command do when no hub runs? Takes the hub's lock and asks the store itself; never beside a hub."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from hub.app.beacons import take_file
from hub.app.books import read_books
from hub.app.delivering import delivery_offline
from hub.app.gatekeeping import doors_offline
from hub.app.offline_journeys import journeys_offline, rulebooks_offline, stores_offline
from hub.app.standing import Standing
from hub.app.stores import Stores
from hub.clock import Clock, SystemClock
from hub.config.hub_toml import HubConfig
from hub.control.commands import Commands, ControlDeps
from hub.control.journeys import JourneyDeps
from hub.errors import BadRequest
from hub.ingest.gateways import GatewayBook
from hub.ingest.seen import SeenGateway
from hub.journeys.rulebooks import Rulebooks
from hub.store.lock import hold
from hub.store.sqlite import open_store
from hub.store.vanished import refuse_a_new_one, remember


async def ask_the_store(config: HubConfig, command: str, args: dict[str, Any]) -> dict[str, Any]:
    """What the store answers to one command.

    Raises:
        BadConfig: hub.toml or a venue file has a fault.
        BadRequest: the command is wrong.
        StoreInUse: a hub is starting or stopping just now.
    """
    books = await asyncio.to_thread(read_books, config)
    config.hub.data_dir.parent.mkdir(parents=True, exist_ok=True)
    with hold(config.hub.data_dir):
        config.database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_a_new_one(config.database, config.hub.data_dir)
        async with open_store(config.database) as store:
            remember(config.hub.data_dir)
            standing, rulebooks, clock = Standing(config.hub.data_dir, books.rulebooks), Rulebooks({}), SystemClock()
            stores = stores_offline(config, standing, rulebooks, store)
            await rulebooks_offline(books, stores, rulebooks, clock)
            table = Commands(
                replace(
                    _deps(stores, standing, journeys_offline(stores, rulebooks, clock), clock),
                    doors=doors_offline(config, stores, standing, clock),
                    delivery=delivery_offline(config, stores, rulebooks, clock),
                )
            ).table()
            if command not in table:
                raise BadRequest(f"command: found {command!r}; right would be one of {', '.join(table)}")
            return dict(await table[command](args))


def _deps(stores: Stores, standing: Standing, journeys: JourneyDeps, clock: Clock) -> ControlDeps:
    async def gateways(venue: str | None) -> Sequence[SeenGateway]:
        book = GatewayBook()
        notes = await stores.gateways.load()
        book.restore(notes)
        standing.revoked = frozenset((note.venue, note.gateway) for note in notes if note.revoked)
        return book.seen(standing.roster(clock.now()), venue)

    async def import_csv(kind: str, text: str, file: str) -> Mapping[str, int]:
        return await take_file(stores.imports, standing, kind, text, file=file, now=clock.now())

    async def nobody_listens() -> None:
        """Gateways are told when a hub starts."""

    return ControlDeps(
        clock=clock,
        tokens=stores.tokens,
        messages=stores.messages,
        guests=stores.guests,
        gateways=gateways,
        import_csv=import_csv,
        enrolment_changed=nobody_listens,
        venues=lambda: standing.books,
        about=lambda: {"version": version("innkeeper"), "since": None},
        journeys=journeys,
    )
