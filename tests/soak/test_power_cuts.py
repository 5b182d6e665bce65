"""P14: when the power goes, no consent, cooldown or outbox state that was answered for is missing."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from hub.store.schema import migrate
from tests.fakes.store import rows_of
from tests.soak.mounts import loop_disk
from tests.soak.site import ROOT

DISK_MIB = 1024  # a file with holes; two hundred cuts' writes filled one of 96
IN_SHORT, IN_FULL = 20, 200

WRITER = """
import asyncio, sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from hub.identity.guest import Consent, GuestId, Profile
from hub.store.guests import GuestStore
from hub.store.posting import put_message
from hub.store.sqlite import open_migrated
from tests.fakes.planned import a_planned

async def write_on(store, worker):
    guests, n = GuestStore(store), 0
    while True:
        guest, now = GuestId(f"{worker}-{n}"), datetime.now(UTC)
        await guests.put_guest(guest, Profile(), now)
        await guests.record_consent(guest, Consent(
            purpose="marketing", channel="push", granted=False, source="app", wording="No"), now)
        print(f"consents {guest} {time.monotonic()}", flush=True)
        planned = a_planned(f"m-{guest}", guest=guest, at=now, expires_at=now + timedelta(minutes=15))
        await store.write(lambda c: put_message(c, planned, now))
        print(f"messages {guest} {time.monotonic()}", flush=True)
        n += 1

async def main():
    async with open_migrated(Path(sys.argv[1])) as store:
        await asyncio.gather(*(write_on(store, f"{sys.argv[2]}-{worker}") for worker in range(8)))

asyncio.run(main())
"""


async def cuts(folder: Path, times: int) -> Counter[str]:
    """So many power cuts of one disk, each while the hub writes; what was answered for, and what of it is missing."""
    chance, total = Random(14), Counter[str]()  # noqa: S311  a seed, so that a failure can be had again
    with loop_disk(folder, mib=DISK_MIB) as disk:
        database = disk.path / "innkeeper.db"
        await asyncio.to_thread(migrate, database)
        os.sync()
        for nth in range(times):
            said, cut_at = await _written_until_the_cut(database, str(nth), chance.uniform(0.15, 0.6), disk.cut)
            disk.again()
            for table in ("consents", "messages"):
                kept = {str(guest) for (guest,) in rows_of(database, f"SELECT guest FROM {table}")}  # noqa: S608  ours
                answered = {guest for what, guest, at in said if what == table and at < cut_at}
                too_late = {guest for what, guest, at in said if what == table and at >= cut_at}
                total[f"{table} answered"] += len(answered)
                total["missing"] += len(answered - kept)
                # A machine without power answers nobody; this one runs on for a moment without its disk.
                total["answered after the cut"] += len(too_late)
                total["missing of those"] += len(too_late - kept)
            total["cuts"] += 1
            assert rows_of(database, "PRAGMA integrity_check") == [("ok",)]
    return total


async def _written_until_the_cut(
    database: Path, nth: str, seconds: float, cut: Callable[[], None]
) -> tuple[list[tuple[str, str, float]], float]:
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(database), nth,
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert writer.stdout is not None
    assert writer.stderr is not None
    said = [await writer.stdout.readline()]
    reading = asyncio.create_task(writer.stdout.read())
    complaining = asyncio.create_task(writer.stderr.read())
    await asyncio.sleep(seconds)
    assert writer.returncode is None, (await complaining).decode()  # it writes until the power goes
    cut_at = time.monotonic()
    cut()
    writer.kill()
    said += (await reading).splitlines(keepends=True)
    await complaining
    await writer.wait()
    whole = [line.decode().split() for line in said if line.endswith(b"\n")]
    return [(what, guest, float(at)) for what, guest, at in whole], cut_at


@pytest.mark.timeout(300)  # on a machine that does other things too
async def test_p14_power_cuts_take_nothing_that_was_answered_for(tmp_path: Path) -> None:
    total = await cuts(tmp_path, IN_SHORT)

    assert total["cuts"] == IN_SHORT
    assert total["consents answered"] > 0
    assert total["missing"] == 0, total


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_p14_two_hundred_power_cuts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    total = await cuts(tmp_path, IN_FULL)
    with capsys.disabled():
        print(f"\npower cuts on a loop ext4: {dict(total)}")  # noqa: T201  the figures of a proof

    assert (total["cuts"], total["missing"]) == (IN_FULL, 0)
