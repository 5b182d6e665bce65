"""How long does a hub take to stand again where it stood, with a hundred thousand guests waiting in journeys?

Guests wait until a time of theirs, spread over a day; the journey's file was changed ten times, and every version was
kept. A restart opens the store, reads the versions that are still in use, and knows whom to look at first. Beside it,
in the same run, a bare program that opens the same file and reads one row by the same index.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.journeys.port import KeptVersion
from hub.journeys.rulebooks import Rulebooks, with_versions_in_use
from hub.store.holds import HoldStore
from hub.store.ledger import LedgerStore
from hub.store.sqlite import Store, open_store
from hub.store.times import to_us
from hub.store.values import dump_run
from rules.run import Run
from tests.fakes.lounge import JOURNEY, the_lounge

WAITS = 100_000
VERSIONS = 10
DUE = 64  # at the moment of the restart: one batch
T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)
_GUEST = "INSERT INTO guests (guest, created_us, updated_us) VALUES (?, 0, 0)"
_RUN = (
    "INSERT INTO runs (id, venue, guest, journey, version, once_key, started_us, live, wake_us, value_json)"
    " VALUES (?, 'airport', ?, 'lounge', ?, '', 0, 1, ?, ?)"
)


def run(*, quick: bool = False) -> Mapping[str, float]:
    """Seconds of the clock."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "innkeeper.db"
        asyncio.run(_fill(path, WAITS // 20 if quick else WAITS))
        restart, found = asyncio.run(_restart(path))
        bare = _bare(path)
    assert found == DUE
    return {"restart_s": round(restart, 3), "bare_open_s": round(bare, 4)}


async def _fill(path: Path, waits: int) -> None:
    texts = [_kept(n) for n in range(VERSIONS)]
    newest = the_lounge().journeys[0].version
    async with open_store(path) as store:
        await LedgerStore(store, timezone_of=lambda _: UTC).keep_versions(texts, now=T0)
        await store.write(lambda c: c.executemany(_GUEST, [(f"guest-{n}",) for n in range(waits)]))
        await store.write(lambda c: c.executemany(_RUN, [_row(n, waits, newest) for n in range(waits)]))


def _kept(n: int) -> KeptVersion:
    text = JOURNEY if n == VERSIONS - 1 else JOURNEY.replace("'20m'", f"'{n + 1}m'")
    version = the_lounge().journeys[0].version if n == VERSIONS - 1 else f"version-{n}"
    return KeptVersion(venue="airport", journey="lounge", version=version, text=text)


def _row(n: int, waits: int, version: str) -> tuple[object, ...]:
    """The first DUE of them are due, the others spread over a day."""
    wake = T0 if n < DUE else T0 + timedelta(days=1) * n / waits
    waiting = Run(
        id=f"run-{n}", journey="lounge", version=version, venue="airport", guest=f"guest-{n}", once_key="",
        started_at=T0, start_event=f"e-{n}", step="steps.1", wait_from=T0, deadline=wake, wake_at=wake,
    )  # fmt: skip
    return (waiting.id, waiting.guest, version, to_us(wake), dump_run(waiting))


async def _restart(path: Path) -> tuple[float, int]:
    started = time.perf_counter()
    async with open_store(path) as store:
        found = await _stand_again(store)
        took = time.perf_counter() - started
    return took, found


async def _stand_again(store: Store) -> int:
    """As the hub does it: what is held back, the versions in use, the first deadlines, and when the next one comes."""
    ledger, rulebooks = LedgerStore(store, timezone_of=lambda _: UTC), Rulebooks({})
    rulebooks.hold(await HoldStore(store).held())
    rulebooks.swap(await with_versions_in_use({"airport": the_lounge()}, [_kept(VERSIONS - 1)], ledger, now=T0))
    due = await ledger.due(now=T0, limit=DUE + 1)
    await ledger.next_wake()
    await ledger.pending(limit=DUE)
    return len(due)


def _bare(path: Path) -> float:
    started = time.perf_counter()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("SELECT min(wake_us) FROM runs WHERE live AND wake_us IS NOT NULL").fetchone()
    return time.perf_counter() - started
