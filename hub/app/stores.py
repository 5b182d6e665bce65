"""Where is what kept? Each room's port, fitted over the one store."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import tzinfo

from hub.store.configs import ConfigStore
from hub.store.gateways import GatewayStore
from hub.store.guests import GuestStore
from hub.store.imports import ImportStore
from hub.store.ledger import LedgerStore
from hub.store.marks import MarkStore
from hub.store.messages import MessageStore
from hub.store.sqlite import Store
from hub.store.tokens import TokenStore
from hub.store.visits import VisitStore


class Stores:
    """The adapters."""

    def __init__(self, store: Store, *, timezone_of: Callable[[str], tzinfo], webhooks: Collection[str] = ()) -> None:
        self.guests = GuestStore(store)
        self.tokens = TokenStore(store)
        self.messages = MessageStore(store)
        self.imports = ImportStore(store)
        self.marks = MarkStore(store)
        self.gateways = GatewayStore(store)
        self.visits = VisitStore(store)
        self.configs = ConfigStore(store)
        self.ledger = LedgerStore(store, timezone_of=timezone_of, webhooks=webhooks)
