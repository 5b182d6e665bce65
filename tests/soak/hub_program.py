"""A hub from the event to the stored answer, as processes of its own that a test may kill at any moment.

`python -m tests.soak.hub_program` reads one JSON line a run from its standard input, forks a child for it and says its
process id; the child waits for SIGUSR1, so that a tracer can be put on it first. It decides about its guests, sends
until nothing is left to do, and ends with 0.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

from hub.channels.apns import ApnsSettings, open_apns
from hub.clock import SystemClock
from hub.errors import StoreFailed
from hub.journeys.engine import Journeys
from hub.journeys.rulebooks import Rulebooks
from hub.outbox.dispatch import Dispatcher
from hub.store.box import BoxStore
from hub.store.ledger import LedgerStore
from hub.store.sqlite import Store, open_migrated
from rules.journey import Journey
from tests.fakes.arrivals import enters
from tests.fakes.rulebook import a_journey, a_rulebook

OPEN_STATES: Final = "('SCHEDULED', 'READY', 'CLAIMED', 'SENDING')"
_LEFT: Final = f"SELECT count(*) FROM messages WHERE state IN {OPEN_STATES}"  # noqa: S608  our own states


async def run(job: dict[str, Any]) -> None:
    """One life of a hub, or of one of several workers on one database."""
    clock, boot = SystemClock(), str(job["boot"])
    chance, tokens = Random(job.get("seed")), count()  # noqa: S311  jitter
    rulebooks = Rulebooks({"marlton": a_rulebook(journey=_journey(job))})
    async with open_migrated(Path(job["database"])) as store, open_apns(_settings(job), clock) as apns:
        dispatcher = Dispatcher(
            box=BoxStore(store, timezone_of=lambda _: UTC),
            channels={"apns": apns},
            rulebook_of=rulebooks.of,
            clock=clock,
            chance=chance.random,
            boot=boot,
            new_token=lambda: f"{boot}-{next(tokens)}",
            unsubscribe_url=lambda _: None,
        )
        journeys = Journeys(
            LedgerStore(store, timezone_of=lambda _: UTC, departures=lambda: dispatcher.departures),
            rulebooks,
            clock,
            decided=lambda _: dispatcher.poke(),
        )
        sending = asyncio.create_task(dispatcher.run())
        at = datetime.fromisoformat(job["at"])
        for guest in job["guests"]:
            await journeys.handle(enters("lobby", guest=guest, at=at, name=f"enters-{guest}"))
        await _until_done(store, clock, timedelta(seconds=job["patience_s"]))
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


def _journey(job: dict[str, Any]) -> Journey:
    journey, keep_s = a_journey(), job.get("keep_s")
    if keep_s is None:
        return journey
    keep = timedelta(seconds=keep_s)
    return replace(journey, messages={name: replace(each, keep=keep) for name, each in journey.messages.items()})


async def _until_done(store: Store, clock: SystemClock, patience: timedelta) -> None:
    until = clock.monotonic() + patience.total_seconds()
    while clock.monotonic() < until:
        try:
            (left,) = await store.read(lambda c: c.execute(_LEFT).fetchone())
        except StoreFailed:
            left = 1
        if not left:
            return
        await asyncio.sleep(0.02)


def _settings(job: dict[str, Any]) -> ApnsSettings:
    paths = {name: Path(value) for name, value in job["apns"].items() if name.endswith("_file")}
    return ApnsSettings(**{**job["apns"], **paths})


def child(job: dict[str, Any]) -> None:
    """Wait for the sign, then live."""
    signal.sigwait({signal.SIGUSR1})
    asyncio.run(run(job))


def main() -> None:
    """Fork a child a line; say its id at once, and how it ended when it has."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them: who asked looks at the process
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            code = 1
            os.dup2(2, 1)  # its log must not be taken for an answer
            try:
                child(job)
                code = 0
            finally:
                os._exit(code)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
