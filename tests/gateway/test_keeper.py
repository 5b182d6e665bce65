"""Between memory and disk: nothing is forgotten over a restart or a kill, and no number is used twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway import keeper as keeping
from gateway.clock import Clock
from gateway.held import Held
from gateway.keeper import Keeper
from gateway.spool import ACK_WITHIN_S, FLUSH_S
from gateway.window import Sighting
from wire.mqtt.messages import Ack
from wire.pseudonym import Pseudonym

TAG = Pseudonym("Wxyc7f0aKq2m_9Zt")


class Pi:
    """One gateway's disk and clocks; each `on` is a run of the daemon."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 1000.0
        self.wall = 1.7e9
        self.wall_ok = True
        self.boot = "boot-1"
        self.epochs = iter(f"epoch-{number}" for number in range(1, 10))

    @asynccontextmanager
    async def on(self) -> AsyncIterator[Keeper]:
        clock = Clock(lambda: self.now, lambda: self.wall, lambda: self.wall_ok)
        async with keeping.open_keeper(
            self.folder / "disk",
            self.folder / "run",
            max_bytes=1 << 20,
            boot=self.boot,
            new_epoch=lambda: next(self.epochs),
            clock=clock,
        ) as keeper:
            yield keeper

    async def killed(self, *, batches: int, carried: int = 0) -> None:
        """A run that ends without a word after so many batches, `carried` of which went to the disk."""
        context = self.on()
        keeper = await context.__aenter__()
        for _ in range(carried):
            self.put(keeper)
        if carried:
            self.passes(ACK_WITHIN_S + FLUSH_S)
            keeper.spool.next_due(self.now)
            await keeper.carry()
            assert keeper.spool.unsaved == 0
        for _ in range(batches - carried):
            self.put(keeper)
        assert keeper._file is not None
        keeper._file.close()  # what the kernel does
        keeper._journal._close()
        keeper._file = None
        keeper._journal.end = lambda: None  # type: ignore[method-assign]  # nobody tidies up after a kill
        await context.__aexit__(None, None, None)

    def put(self, keeper: Keeper) -> Held:
        row = Sighting(TAG, self.now - 0.5, self.now - 0.1, 2, -70.0, -66, -71)
        return keeper.spool.put(0, [row], self.now)

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds

    def reboots(self, *, off_s: float) -> None:
        self.wall += off_s
        self.now = 10.0
        self.boot = "boot-2"


async def told(keeper: Keeper, pi: Pi) -> list[Held]:
    """All that is handed over, once, until nothing is left."""
    handed: list[Held] = []
    for _ in range(400):
        await keeper.carry()
        while (due := keeper.spool.next_due(pi.now)) is not None:
            keeper.spool.handed_over(*due, pi.now)
            handed.append(due[1])
            keeper.spool.acknowledge(Ack(epoch=due[1].epoch, bucket=0, upto=0, also=((due[1].seq, due[1].seq),)))
        pi.passes(0.2)
        if not len(keeper.spool):
            break
    return handed


async def test_while_the_hub_answers_nothing_is_written(tmp_path: Path) -> None:
    pi = Pi(tmp_path)
    async with pi.on() as keeper:
        size = (tmp_path / "disk/spool.db").stat().st_mtime_ns

        for _ in range(50):
            held = pi.put(keeper)
            keeper.spool.acknowledge(Ack(epoch=held.epoch, bucket=0, upto=held.seq))
            pi.passes(1.0)
            await keeper.carry()

        assert (tmp_path / "disk/spool.db").stat().st_mtime_ns == size
        assert keeper.spool.next_seq == {0: 51}


async def test_in_an_outage_batches_go_to_the_disk_and_come_back_in_order(tmp_path: Path) -> None:
    pi = Pi(tmp_path)
    async with pi.on() as keeper:
        for _ in range(60):
            pi.put(keeper)
            pi.passes(1.0)
            keeper.spool.next_due(pi.now)
            await keeper.carry()
        in_memory = keeper.spool.unsaved

        handed = await told(keeper, pi)

        assert in_memory <= ACK_WITHIN_S + FLUSH_S + 1
        assert sorted(held.seq for held in handed) == list(range(1, 61))
        assert len(keeper.spool) == 0
        assert handed[-1].rows[0].readings == 2


