"""A dispatcher and all that it works with: an outbox in memory, four channels, a clock that stands still."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count

import pytest

from hub.errors import SendFailed
from hub.outbox.dispatch import Dispatcher
from hub.outbox.message import Accepted, Notification, State, Target
from rules.facts import Facts, Planned
from rules.rulebook import Rulebook
from tests.fakes.box import FakeBox
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.planned import a_planned
from tests.fakes.rulebook import a_rulebook

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
IPHONE = Target(channel="push", provider="apns", address="aa11", device="iphone", kind="apns")
PIXEL = Target(channel="push", provider="fcm", address="tok22", device="pixel", kind="fcm_token")
MAILBOX = Target(channel="email", provider="smtp", address="ana@guest.example")
NUMBER = Target(channel="sms", provider="webhook.sms", address="+351 900")
ALL = frozenset({("marketing", "push"), ("marketing", "email")})


class SlowChannel:
    """hub.outbox.port.Channel: accepts, unless told otherwise, and hangs while it is not open."""

    def __init__(self) -> None:
        self.asked: list[Notification] = []
        self.accepted: list[Notification] = []
        self.answers: deque[SendFailed | Exception] = deque()  # of the next calls
        self.open = asyncio.Event()
        self.open.set()
        self.heard: Callable[[], object] = lambda: None  # called at each call

    async def send(self, notification: Notification) -> Accepted:
        self.asked.append(notification)
        self.heard()
        await self.open.wait()
        if self.answers:
            raise self.answers.popleft()
        self.accepted.append(notification)
        return Accepted(provider_id=f"p{len(self.accepted)}")


class Office:
    """What is public here, a test may turn."""

    def __init__(
        self, rulebook: Rulebook | None = None, *, shadow: bool = False, send_within: timedelta = 0.05 * SECOND
    ) -> None:
        self.clock = StillClock()
        self.box = FakeBox()
        self.apns, self.fcm, self.smtp, self.sms = SlowChannel(), SlowChannel(), SlowChannel(), SlowChannel()
        self.rulebook: Rulebook | None = rulebook or a_rulebook()
        self.chance = 0.5
        self.send_within = send_within
        self.dispatcher = self.another(shadow=shadow)
        self.box.known["ana"] = Facts(
            guest="ana", profile={"first_name": "Ana"}, consents=ALL, reachable=frozenset({"push", "email"}), version=1
        )
        self.box.addresses["ana"] = [(IPHONE, T0 - HOUR), (MAILBOX, T0 - HOUR)]

    def another(self, *, shadow: bool = False, boot: str = "b1") -> Dispatcher:
        tokens = count()
        return Dispatcher(
            box=self.box,
            channels={"apns": self.apns, "fcm": self.fcm, "smtp": self.smtp, "webhook.sms": self.sms},
            rulebook_of=lambda _: self.rulebook,
            clock=self.clock,
            chance=lambda: self.chance,
            boot=boot,
            new_token=lambda: f"{boot}-{next(tokens)}",
            unsubscribe_url=lambda planned: f"https://hub.example/u/{planned.guest}",
            shadow=shadow,
            send_within=self.send_within,
        )

    def use(self, box: FakeBox) -> None:
        """Another box, with the same guests."""
        box.known, box.addresses = self.box.known, self.box.addresses
        self.box = box
        self.dispatcher = self.another()

    def put(self, planned: Planned | None = None) -> None:
        self.box.put(planned or a_planned(), now=self.clock.now())
        self.dispatcher.poke()

    def guest(self, **changes: object) -> None:
        self.box.known["ana"] = self.box.known["ana"]._replace(**changes)  # type: ignore[arg-type]  # fields of Facts

    def stands(self, message: str = "m1") -> tuple[State, str | None]:
        return self.box.messages[message].state, self.box.messages[message].reason

    def is_(self, state: State, message: str = "m1") -> Callable[[], bool]:
        return lambda: self.box.messages[message].state is state

    def tried(self, times: int, message: str = "m1") -> Callable[[], bool]:
        """Has it been tried so often, and is the answer noted?"""

        def true() -> bool:
            attempts = self.box.messages[message].attempts
            return len(attempts) == times and all(each.outcome is not None for each in attempts)

        return true

    def pass_(self, span: timedelta) -> None:
        self.clock.pass_(span)
        self.dispatcher.poke()


@asynccontextmanager
async def at_work(office: Office) -> AsyncIterator[None]:
    task = asyncio.create_task(office.dispatcher.run())
    try:
        yield
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  what is waited for is a value, not an event
            await asyncio.sleep(0.001)


async def a_while() -> None:
    """Long enough for anything that would happen to have happened."""
    await asyncio.sleep(0.03)
