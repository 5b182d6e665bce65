"""P1 to P3: three workers killed and paused at random, a provider that misbehaves in every way: nothing twice."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import pytest

from firmware_sim.providers.behaviour import Behaviour, Mode
from tests.fakes.store import rows_of
from tests.soak.site import SETTLED, Site, a_site

WORKERS: Final = 3
GOAWAY_EVERY: Final = 300  # requests of one connection, whatever else the provider does
MISERY: Final = (
    Behaviour(mode=Mode.CUT, accept=True, times=1, every=GOAWAY_EVERY),
    Behaviour(mode=Mode.CUT, accept=False, times=1, every=GOAWAY_EVERY),
    Behaviour(mode=Mode.RESET, accept=True, times=1, every=GOAWAY_EVERY),
    Behaviour(mode=Mode.THROTTLE, retry_after_s=1, times=3, every=GOAWAY_EVERY),
    Behaviour(mode=Mode.REFUSE, reason="ServiceUnavailable", times=3, every=GOAWAY_EVERY),
    Behaviour(mode=Mode.HANG, accept=True, times=1, every=GOAWAY_EVERY),
    Behaviour(mode=Mode.DRIP, delay_s=0.5, times=1, every=GOAWAY_EVERY),
    Behaviour(every=GOAWAY_EVERY),
    Behaviour(every=GOAWAY_EVERY),
    Behaviour(every=GOAWAY_EVERY),
)
HARD: Final = (0.05, 0.4)  # seconds between two blows
USUAL: Final = (0.5, 2.0)  # one for each fifty messages or so
PAST_THE_LEASE_S: Final = 32  # a worker that stands still so long has lost its lease
KEEP_S: Final = 20  # shorter than the outage
FINAL_WITHIN_S: Final = 60  # after a message's end


async def chaos(
    site: Site, chance: Random, *, guests: int, seconds: float, every_s: tuple[float, float], long_pauses: bool
) -> Counter[str]:
    """Guests come in while workers are killed and paused; then peace, until all is settled."""
    names = [f"g{n}" for n in range(guests)]
    database = await site.database("chaos", names)
    at, total = datetime.now(UTC), Counter[str]()
    shares = [names[n::WORKERS] for n in range(WORKERS)]
    workers = [await _begun(site, database, shares[n], at) for n in range(WORKERS)]
    until = asyncio.get_running_loop().time() + seconds
    pauses: set[asyncio.Task[None]] = set()
    while asyncio.get_running_loop().time() < until:
        await asyncio.sleep(chance.uniform(*every_s))
        misery = chance.choice(MISERY)
        total[f"told to {misery.mode}"] += 1
        site.sim.providers.behave(apns=misery)
        nth = chance.randrange(WORKERS)
        if chance.random() < 0.5:
            total["kills"] += 1
            with suppress(ProcessLookupError):
                os.kill(workers[nth], signal.SIGKILL)
            await site.gone(workers[nth])
            workers[nth] = await _begun(site, database, shares[nth], at)
        else:
            total["pauses"] += 1
            long = long_pauses and chance.random() < 0.05
            pause = PAST_THE_LEASE_S if long else chance.uniform(0.1, 1.5)
            pauses.add(asyncio.create_task(_paused(workers[nth], pause)))
    site.sim.providers.behave()
    await asyncio.gather(*pauses)
    for pid in workers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        await site.gone(pid)
    for share in shares:
        await site.lives(database, share, at=datetime.now(UTC), patience_s=60)
    return total + _counted(site, database, names)


async def _begun(site: Site, database: Path, guests: list[str], at: datetime, *, keep_s: float | None = None) -> int:
    pid = await site.born(database, guests, at=at, patience_s=600, keep_s=keep_s)
    os.kill(pid, signal.SIGUSR1)
    return pid


async def _paused(pid: int, seconds: float) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        os.kill(pid, signal.SIGCONT)


def _counted(site: Site, database: Path, names: list[str]) -> Counter[str]:
    ids, accepted = site.ids(database), site.accepted()
    lost = [name for name, state in ids.items() if state == "UNKNOWN" and not accepted[name]]
    by_guest = Counter(guest for (guest,) in rows_of(database, "SELECT guest FROM messages"))
    late = rows_of(database, "SELECT id FROM messages WHERE updated_us > expires_us + ?", FINAL_WITHIN_S * 1_000_000)
    return Counter(
        guests=len(names),
        decided=len(ids),
        accepted=sum(1 for name in ids if accepted[name]),
        doubled=sum(max(0, accepted[name] - 1) for name in ids) + sum(max(0, n - 1) for n in by_guest.values()),
        unsettled=sum(1 for state in ids.values() if state not in SETTLED) + len(late),
        sent_but_not_said=sum(1 for name, state in ids.items() if accepted[name] and state not in ("SENT", "UNKNOWN")),
        doubtful=sum(1 for state in ids.values() if state == "UNKNOWN"),
        lost_in_doubt=len(lost),
        dead=sum(1 for state in ids.values() if state == "DEAD"),
    )


async def test_p01_p02_three_workers_killed_and_paused_at_random_send_nothing_twice_and_settle_all(
    tmp_path: Path,
) -> None:
    async with a_site(tmp_path) as site:
        chance = Random(5)  # noqa: S311  a seed, so that a failure can be had again
        total = await chaos(site, chance, guests=300, seconds=8, every_s=HARD, long_pauses=False)

    assert total["kills"] + total["pauses"] > 10
    assert total["decided"] == total["guests"]
    assert (total["doubled"], total["unsettled"], total["sent_but_not_said"]) == (0, 0, 0), total


async def test_p03_without_faults_nothing_is_lost(tmp_path: Path) -> None:
    names = [f"g{n}" for n in range(200)]
    async with a_site(tmp_path) as site:
        site.sim.providers.behave(apns=Behaviour(mode=Mode.GOAWAY, every=30))
        database = await site.database("quiet", names)
        await site.lives(database, names)
        states, accepted = Counter(site.states(database).values()), site.accepted()

    assert states == {"SENT": len(names)}
    assert set(accepted.values()) == {1}


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_p02_through_an_outage_that_outlasts_them_all_messages_are_final_a_minute_after_their_end(
    tmp_path: Path,
) -> None:
    names, chance = [f"g{n}" for n in range(120)], Random(2)  # noqa: S311  a seed
    outage = (Behaviour(mode=Mode.HANG, accept=False), Behaviour(mode=Mode.REFUSE, reason="ServiceUnavailable"))
    async with a_site(tmp_path) as site:
        site.sim.providers.behave(apns=outage[0])
        database, at = await site.database("outage", names), datetime.now(UTC)
        shares = [names[n::WORKERS] for n in range(WORKERS)]
        workers = [await _begun(site, database, share, at, keep_s=KEEP_S) for share in shares]
        while datetime.now(UTC) < at + timedelta(seconds=KEEP_S):
            await asyncio.sleep(chance.uniform(0.5, 2))
            site.sim.providers.behave(apns=chance.choice(outage))
            nth = chance.randrange(WORKERS)
            with suppress(ProcessLookupError):
                os.kill(workers[nth], signal.SIGKILL)
            await site.gone(workers[nth])
            workers[nth] = await _begun(site, database, shares[nth], at, keep_s=KEEP_S)
        await asyncio.sleep(FINAL_WITHIN_S - 2)
        total = _counted(site, database, names)

    assert total["decided"] == total["guests"]
    assert (total["doubled"], total["unsettled"], total["accepted"]) == (0, 0, 0), total


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
async def test_p01_p02_p03_ten_thousand_accepted_under_chaos(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    total: Counter[str] = Counter()
    seed = 0
    while total["accepted"] < 10_000:
        seed += 1
        folder = tmp_path / f"round-{seed}"
        folder.mkdir()
        async with a_site(folder) as site:
            chance = Random(seed)  # noqa: S311  the same
            total += await chaos(site, chance, guests=2_000, seconds=60, every_s=USUAL, long_pauses=True)
    with capsys.disabled():
        print(f"\nchaos, seeds 1 to {seed}: {dict(total)}")  # noqa: T201  the figures of a proof

    assert total["kills"] > 100
    assert all(total[f"told to {misery.mode}"] for misery in MISERY)
    assert (total["doubled"], total["unsettled"], total["sent_but_not_said"]) == (0, 0, 0), total
    assert total["lost_in_doubt"] <= total["decided"] / 100
