"""The whole gateway as it is deployed: the daemon on a simulated BlueZ, mosquitto with TLS and ACL, a hub's far end."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Final

import pytest

from firmware_sim.bluez import PrivateBus, SimulatedBluez
from tests.fakes.far_hub import GATEWAY, KEY, VENUE, FarHub
from tests.fakes.foreigners import Foreigners
from tests.fakes.moments import until
from tests.fakes.mosquitto import RunningMosquitto, running_mosquitto
from tests.fakes.programs import Program, programs
from tests.fakes.radio import an_advert
from tests.fakes.spooled import inflated, on_disk
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

pytestmark = [pytest.mark.needs("dbus-daemon", "mosquitto", "mosquitto_passwd"), pytest.mark.timeout(120)]

TAG: Final = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"
NAME: Final = pseudonym(KEY, parse_tag(TAG))
FOREIGN: Final = 10_000
CROWD: Final = [f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:27:{number}" for number in range(20)]
PER_S: Final = 50


class Site:
    """What stands around the daemon, and may fail."""

    def __init__(self, bus: PrivateBus, broker: RunningMosquitto, hub: FarHub, start: Callable[[], Program]) -> None:
        self.bus = bus
        self.broker = broker
        self.hub = hub
        self.bluez = SimulatedBluez(bus.address)
        self.daemon = start()
        self.sent = 0  # the simulator's own log: adverts that it said to a daemon that listens
        self._start = start
        self._dice = Random(27)  # noqa: S311  a seed

    def listens(self) -> bool:
        """Does the daemon hear, know whom it is to hear, and is the hub told so?"""
        state = self.hub.states[-1] if self.hub.states else None
        return state is not None and state.online and state.scan == "hybrid" and bool(state.config)

    async def passes(self, seconds: float) -> None:
        """Every tag of the crowd is heard, PER_S adverts a second in all."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            at = self._dice.randrange(len(CROWD))
            level = self._dice.randint(-80, -50)
            self.bluez.hear("hci0", an_advert(CROWD[at], level, f"C0:00:00:00:00:{at:02X}"))
            self.sent += 1
            await asyncio.sleep(1 / PER_S)

    async def daemon_is_killed(self) -> None:
        """And begins anew."""
        self.daemon.kill()
        self.hub.states.clear()
        self.daemon = self._start()
        await until(self.listens)
        await asyncio.sleep(1.0)  # until its monitor stands

    async def told(self, within_s: float = 10.0) -> float:
        """Seconds until the hub has a new row of the tag, which sends ten times a second."""
        before, began = len(self.hub.rows), time.monotonic()
        async with asyncio.timeout(within_s + 10):
            while len(self.hub.rows) == before:
                self.bluez.hear("hci0", an_advert(TAG, -50 - round(time.monotonic()) % 4 * 8))
                await asyncio.sleep(0.1)
        return self.hub.rows[before][0] - began


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    with running_mosquitto({"hub": "h", f"{VENUE}/{GATEWAY}": "g"}) as broker, programs(tmp_path) as run:
        file = tmp_path / "gateway.toml"
        file.write_text(
            f'[gateway]\nid = "{GATEWAY}"\nvenue = "{VENUE}"\ndata_dir = "{tmp_path}/var"\n'
            f'[mqtt]\nurl = "{broker.url}"\nca_file = "{broker.ca_file}"\n'
            f'password_file = "{broker.password_file(f"{VENUE}/{GATEWAY}")}"\n'
            '[[format]]\nname = "card"\ncompany = 0x0639\nid_at = 0\nid_bytes = 6\n'
        )
        async with PrivateBus() as bus:
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
            with FarHub(broker) as hub:
                hub.enrol([TAG])
                site = Site(
                    bus, broker, hub, lambda: run.start("gateway", "innkeeper-gateway", "run", "--config", file)
                )
                async with site.bluez:
                    await until(site.listens)
                    await site.told()
                    yield site
                    site.daemon.stop()


async def test_p29_the_daemon_tells_again_within_ten_seconds_of_whatever_returns(site: Site) -> None:
    returned: dict[str, float] = {}

    for _ in range(2):
        await site.bluez.crash()
        await asyncio.sleep(1.0)
        await site.bluez.start()
        returned["bluetoothd"] = await site.told()

    site.bluez.unplug("hci0")
    await until(lambda: site.hub.states[-1].scan == "none")
    await asyncio.sleep(3.0)  # its pauses have grown
    site.bluez.plug("hci0")
    returned["the adapter"] = await site.told()

    await site.bus.stop()
    await asyncio.sleep(2.0)
    await site.bus.start()
    await site.bluez.crash()
    await site.bluez.start()
    returned["the bus"] = await site.told()

    assert {what: seconds for what, seconds in returned.items() if seconds > 10} == {}
    assert site.daemon.alive()
    assert site.hub.states[-1].restarts == 0  # nothing of it was a silence


async def test_p41_of_ten_thousand_foreign_adverts_nothing_leaves_the_daemon(site: Site, tmp_path: Path) -> None:
    foreigners = Foreigners(41, key=KEY, count=FOREIGN)

    for number, advert in enumerate(foreigners.adverts):
        site.bluez.hear("hci0", advert)
        if number % 100 == 0:
            await site.bluez.drained()
            await asyncio.sleep(0)
    await site.told()
    site.hub.enrol([TAG, f"eid:{'00' * 8}"])  # which it answers with its state
    await until(lambda: site.hub.states[-1].dropped >= FOREIGN)
    site.daemon.stop()
    await until(lambda: not site.hub.states[-1].online)

    wire = b"\n".join(topic.encode() + inflated(payload) for topic, payload in site.hub.payloads)
    disk, log = on_disk(tmp_path / "var"), site.daemon.text().encode()
    assert NAME.encode() in wire
    assert disk
    assert b"Listening" in log
    assert [foreigners.found_in(place) for place in (wire, disk, log)] == [set()] * 3


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_p27_from_the_radio_to_the_hub_every_sighting_is_stored_once(site: Site) -> None:
    dice, kills, outages = Random(27), 0, 0  # noqa: S311  a seed
    site.hub.enrol(CROWD, thinned=False)
    site.hub.muddles(dice)
    await asyncio.sleep(2.0)
    before = site.hub.readings

    for turn in range(9):
        await site.passes(dice.uniform(1.0, 5.0))
        if turn % 3 == 0:
            await site.daemon_is_killed()
            kills += 1
        elif turn % 3 == 1:
            site.broker.kill()
            await site.passes(60.0 if turn == 1 else dice.uniform(1.0, 10.0))
            site.broker.start()
            outages += 1
        else:
            site.hub.go()
            await site.passes(dice.uniform(1.0, 15.0))
            site.hub.come()
            outages += 1
    await site.passes(3.0)
    calm, stored = 0, -1
    async with asyncio.timeout(300):
        while calm < 50:  # five seconds without anything new, and nothing missing
            await asyncio.sleep(0.1)
            calm = calm + 1 if site.hub.readings == stored and site.hub.missing == 0 else 0
            stored = site.hub.readings

    readings, epochs = site.hub.readings - before, len(site.hub.marks)
    batches = sum(mark.batches for mark in site.hub.marks.values())
    sys.stdout.write(
        f"\nP27: {site.sent:,} adverts in the simulator's log, {outages} outages of broker or hub (one of 60 s), "
        f"{kills} SIGKILLs: {batches:,} batches stored once, none missing, {readings:,} readings in them\n"
    )
    assert epochs == 1
    assert 0 <= site.sent - readings <= kills * PER_S * 1.5  # what a kill finds in its unfinished window
