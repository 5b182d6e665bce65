"""Where is what kept? Each room's port, fitted over the one store."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import tzinfo
from functools import partial

from hub.outbox.departure import Departures
from hub.store.backup import copy_for_backup
from hub.store.changes import Watch
from hub.store.configs import ConfigStore
from hub.store.coupons import CouponStore
from hub.store.deliveries import DeliveryStore
from hub.store.emptying import Emptying
from hub.store.gateways import GatewayStore
from hub.store.guests import GuestStore
from hub.store.holds import HoldStore
from hub.store.imports import ImportStore
from hub.store.late import LateStore
from hub.store.ledger import LedgerStore
from hub.store.marks import MarkStore
from hub.store.messages import MessageStore
from hub.store.occasions import OccasionStore
from hub.store.receipts import ReceiptStore
from hub.store.restraints import Safeguards
from hub.store.sqlite import Store
from hub.store.standstill import StandstillStore
from hub.store.tasks import TaskStore
from hub.store.tokens import TokenStore
from hub.store.visits import VisitStore


class Stores:
    """The adapters."""

    def __init__(  # noqa: PLR0913  the one place where all of them meet
        self,
        store: Store,
        *,
        timezone_of: Callable[[str], tzinfo],
        webhooks: Collection[str] = (),
        watch: Watch,
        shadow: bool,
        safeguards: Safeguards | None = None,
        departures: Callable[[], Departures | None] = lambda: None,
    ) -> None:
        self.copy_for_backup = partial(copy_for_backup, store, None if safeguards is None else safeguards.restraints)
        self.emptying = Emptying(store)
        self.guests = GuestStore(store, watch, safeguards, self.emptying)
        self.standstill = StandstillStore(store)
        self.deliveries = DeliveryStore(store, timezone_of=timezone_of, webhooks=webhooks)
        self.tokens = TokenStore(store)
        self.messages = MessageStore(store)
        self.tasks = TaskStore(store)
        self.coupons = CouponStore(store)
        self.occasions = OccasionStore(store)
        self.holds = HoldStore(store)
        self.imports = ImportStore(store, watch)
        self.receipts = ReceiptStore(store)
        self.marks = MarkStore(store)
        self.gateways = GatewayStore(store)
        self.visits = VisitStore(store)
        self.late = LateStore(store)
        self.configs = ConfigStore(store)
        self.ledger = LedgerStore(
            store, timezone_of=timezone_of, webhooks=webhooks, watch=watch, shadow=shadow, departures=departures
        )
