"""The hub is killed at any point of its work, again and again: nothing is ever sent twice, and nothing is left open."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import Doubt, Permanent, Transient, Trouble
from hub.outbox.dispatch import Dispatcher
from hub.outbox.message import Accepted, Notification, State
from hub.outbox.state import is_final
from tests.fakes.arrivals import a_guest
from tests.fakes.box import FakeBox
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.office import IPHONE, MAILBOX
from tests.fakes.planned import a_planned
from tests.fakes.rulebook import a_rulebook

MESSAGES = ("m1", "m2", "m3")
SPANS = [timedelta(0), timedelta(seconds=3), timedelta(seconds=40), timedelta(minutes=4)]
ANSWERS = ["accept", "accept then doubt", "doubt", "transient", "permanent"]


@dataclass(frozen=True)
class Life:
    """One start of the hub, to its death."""

    dies_at: int  # the point of its work; beyond the last one, it dies idle
    answers: Sequence[str]  # of the providers, call by call; then they accept
    then: timedelta  # before the next start


LIVES = st.builds(
    Life,
    dies_at=st.integers(0, 60),
    answers=st.lists(st.sampled_from(ANSWERS), max_size=6),
    then=st.sampled_from(SPANS),
)


class Death:
    """Counts the points of the hub's work; from the one at which it dies on, nothing returns any more."""

    def __init__(self, dies_at: int) -> None:
        self._left = dies_at

    async def point(self) -> None:
        self._left -= 1
        if self._left < 0:
            await asyncio.get_running_loop().create_future()


class MortalBox:
    """A box whose user may die just before and just after each call."""

    def __init__(self, box: FakeBox, death: Death) -> None:
        self._box = box
        self._death = death

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._box, name)

        async def mortal(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  passed on as they are
            await self._death.point()
            answer = await call(*args, **kwargs)
            await self._death.point()
            return answer

        return mortal


class World:
    """What outlives the hub: the disk, the providers, and time."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.box = FakeBox()
        self.accepted: Counter[str] = Counter()
        self.box.known["ana"] = a_guest()
        self.box.addresses["ana"] = [(IPHONE, T0), (MAILBOX, T0)]
        for name in MESSAGES:
            self.box.put(a_planned(name), now=T0)

    def live(self, life: Life, boot: int) -> None:
        asyncio.run(self._live(life, boot))
        self.clock.pass_(life.then)

    async def _live(self, life: Life, boot: int) -> None:
        death = Death(life.dies_at)
        channel = MortalChannel(self.accepted, list(life.answers), death)
        tokens = iter(range(1_000_000))
        dispatcher = Dispatcher(
            box=MortalBox(self.box, death),  # type: ignore[arg-type]  # it passes every call on
            channels={"apns": channel, "smtp": channel},
            rulebook_of=lambda _: a_rulebook(),
            clock=self.clock,
            chance=lambda: 0.5,
            boot=f"boot-{boot}",
            new_token=lambda: f"{boot}-{next(tokens)}",
            unsubscribe_url=lambda _: None,
        )
        working = asyncio.create_task(dispatcher.run())
        for _ in range(60):
            await asyncio.sleep(0)
        working.cancel()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()  # a kill waits for nobody


class MortalChannel:
    """A provider that is told how to answer, seen by a hub that may die meanwhile."""

    def __init__(self, accepted: Counter[str], answers: list[str], death: Death) -> None:
        self._accepted = accepted
        self._answers = answers
        self._death = death

    async def send(self, notification: Notification) -> Accepted:
        await self._death.point()
        answer = self._answers.pop(0) if self._answers else "accept"
        if answer.startswith("accept"):
            self._accepted[notification.id] += 1
        await self._death.point()
        if answer in ("doubt", "accept then doubt"):
            raise Doubt("reset")
        if answer == "transient":
            raise Transient(Trouble.UNAVAILABLE, "503")
        if answer == "permanent":
            raise Permanent(Trouble.CONTENT, "400")
        return Accepted(provider_id=None)


@given(lives=st.lists(LIVES, max_size=8))
@settings(max_examples=60, deadline=None)
def test_p01_p02_a_hub_killed_at_any_point_never_sends_twice_and_all_is_final_a_minute_after_its_end(
    lives: list[Life],
) -> None:
    world = World()

    for boot, life in enumerate(lives):
        world.live(life, boot)
    once = max(world.accepted.values(), default=0)
    ends = max(message.planned.expires_at for message in world.box.messages.values())
    world.clock.at = max(world.clock.at, ends + timedelta(seconds=60))
    world.live(Life(dies_at=10_000, answers=(), then=timedelta(0)), len(lives))

    states = {name: message.state for name, message in world.box.messages.items()}
    assert once <= 1
    assert max(world.accepted.values(), default=0) <= 1
    assert all(is_final(state) or state is State.UNKNOWN for state in states.values()), states
    assert {name for name in MESSAGES if world.accepted[name]} <= {
        name for name, state in states.items() if state in (State.SENT, State.UNKNOWN)
    }


def test_a_hub_that_lives_sends_each_message() -> None:
    world = World()

    world.live(Life(dies_at=10_000, answers=(), then=timedelta(0)), 0)

    assert world.accepted == Counter(MESSAGES)
