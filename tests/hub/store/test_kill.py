"""A hub that is killed in the middle of its writes has every write that it said was done."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

from hub.store.schema import migrate
from hub.store.sqlite import open_store
from tests.fakes.store import rows_of

WRITER = """
import asyncio, sys
from pathlib import Path
from hub.store.sqlite import open_migrated

async def write_on(store, worker):
    n = 0
    while True:
        key = f"{worker}/{n}"
        await store.write(lambda connection: connection.executemany(
            "INSERT INTO meta VALUES (?, ?)", [(key, "x" * 500), (key + "/second half", "")]))
        print(key, flush=True)
        n += 1

async def main():
    async with open_migrated(Path(sys.argv[1])) as store:
        await asyncio.gather(*(write_on(store, worker) for worker in range(8)))

asyncio.run(main())
"""


async def test_a_hub_that_is_killed_has_all_that_it_acknowledged_and_nothing_by_halves(tmp_path: Path) -> None:
    path = tmp_path / "innkeeper.db"
    await asyncio.to_thread(migrate, path)
    for seconds in (0.1, 0.17, 0.31):
        acknowledged = await _acknowledged_before_the_kill(path, seconds)

        async with open_store(path) as store:
            kept = {str(row[0]) for row in rows_of(path, "SELECT key FROM meta")}
            assert acknowledged
            assert acknowledged <= kept
            assert {key + "/second half" for key in kept if "second" not in key} <= kept
            await store.write(lambda connection: connection.execute("DELETE FROM meta"))


async def _acknowledged_before_the_kill(path: Path, seconds: float) -> set[str]:
    writer = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, path, stdout=asyncio.subprocess.PIPE)
    assert writer.stdout is not None
    first = await writer.stdout.readline()
    until = time.monotonic() + seconds
    said = [first]
    while time.monotonic() < until:
        said.append(await writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    said += (await writer.stdout.read()).splitlines(keepends=True)
    await writer.wait()
    return {line.decode().strip() for line in said if line.endswith(b"\n")}
