"""What do commands about journeys stand on when no hub runs? The same rooms, over the store that was opened for one."""

from __future__ import annotations

from hub.app.books import Books
from hub.app.secret import link_secret
from hub.app.standing import Standing
from hub.app.stores import Stores
from hub.clock import Clock
from hub.config.hub_toml import HubConfig
from hub.control.journeys import JourneyDeps
from hub.journeys.handwork import Handwork
from hub.journeys.rulebooks import Rulebooks, with_versions_in_use
from hub.store.changes import Watch
from hub.store.restraints import safeguards
from hub.store.sqlite import Store


def stores_offline(config: HubConfig, standing: Standing, rulebooks: Rulebooks, store: Store) -> Stores:
    """Each room's port; a hub that starts later decides about what these write."""
    watch = Watch(fields=rulebooks.waited_by, timezone_of=standing.timezone_of, written=lambda: None)
    return Stores(
        store,
        timezone_of=standing.timezone_of,
        webhooks=config.webhooks,
        watch=watch,
        shadow=config.hub.shadow,
        safeguards=safeguards(config.hub.data_dir, link_secret(config.hub.data_dir)),
    )


async def rulebooks_offline(books: Books, stores: Stores, rulebooks: Rulebooks, clock: Clock) -> None:
    """The rules in force, with the older versions that are in use and what is held back."""
    rulebooks.hold(await stores.holds.held())
    rulebooks.swap(await with_versions_in_use(books.rulebooks, books.texts, stores.ledger, now=clock.now()))


def journeys_offline(stores: Stores, rulebooks: Rulebooks, clock: Clock) -> JourneyDeps:
    """The ports."""

    async def nobody_listens() -> None:
        """A hub reads it when it starts."""

    return JourneyDeps(
        clock=clock,
        books=lambda: rulebooks.current,
        holds=stores.holds,
        held_changed=nobody_listens,
        runs=stores.ledger,
        handwork=Handwork(stores.ledger, stores.ledger, rulebooks, clock, decided=lambda _: None),
        versions_changed=nobody_listens,
    )
