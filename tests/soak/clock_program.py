"""A hub's journeys and outbox on one database, told over its standard input; its clock is what the library shows it.

`enter NAME` is the guest's entering of the lobby now; answered with what was decided. `sent` is answered with how many
messages were accepted ever, `held` with why nothing is sent.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC
from itertools import count
from pathlib import Path

from hub.clock import SystemClock, boot_id, boot_time
from hub.journeys.engine import Journeys
from hub.journeys.rulebooks import Rulebooks
from hub.outbox.dispatch import Dispatcher
from hub.outbox.holding import Holding
from hub.store.box import BoxStore
from hub.store.ledger import LedgerStore
from hub.store.sqlite import open_migrated
from hub.store.standstill import StandstillStore
from tests.fakes.arrivals import enters
from tests.fakes.channel import FakeChannel
from tests.fakes.rulebook import the_hotel


async def main(database: Path, boot: str, machine: str) -> None:
    clock, channel, tokens = SystemClock(), FakeChannel(), count()
    rulebooks = Rulebooks({"marlton": the_hotel()})
    async with open_migrated(database) as store:
        holding = Holding(
            standstill=StandstillStore(store), clock=clock, boot=boot_time, boot_id=f"{boot_id()}{machine}"
        )
        dispatcher = Dispatcher(
            box=BoxStore(store, timezone_of=lambda _: UTC),
            channels={"apns": channel},
            rulebook_of=rulebooks.of,
            clock=clock,
            chance=lambda: 0.5,
            boot=boot,
            new_token=lambda: f"{boot}-{next(tokens)}",
            unsubscribe_url=lambda _: None,
            holding=holding,
        )
        journeys = Journeys(
            LedgerStore(store, timezone_of=lambda _: UTC, departures=lambda: dispatcher.departures),
            rulebooks,
            clock,
            decided=lambda _: dispatcher.poke(),
        )
        await holding.settle_in()  # the dispatcher does too; nothing is asked here before
        sending = asyncio.create_task(dispatcher.run())
        while line := (await asyncio.to_thread(sys.stdin.readline)).split():
            if line[0] == "enter":
                record = await journeys.handle(enters("lobby", at=clock.now(), name=line[1]))
                said = "nothing" if record is None else " ".join(each.message for each in record.planned) or "refused"
            elif line[0] == "held":
                held = holding.held()
                dispatcher.poke()
                said = "no" if held is None else held.value
            else:
                said = str(len(channel.accepted))
            sys.stderr.flush()
            sys.__stdout__.write(f"{said}\n")
            sys.__stdout__.flush()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
