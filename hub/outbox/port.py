"""What the outbox asks of the store, and of the channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from hub.outbox.message import Accepted, Claimed, Notification, State, Target
from hub.outbox.time_guard import Mark
from rules.facts import Facts, Planned
from rules.rulebook import Rulebook
from rules.text_values import Extras


class Channel(Protocol):
    """One way to reach a guest."""

    async def send(self, notification: Notification) -> Accepted:
        """Hand one notification to the provider, once.

        The caller bounds the whole call with one deadline; a cancelled call leaves doubt to the caller.

        Raises:
            Transient: it certainly was not accepted, and may be later; `retry_after` if the provider said when.
            Permanent: it certainly was not, and never will be; `address_is_dead` if the address is to be forgotten.
            Doubt: it may have been accepted; nobody can know.
        """
        ...


class Standstill(Protocol):
    """What must be known at the next start, so that nothing is sent then that would not be now."""

    async def paused(self) -> bool:
        """Has an operator stopped the outbox?"""
        ...

    async def pause(self, *, paused: bool, now: datetime) -> None:
        """Stop it, or let it go on."""
        ...

    async def mark(self) -> Mark | None:
        """The last mark of the clocks, moved on to the last moment at which anything was sent."""
        ...

    async def keep_mark(self, mark: Mark) -> None:
        """Keep this one instead."""
        ...


class Box(Protocol):
    """Where messages are kept. Every method is one durable transaction; every write but `recover` compares."""

    async def claim(self, *, now: datetime, lease_until: datetime, token: str, limit: int) -> Sequence[Claimed]:
        """Take READY messages that are due, those due longest first. Expired ones become EXPIRED instead.

        Leases that ran out in CLAIMED go back to READY first (nothing was sent), and those that ran out in
        SENDING become UNKNOWN.
        """
        ...

    async def facts(self, claimed: Claimed, *, now: datetime) -> Facts:
        """The guest's facts now, for the second asking. Raises NotFound when she was erased."""
        ...

    async def targets(self, claimed: Claimed, channel: str) -> Sequence[Target]:
        """The guest's addresses on a channel, the device seen last first.

        Left out are suppressed addresses, and the devices that refused this message for good.
        """
        ...

    async def begin_sending(
        self, claimed: Claimed, *, now: datetime, boot: str, target: Target, title: str | None, body: str
    ) -> bool:
        """CLAIMED to SENDING, durable before it returns.

        False when the lease is no longer ours, when it has expired, or when the guest's version is no longer the one
        that was asked about: a withdrawal that was answered before this is on the disk always holds. False, too, when
        the target is hers no more: between its choice and its turn a phone may get another guest, a mailbox be mended.
        It opens the next attempt, and notes which of the message's channels is being tried.
        """
        ...

    def begun(self, claimed: Claimed, *, now: datetime, target: Target) -> None:
        """Take note: it was stored as SENDING in its decision's own transaction, and leaves now."""
        ...

    async def accepted(self, claimed: Claimed, *, now: datetime, accepted: Accepted) -> None:
        """SENDING, or UNKNOWN (a late answer), to SENT."""
        ...

    async def finish(self, claimed: Claimed, *, now: datetime, state: State, reason: str, detail: str = "") -> None:
        """To SUPPRESSED, EXPIRED, DEAD, UNKNOWN, CANCELLED or GHOST, where the machine allows it.

        `detail` says the reason in words: what the gate said, which name a text misses, a provider's own word.
        """
        ...

    async def again(
        self, claimed: Claimed, *, now: datetime, due: datetime, trouble: str, detail: str, channel_at: int
    ) -> None:
        """Back to READY after certain failure, due later; `channel_at` moves on to a fallback channel."""
        ...

    async def release(
        self, claimed: Claimed, *, now: datetime, due: datetime | None = None, held: bool = False
    ) -> None:
        """CLAIMED back to READY untouched (SCHEDULED until `due`): nothing was sent and nothing was tried.

        `held` says that the gate asked for it: the message's `not_before` becomes `due`. A lease that is
        no longer ours is left alone, here and in every write that takes a claimed message.
        """
        ...

    async def forget_address(self, target: Target, guest: str, *, since: datetime | None, now: datetime) -> bool:
        """Forget exactly this address if it was registered before `since`; True when it was forgotten."""
        ...

    async def suppress_address(self, target: Target, *, reason: str, now: datetime) -> None:
        """Never write to this address again."""
        ...

    async def recover(self, *, now: datetime, boot: str) -> int:
        """At start: SENDING of another boot becomes UNKNOWN, CLAIMED of another boot READY; how many were in doubt."""
        ...

    async def next_due(self) -> datetime | None:
        """When the next READY or SCHEDULED message is due, or the next lease runs out."""
        ...


class TextExtras(Protocol):
    """What a message's text needs that only the running hub knows: sources, and links of its own."""

    async def __call__(self, rulebook: Rulebook, planned: Planned) -> Extras:
        """By root, as the text names it. It takes two seconds at the most, and never raises for a source's sake."""
        ...

    def at_once(self, rulebook: Rulebook, planned: Planned) -> Extras | None:
        """The same, of what is known; None when a source would have to be asked first."""
        ...


class NoExtras:
    """Of a hub that knows nothing more: sources have their defaults."""

    async def __call__(self, rulebook: Rulebook, planned: Planned) -> Extras:
        """None."""
        return self.at_once(rulebook, planned)

    def at_once(self, rulebook: Rulebook, planned: Planned) -> Extras:
        """None."""
        del rulebook, planned
        return {}
