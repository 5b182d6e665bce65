"""An outbox in memory: the same moves as the store's, none of its disk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hub.errors import NotFound, Trouble
from hub.outbox.message import Accepted, Claimed, Delivery, State, Target, delivery_of
from hub.outbox.state import AGAIN, RESEND_AFTER, Why, may_follow
from rules.facts import Facts, Planned


@dataclass(kw_only=True)
class FakeAttempt:
    channel: str
    provider: str
    device: str | None
    outcome: str | None = None


@dataclass(kw_only=True)
class FakeMessage:
    planned: Planned
    state: State
    due: datetime
    reason: str | None = None
    detail: str = ""
    token: str | None = None
    lease_until: datetime | None = None
    boot: str | None = None
    channel_at: int = 0
    provider_id: str | None = None
    body: str | None = None
    resent: bool = False
    attempts: list[FakeAttempt] = field(default_factory=list)

    def to(self, state: State, reason: str | None = None) -> None:
        assert may_follow(self.state, state), f"{self.state} is not followed by {state}"
        self.state, self.reason = state, reason
        if state in (State.READY, State.SCHEDULED):
            self.token = self.lease_until = None

    def doubt(self, now: datetime) -> None:
        self.attempts[-1].outcome = Trouble.DOUBT
        self.to(State.UNKNOWN, Why.DOUBT)
        self.send_again_once(now)

    def send_again_once(self, now: datetime) -> None:
        delivery = delivery_of(self.attempts[-1].provider, self.planned.purpose)
        due = now + RESEND_AFTER
        if delivery is Delivery.AT_LEAST_ONCE and not self.resent and self.planned.expires_at > due:
            assert State.READY in AGAIN[self.state]
            self.state, self.reason, self.resent, self.due = State.READY, None, True, due
            self.token = self.lease_until = None


class FakeBox:
    """hub.outbox.port.Box. What a test looks at is public."""

    def __init__(self) -> None:
        self.messages: dict[str, FakeMessage] = {}
        self.known: dict[str, Facts] = {}  # by guest
        self.addresses: dict[str, list[tuple[Target, datetime]]] = defaultdict(list)  # by guest, with when registered
        self.suppressed: set[tuple[str, str]] = set()

    def put(self, planned: Planned, *, now: datetime) -> None:
        first = State.READY if planned.not_before is None else State.SCHEDULED
        due = planned.not_before or min(planned.at, now)
        self.messages[planned.id] = FakeMessage(planned=planned, state=State.GHOST if planned.ghost else first, due=due)

    async def claim(self, *, now: datetime, lease_until: datetime, token: str, limit: int) -> Sequence[Claimed]:
        self._tidy(now)
        ready = [each for each in self.messages.values() if each.state is State.READY and each.due <= now]
        ready.sort(key=lambda each: (each.due, -each.planned.priority, each.planned.id))
        for each in ready[:limit]:
            each.to(State.CLAIMED)
            each.token, each.lease_until = token, lease_until
        return [
            Claimed(
                planned=each.planned,
                token=token,
                lease_until=lease_until,
                attempts=sum(attempt.outcome != Trouble.CREDENTIALS for attempt in each.attempts),
                channel_at=each.channel_at,
                resent=each.resent,
            )
            for each in ready[:limit]
        ]

    def _tidy(self, now: datetime) -> None:
        for each in self.messages.values():
            ran_out = each.lease_until is not None and each.lease_until <= now
            if each.state is State.CLAIMED and ran_out:
                each.to(State.READY)
            if each.state is State.SENDING and ran_out:
                each.doubt(now)
            if each.state is State.SCHEDULED and each.due <= now:
                each.to(State.READY)
            if each.state is State.READY and each.due <= now and each.planned.expires_at <= now:
                each.to(State.EXPIRED, Why.EXPIRED)

    def _held(self, claimed: Claimed, after: State) -> FakeMessage | None:
        each = self.messages.get(claimed.planned.id)
        if each is None or each.token != claimed.token or not may_follow(each.state, after):
            return None
        return each

    async def facts(self, claimed: Claimed, *, now: datetime) -> Facts:
        del now
        if claimed.planned.guest not in self.known:
            raise NotFound("the message's guest is not there: she was erased")
        return self.known[claimed.planned.guest]

    async def targets(self, claimed: Claimed, channel: str) -> Sequence[Target]:
        each = self.messages[claimed.planned.id]
        for_good = (Trouble.ADDRESS_GONE, Trouble.ADDRESS_WRONG)
        refused = {attempt.device for attempt in each.attempts if attempt.outcome in for_good}
        newest_first = sorted(self.addresses[claimed.planned.guest], key=lambda known: known[1], reverse=True)
        return [
            target
            for target, _ in newest_first
            if target.channel == channel
            and (target.channel, target.address) not in self.suppressed
            and (target.device is None or target.device not in refused)
        ]

    async def begin_sending(
        self, claimed: Claimed, *, now: datetime, boot: str, target: Target, title: str | None, body: str
    ) -> bool:
        del title
        each = self._held(claimed, State.SENDING)
        if each is None or each.lease_until is None or min(each.lease_until, each.planned.expires_at) <= now:
            return False
        if claimed.asked is not None and claimed.asked != self.known[claimed.planned.guest].version:
            return False
        if target not in await self.targets(claimed, target.channel):
            return False
        each.to(State.SENDING)
        each.boot, each.body = boot, body
        each.channel_at = each.planned.channels.index(target.channel)
        each.attempts.append(FakeAttempt(channel=target.channel, provider=target.provider, device=target.device))
        return True

    def begun(self, claimed: Claimed, *, now: datetime, target: Target) -> None:
        """There is nothing more to write."""

    async def accepted(self, claimed: Claimed, *, now: datetime, accepted: Accepted) -> None:
        del now
        each = self._held(claimed, State.SENT)
        if each is not None:
            each.to(State.SENT)
            each.provider_id, each.attempts[-1].outcome = accepted.provider_id, "accepted"

    async def finish(self, claimed: Claimed, *, now: datetime, state: State, reason: str, detail: str = "") -> None:
        each = self._held(claimed, state)
        if each is not None:
            each.detail = detail
            if each.state is State.SENDING:
                each.attempts[-1].outcome = reason
            each.to(state, reason)
            if state is State.UNKNOWN:
                each.send_again_once(now)

    async def again(
        self, claimed: Claimed, *, now: datetime, due: datetime, trouble: str, detail: str, channel_at: int
    ) -> None:
        del now, detail
        each = self._held(claimed, State.READY)
        if each is not None and each.state is State.SENDING:
            each.attempts[-1].outcome = trouble
            each.due, each.channel_at = due, channel_at
            each.to(State.READY)

    async def release(
        self, claimed: Claimed, *, now: datetime, due: datetime | None = None, held: bool = False
    ) -> None:
        del now
        each = self._held(claimed, State.READY if due is None else State.SCHEDULED)
        if each is not None and each.state is State.CLAIMED:
            each.due = due or each.due
            if held:
                each.planned = each.planned._replace(not_before=due)
            each.to(State.READY if due is None else State.SCHEDULED)

    async def forget_address(self, target: Target, guest: str, *, since: datetime | None, now: datetime) -> bool:
        before = self.addresses[guest]
        self.addresses[guest] = [
            (known, registered)
            for known, registered in before
            if target.device is None or known != target or registered >= (since or now)
        ]
        return len(self.addresses[guest]) < len(before)

    async def suppress_address(self, target: Target, *, reason: str, now: datetime) -> None:
        del reason, now
        self.suppressed.add((target.channel, target.address))

    async def recover(self, *, now: datetime, boot: str) -> int:
        for each in self.messages.values():
            if each.state is State.CLAIMED:
                each.to(State.READY)
        left = [each for each in self.messages.values() if each.state is State.SENDING and each.boot != boot]
        for each in left:
            each.doubt(now)
        return len(left)

    async def next_due(self) -> datetime | None:
        waiting = [each.due for each in self.messages.values() if each.state in (State.READY, State.SCHEDULED)]
        leased = [
            each.lease_until
            for each in self.messages.values()
            if each.state in (State.CLAIMED, State.SENDING) and each.lease_until is not None
        ]
        return min(waiting + leased, default=None)
