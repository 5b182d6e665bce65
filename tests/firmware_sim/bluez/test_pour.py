"""The flood from a process of its own, as the benchmarks use it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from bleak import AdvertisementData, BleakScanner, BLEDevice
from dbus_fast import Message
from dbus_fast.aio.message_bus import MessageBus

from firmware_sim.bluez import private_bus

pytestmark = pytest.mark.needs("dbus-daemon")

TAG = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"
BUS = "org.freedesktop.DBus"
MODULE = (sys.executable, "-m", "firmware_sim.bluez")


async def test_two_thousand_adverts_a_second_arrive_without_loss(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    heard: list[bytes] = []

    def listen(_: BLEDevice, advertisement: AdvertisementData) -> None:
        heard.append(advertisement.manufacturer_data[0x4C])

    tags = tmp_path / "tags"
    tags.write_text(TAG + "\n")
    async with private_bus() as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus)
        pourer = await asyncio.create_subprocess_exec(
            *MODULE,
            "--bus",
            bus,
            "--rate",
            "2000",
            "--seconds",
            "1",
            "--linger",
            "30",
            "--tags",
            str(tags),
            stdout=asyncio.subprocess.PIPE,
        )
        assert pourer.stdout is not None
        await _on(bus)
        patterns = [(0, 0xFF, b"\x4c\x00\x02\x15")]
        async with (
            BleakScanner(scanning_mode="passive", bluez={"or_patterns": patterns}),
            BleakScanner(listen, bluez={"filters": {"DuplicateData": True, "RSSI": -127}}),
        ):
            began, ended = [json.loads(await pourer.stdout.readline()) for _ in range(2)]
            sent = ended["sent"]
            async with asyncio.timeout(30):
                while len(heard) < sent:  # noqa: ASYNC110  bleak's callbacks set no event
                    await asyncio.sleep(0.02)
        pourer.terminate()
        await pourer.wait()

    assert began["began"] > 0
    assert sent > 1500
    assert len(heard) == sent
    assert set(heard) == {bytes.fromhex("0215fda50693a4e24fb1afcfc6eb07647825000a0007c5")}


async def test_a_bus_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    pourer = await asyncio.create_subprocess_exec(
        *MODULE, "--bus", f"unix:path={tmp_path}/none", stderr=asyncio.subprocess.PIPE
    )
    _, error = await pourer.communicate()

    assert pourer.returncode == 2
    assert error.decode().endswith("no D-Bus answers there\n")


async def _on(bus: str) -> None:
    """Return when `org.bluez` is on the bus."""
    client = await MessageBus(bus_address=bus).connect()
    ask = {"destination": BUS, "path": "/org/freedesktop/DBus", "interface": BUS, "member": "NameHasOwner"}
    async with asyncio.timeout(30):
        while not (await client.call(Message(**ask, signature="s", body=["org.bluez"]))).body[0]:  # noqa: ASYNC110  the bus is asked
            await asyncio.sleep(0.02)
    client.disconnect()
    await client.wait_for_disconnect()
