"""Several workers, pauses past the lease, deaths and late answers, over the real statements: never accepted twice."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from hub.outbox.message import Accepted, Claimed, State, Target
from hub.outbox.state import may_follow
from hub.store import moves
from hub.store.posting import put_message
from tests.fakes.hub_clock import T0
from tests.fakes.planned import a_planned
from tests.fakes.store import an_empty_database

PHONE = Target(channel="push", provider="apns", address="aa11", device="phone", kind="apns")
EXPIRES = T0 + timedelta(minutes=15)
LEASE = timedelta(seconds=30)


class Outbox(RuleBasedStateMachine):
    """What a worker holds in its hands is a bundle; a worker that dies or sleeps simply never uses it, or does late."""

    claims = Bundle("claims")
    sendings = Bundle("sendings")
    answers = Bundle("answers")  # of the provider: known to it, not yet to the store

    def __init__(self) -> None:
        super().__init__()
        self.disk: sqlite3.Connection = an_empty_database()
        self.now = T0
        self.tokens = 0
        self.boot = 0
        self.accepted: Counter[str] = Counter()
        self.before: dict[str, State] = {}

    def teardown(self) -> None:
        self.disk.close()

    @initialize(names=st.sets(st.sampled_from(["m1", "m2", "m3"]), min_size=1))
    def decide(self, names: set[str]) -> None:
        for name in sorted(names):
            put_message(self.disk, a_planned(name, expires_at=EXPIRES), self.now)

    @rule(span=st.sampled_from([1, 14, 31, 400]))
    def time_passes(self, span: int) -> None:
        self.now += timedelta(seconds=span)

    @rule(target=claims)
    def claim(self) -> Any:  # noqa: ANN401  a bundle's own value
        self.tokens += 1
        return multiple(*moves.claim(self.disk, self.now, self.now + LEASE, f"t{self.tokens}", 2))

    @rule(claimed=claims, target=sendings)
    def begin(self, claimed: Claimed) -> Any:  # noqa: ANN401  a bundle's own value
        ours = moves.begin(self.disk, claimed, self.now, f"b{self.boot}", PHONE, (None, "Welcome"))
        return multiple(claimed) if ours else multiple()

    @rule(claimed=consumes(sendings), taken=st.booleans(), target=answers)
    def the_provider_answers(self, claimed: Claimed, taken: bool) -> Any:  # noqa: ANN401, FBT001  hypothesis passes by name
        self.accepted[claimed.planned.id] += taken
        return multiple((claimed, taken))

    @rule(answer=answers)
    def the_answer_is_stored(self, answer: tuple[Claimed, bool]) -> None:
        claimed, taken = answer
        if taken:
            moves.accepted(self.disk, claimed, self.now, Accepted(provider_id=None))
        else:
            moves.again(self.disk, claimed, self.now, self.now, ("unavailable", "503"), 0)

    @rule(answer=answers)
    def the_answer_is_lost(self, answer: tuple[Claimed, bool]) -> None:
        moves.finish(self.disk, answer[0], self.now, State.UNKNOWN, ("doubt", "reset"))

    @rule(claimed=claims, state=st.sampled_from([State.SUPPRESSED, State.CANCELLED, State.DEAD, State.GHOST]))
    def the_gate_refuses(self, claimed: Claimed, state: State) -> None:
        before = self._states()[claimed.planned.id]
        if before is State.CLAIMED:  # what a worker asks for before it begins; later it has no reason to
            moves.finish(self.disk, claimed, self.now, state, ("because", ""))

    @rule(claimed=claims, later=st.none() | st.integers(1, 100))
    def it_is_put_back(self, claimed: Claimed, later: int | None) -> None:
        due = None if later is None else self.now + timedelta(seconds=later)
        moves.release(self.disk, claimed, self.now, due, held=False)

    @rule()
    def the_hub_restarts(self) -> None:
        self.boot += 1
        moves.recover(self.disk, self.now, f"b{self.boot}")

    @invariant()
    def never_accepted_twice(self) -> None:
        assert max(self.accepted.values(), default=0) <= 1, self.accepted

    @invariant()
    def what_was_accepted_is_never_said_to_be_unsent(self) -> None:
        for name, state in self._states().items():
            if self.accepted[name]:
                assert state in (State.SENDING, State.SENT, State.UNKNOWN), (name, state)

    @invariant()
    def every_step_is_one_of_the_machine(self) -> None:
        states = self._states()
        for name, after in states.items():
            before = self.before.get(name, after)
            assert after is before or _reaches(before, after), (name, before, after)
        self.before = states

    @invariant()
    def nothing_begins_after_its_expiry(self) -> None:
        late = self.disk.execute("SELECT count(*) FROM attempts WHERE started_us >= ?", (_us(EXPIRES),)).fetchone()[0]
        assert late == 0

    def _states(self) -> dict[str, State]:
        return {name: State(state) for name, state in self.disk.execute("SELECT id, state FROM messages")}


def _us(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000


def _reaches(before: State, after: State) -> bool:
    """One call may tidy and then claim: up to three steps."""
    reached = {before}
    for _ in range(3):
        reached |= {state for state in State for known in reached if may_follow(known, state)}
    return after in reached


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
