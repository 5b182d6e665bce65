"""P1: killed at any call of any kind between the decision and the stored answer, nothing is sent twice."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.soak.site import SETTLED, Site, a_site

pytestmark = pytest.mark.needs("strace")

GUESTS: Final = ("ana", "ben", "cleo")
SAMPLE: Final = (  # where it hurts: around a commit, a hand-over, an answer
    ("fdatasync", 1), ("fdatasync", 2), ("fdatasync", 3), ("fdatasync", 4), ("pwrite64", 3), ("pwrite64", 9),
    ("sendto", 1), ("sendto", 3), ("sendto", 4), ("recvfrom", 3), ("recvfrom", 5), ("write", 6), ("futex", 9),
    ("epoll_wait", 12),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What one killing led to."""

    killed: bool
    decided: int
    accepted: int
    doubled: int
    doubtful: int
    unsettled: int


async def killed_at(site: Site, template: Path, call: str, nth: int) -> Outcome:
    """Kill a hub at the n-th call of a kind; start it again, tell it the same events again, and count."""
    database = site.copy(template, f"run-{site.boots}")
    before = site.accepted()
    at = datetime.now(UTC)
    pid = await site.born(database, GUESTS, at=at)
    tracer = await _traced(pid, f"inject={call}:signal=KILL:when={nth}", call)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGUSR1)
    await tracer.wait()
    await site.gone(pid)
    cut_short = any(state not in SETTLED for state in site.states(database).values()) or len(
        site.states(database)
    ) < len(GUESTS)
    await site.lives(database, GUESTS, at=at)
    ids, states = site.ids(database), site.states(database)
    now = site.accepted()
    mine = {name: now[name] - before[name] for name in ids}
    for path in site.folder.glob(f"{database.name}*"):
        path.unlink()
    assert all(ids[name] in ("SENT", "UNKNOWN") for name, times in mine.items() if times)
    return Outcome(
        killed=cut_short,
        decided=len(states),
        accepted=sum(1 for times in mine.values() if times),
        doubled=sum(max(0, times - 1) for times in mine.values()),
        doubtful=sum(1 for state in states.values() if state == "UNKNOWN"),
        unsettled=sum(1 for state in states.values() if state not in SETTLED),
    )


async def _traced(pid: int, injection: str, call: str) -> asyncio.subprocess.Process:
    tracer = await asyncio.create_subprocess_exec(
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", injection, "-p", str(pid),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    async with asyncio.timeout(10):
        while not _has_tracer(pid):  # noqa: ASYNC110  the kernel tells nobody
            await asyncio.sleep(0.005)
    return tracer


def _has_tracer(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:  # it was killed at the call in which it waited for the sign
        return True
    found = re.search(r"TracerPid:\s*(\d+)", status)
    return found is not None and found[1] != "0"


async def test_p01_a_hub_killed_around_a_commit_a_hand_over_or_an_answer_sends_nothing_twice(tmp_path: Path) -> None:
    outcomes = []
    async with a_site(tmp_path) as site:
        template = await site.database("template", GUESTS)
        for call, nth in SAMPLE:
            outcomes.append(await killed_at(site, template, call, nth))

    assert sum(outcome.killed for outcome in outcomes) >= len(SAMPLE) // 2  # it was killed in the midst of it
    assert [outcome.doubled for outcome in outcomes] == [0] * len(SAMPLE)
    assert [outcome.unsettled for outcome in outcomes] == [0] * len(SAMPLE)
    assert {outcome.decided for outcome in outcomes} == {len(GUESTS)}


async def calls_of_a_life(site: Site, template: Path, log: Path) -> Counter[str]:
    """How often a thread of a hub that lives makes each kind of call, at the most."""
    database = site.copy(template, "counted")
    pid = await site.born(database, GUESTS)
    tracer = await asyncio.create_subprocess_exec("strace", "-f", "-qq", "-o", str(log), "-p", str(pid))
    async with asyncio.timeout(10):
        while not _has_tracer(pid):  # noqa: ASYNC110  the kernel tells nobody
            await asyncio.sleep(0.005)
    os.kill(pid, signal.SIGUSR1)
    await tracer.wait()
    await site.gone(pid)
    by_thread: Counter[tuple[str, str]] = Counter(_calls(log))
    most: Counter[str] = Counter()
    for (_, call), times in by_thread.items():
        most[call] = max(most[call], times)
    return most


def _calls(log: Path) -> Iterator[tuple[str, str]]:
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        found = re.match(r"(\d+)\s+(\w+)\(", line)
        if found is not None:
            yield found[1], found[2]


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
async def test_p01_killed_at_every_call_of_every_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    total: Counter[str] = Counter()
    async with a_site(tmp_path) as site:
        template = await site.database("template", GUESTS)
        most = await calls_of_a_life(site, template, tmp_path / "strace.log")
        for call, times in sorted(most.items()):
            for nth in range(1, times + 1):
                outcome = await killed_at(site, template, call, nth)
                total["kills"] += outcome.killed
                total["runs"] += 1
                for name in ("decided", "accepted", "doubled", "doubtful", "unsettled"):
                    total[name] += getattr(outcome, name)
    with capsys.disabled():
        print(f"\nkill sweep over {len(most)} kinds of calls: {dict(total)}")  # noqa: T201  the figures of a proof

    assert total["runs"] == most.total()
    assert total["kills"] > total["runs"] / 2
    assert (total["doubled"], total["unsettled"]) == (0, 0)