async def test_after_a_good_end_the_numbers_go_on(tmp_path: Path) -> None:
    pi = Pi(tmp_path)
    async with pi.on() as keeper:
        for _ in range(3):
            pi.put(keeper)

    async with pi.on() as keeper:
        fourth = pi.put(keeper)
        assert len(keeper.spool) == 4
        handed = await told(keeper, pi)

    assert (fourth.epoch, fourth.seq) == ("epoch-1", 4)
    assert sorted(held.seq for held in handed) == [1, 2, 3, 4]


async def test_after_a_kill_nothing_is_missing_and_no_number_is_used_twice(tmp_path: Path) -> None:
    pi = Pi(tmp_path)
    await pi.killed(batches=9, carried=4)

    async with pi.on() as keeper:
        tenth = pi.put(keeper)
        handed = await told(keeper, pi)

    assert (tenth.epoch, tenth.seq) == ("epoch-1", 10)
    assert sorted(held.seq for held in handed) == list(range(1, 11))


async def test_a_kill_after_which_the_journal_is_torn_loses_its_end_alone(tmp_path: Path) -> None:
    pi = Pi(tmp_path)
    await pi.killed(batches=5)
    journal = tmp_path / "run/journal"
    journal.write_bytes(journal.read_bytes()[:-3])

    async with pi.on() as keeper:
        assert len(keeper.spool) == 4


async def test_after_a_power_cut_a_new_epoch_begins_and_the_old_one_is_still_told(tmp_path: Path) -> None:
    pi = Pi(tmp_path)
    await pi.killed(batches=9, carried=4)
    (tmp_path / "run/journal").unlink()
    pi.reboots(off_s=3600.0)

    async with pi.on() as keeper:
        first = pi.put(keeper)
        handed = await told(keeper, pi)

    assert (first.epoch, first.seq) == ("epoch-2", 1)
    assert sorted((held.epoch, held.seq) for held in handed) == [
        *(("epoch-1", seq) for seq in range(1, 5)),
        ("epoch-2", 1),
    ]


async def test_what_was_heard_before_a_reboot_has_its_true_age(tmp_path: Path) -> None:
    pi = Pi(tmp_path)
    async with pi.on() as keeper:
        pi.put(keeper)
    pi.reboots(off_s=3600.0)

    async with pi.on() as keeper:
        (held,) = await told(keeper, pi)

        assert abs((pi.now - held.rows[0].last_at) - 3600.1) < 1.0


async def test_a_pi_that_does_not_know_the_day_calls_it_as_old_as_this_boot_at_least(tmp_path: Path) -> None:
    pi = Pi(tmp_path)
    async with pi.on() as keeper:
        pi.put(keeper)
    pi.reboots(off_s=3600.0)
    pi.wall_ok = False

    async with pi.on() as keeper:
        (held,) = await told(keeper, pi)

        assert pi.now - held.rows[0].last_at >= 10.0


async def test_without_a_disk_it_goes_on_in_memory(tmp_path: Path) -> None:
    pi = Pi(tmp_path)
    (tmp_path / "disk").write_text("in the way")

    async with pi.on() as keeper:
        pi.put(keeper)
        pi.passes(20.0)
        await keeper.carry()

        assert len(keeper.spool) == 1


async def test_a_batch_that_is_confirmed_while_it_is_written_is_deleted(tmp_path: Path) -> None:
    pi = Pi(tmp_path)
    async with pi.on() as keeper:
        held = pi.put(keeper)
        pi.passes(ACK_WITHIN_S + 1)
        keeper.spool.next_due(pi.now)

        carrying = asyncio.create_task(keeper.carry())
        await asyncio.sleep(0)
        keeper.spool.acknowledge(Ack(epoch=held.epoch, bucket=0, upto=1))
        await carrying
        pi.passes(FLUSH_S)
        await keeper.carry()

        assert keeper._file is not None
        assert keeper._file.oldest(0, 10) == []
        assert len(keeper.spool) == 0
