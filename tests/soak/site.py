"""A database with guests, a simulated Apple, and hubs as processes: what a test kills, and what it counts after."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hub.identity.guest import Consent, Device, DeviceKind, GuestId, Profile
from hub.store.guests import GuestStore
from hub.store.schema import migrate
from hub.store.sqlite import open_migrated
from tests.fakes.sim_providers import Simulated, simulated
from tests.fakes.store import rows_of

ROOT: Final = Path(__file__).parents[2]
SETTLED: Final = frozenset({"SENT", "UNKNOWN", "EXPIRED", "DEAD", "SUPPRESSED", "CANCELLED"})
YES: Final = Consent(purpose="marketing", channel="push", granted=True, source="app", wording="Yes")


@dataclass
class Site:
    """One place; several databases may live and die in it."""

    folder: Path
    sim: Simulated
    nursery: asyncio.subprocess.Process
    boots: int = 0
    alive: set[int] = field(default_factory=set)

    async def database(self, name: str, guests: Sequence[str]) -> Path:
        """A new database that knows these guests."""
        path = self.folder / f"{name}.db"
        await asyncio.to_thread(migrate, path)
        async with open_migrated(path) as store:
            known = GuestStore(store)
            for guest in guests:
                await known.put_guest(GuestId(guest), Profile(first_name="Ana", holdout="never"), datetime.now(UTC))
                phone = Device(
                    id="phone", kind=DeviceKind.APNS, address=guest.encode().hex(), app=None, environment=None
                )
                await known.put_device(GuestId(guest), phone, datetime.now(UTC))
                await known.record_consent(GuestId(guest), YES, datetime.now(UTC))
        return path

    def copy(self, template: Path, name: str) -> Path:
        """The same database once more."""
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{template}{ending}", self.folder / f"{name}.db{ending}")
        return self.folder / f"{name}.db"

    async def born(
        self,
        database: Path,
        guests: Sequence[str],
        *,
        at: datetime | None = None,
        patience_s: float = 20,
        keep_s: float | None = None,
    ) -> int:
        """A hub that waits for SIGUSR1 to begin; its process id."""
        self.boots += 1
        settings = {name: str(value) for name, value in asdict(self.sim.apns).items() if value is not None}
        job = {
            "database": str(database),
            "boot": f"b{self.boots}",
            "seed": self.boots,
            "guests": list(guests),
            "at": (at or datetime.now(UTC)).isoformat(),
            "apns": settings,
            "patience_s": patience_s,
            "keep_s": keep_s,  # how long a message is worth sending, instead of what the journey says
        }
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps(job).encode() + b"\n")
        await self.nursery.stdin.drain()
        pid = int(await self.nursery.stdout.readline())
        self.alive.add(pid)
        return pid

    async def lives(
        self, database: Path, guests: Sequence[str], *, at: datetime | None = None, patience_s: float = 20
    ) -> None:
        """A whole life, to its own end."""
        pid = await self.born(database, guests, at=at, patience_s=patience_s)
        os.kill(pid, signal.SIGUSR1)
        await self.gone(pid)

    async def gone(self, pid: int, *, within_s: float = 90) -> None:
        """Until the process is no more."""
        async with asyncio.timeout(within_s):
            while _is_alive(pid):  # noqa: ASYNC110  a process that is not ours to wait for
                await asyncio.sleep(0.005)
        self.alive.discard(pid)

    def accepted(self) -> Counter[str]:
        """How often each message was accepted."""
        return Counter(self.sim.accepted_ids())

    def states(self, database: Path) -> dict[str, str]:
        """Each guest's message, and where it stands."""
        return {str(guest): str(state) for guest, state in rows_of(database, "SELECT guest, state FROM messages")}

    def ids(self, database: Path) -> dict[str, str]:
        """Each message's id, and where it stands."""
        return {str(name): str(state) for name, state in rows_of(database, "SELECT id, state FROM messages")}


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    return False


@asynccontextmanager
async def a_site(folder: Path) -> AsyncIterator[Site]:
    """All of it, stopped at the end."""
    nursery = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.soak.hub_program",
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with simulated(folder) as sim:
        site = Site(folder, sim, nursery)
        try:
            yield site
        finally:
            for pid in site.alive:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            nursery.kill()
            await nursery.wait()
