"""How fast can a gateway hear? `python -m firmware_sim.bluez` pours adverts into a simulated BlueZ.

It waits until someone scans, lets each beacon be heard once, says so in a JSON line, pours at the rate asked, and
prints another line: what was sent, in which time. Each beacon is heard at LEVELS levels in turn; the last ones may come
late, one by one, each of them once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import UUID

from firmware_sim.bluez.flood import FloodingBluez
from firmware_sim.clock import Random, monotonic, seeded
from firmware_sim.errors import SimError
from wire.advert.advertisement import Advertisement

STEP_S: Final = 0.01  # adverts go out in handfuls of this; finer than any window of a gateway
LISTENER_WAIT_S: Final = 60.0  # a gateway process starts in seconds
APPLE: Final = 0x004C
LEVELS: Final = 4
AT_ONCE: Final = 200  # adverts, without a rate: 50 kB, of which a socket takes a few
POWER_DBM: Final = b"\xc5"  # -59 dBm at 1 m


def main() -> int:
    """Pour, and say how it went."""
    args = arguments().parse_args()
    try:
        tags = tuple(args.tags.read_text().split()) if args.tags else tuple(map(numbered_tag, range(args.addresses)))
        asyncio.run(pour(args, tags))
    except (SimError, OSError, ValueError) as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    return 0


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m firmware_sim.bluez", description=__doc__)
    parser.add_argument("--bus", required=True, help="address of a private D-Bus")
    parser.add_argument("--adapter", default="hci0")
    parser.add_argument("--rate", type=float, default=500.0, help="adverts a second; 0: as fast as the bus takes them")
    parser.add_argument("--addresses", type=int, default=200, help="how many beacons")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--no-filter", action="store_true", help="the chip has no duplicate filter of its own")
    parser.add_argument("--late", type=int, default=0, help="how many of the beacons come one after another, once each")
    parser.add_argument("--linger", type=float, default=0.0, help="seconds to stay on the bus afterwards, silent")
    parser.add_argument(
        "--tags", type=Path, help="file with one ibeacon:UUID:major:minor a line, instead of made-up ones"
    )
    return parser


async def pour(args: argparse.Namespace, tags: tuple[str, ...]) -> None:
    """Send adverts of all tags in turn, at the rate asked, and print the count."""
    adapter, rate, seconds = args.adapter, args.rate, args.seconds
    async with FloodingBluez(args.bus, (adapter,), honours_duplicate_filter=not args.no_filter) as bluez:
        many = len(tags) - args.late
        air = _Air(bluez, adapter, tags, many)
        async with asyncio.timeout(LISTENER_WAIT_S):
            await bluez.settled(adapter)
        await air.pour(many / rate if rate else 0.0, rate, at_least=many)
        before = air.sent
        _say({"began": monotonic(), "before": before})
        start = monotonic()
        await air.pour(seconds, rate, late=args.late)
        took_s = monotonic() - start
        rate_s = round((air.sent - before) / took_s)
        _say({"sent": air.sent, "seconds": round(took_s, 3), "rate": rate_s, "came": air.came})
        await asyncio.sleep(args.linger)


class _Air:
    """What is to be heard: each beacon for the first time, then at each level for the first time, then all again."""

    def __init__(self, bluez: FloodingBluez, adapter: str, tags: tuple[str, ...], many: int) -> None:
        self.sent = 0
        self.came: list[float] = []  # when each of those who come late did
        self._bluez = bluez
        self._adapter = adapter
        self._tags = tags
        self._many = many  # of them are heard all the time
        self._dice = seeded("pour")
        self._ready: dict[int, bytes] = {}

    async def pour(self, seconds: float, rate: float, *, at_least: int = 0, late: int = 0) -> None:
        """Go on for so long, or until so many were sent."""
        start, first, came = monotonic(), self.sent, len(self.came)
        while (passed := monotonic() - start) < seconds or self.sent - first < at_least:
            due = first + int(passed * rate) if rate else self.sent + AT_ONCE
            await self._send(range(self.sent, max(due, self.sent)))
            if late and len(self.came) - came < late * passed / seconds:
                self._bluez.hear(self._adapter, self._advertisement(self._many + len(self.came)))
                self.came.append(monotonic())
            await asyncio.sleep(STEP_S if rate else 0)
        self.sent += len(self.came) - came

    async def _send(self, numbers: range) -> None:
        poured: list[bytes] = []
        for number in numbers:
            if number < self._many:
                self._bluez.hear(self._adapter, self._advertisement(number))
                continue
            at = number % (self._many * LEVELS)
            raw = self._ready.get(at)
            if raw is None:
                advert = self._advertisement(at % self._many)
                raw = self._ready[at] = self._bluez.ready_made(self._adapter, advert)
            poured.append(raw)
        await self._bluez.pour(self._adapter, poured)
        self.sent += len(numbers)

    def _advertisement(self, index: int) -> Advertisement:
        return _advertisement(self._tags, index, self._dice)


def _say(fields: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def numbered_tag(number: int) -> str:
    """The id of the made-up beacon with this number."""
    return f"ibeacon:{UUID(int=0xFDA50693_A4E2_4FB1_AFCF_C6EB07647825)}:{number >> 16}:{number & 0xFFFF}"


def _advertisement(tags: tuple[str, ...], index: int, dice: Random) -> Advertisement:
    kind, uuid, major, minor = tags[index].split(":")
    if kind != "ibeacon":
        raise ValueError(f"tags: found {tags[index]}; right would be ibeacon:UUID:major:minor")
    payload = b"\x02\x15" + UUID(uuid).bytes + int(major).to_bytes(2) + int(minor).to_bytes(2) + POWER_DBM
    octets = (0xC000_0000_0000 + index).to_bytes(6)
    return Advertisement(
        address=octets.hex(":").upper(),
        rssi_dbm=round(dice.gauss(-65, 4)),
        manufacturer_data={APPLE: payload},
    )


if __name__ == "__main__":
    sys.exit(main())
