"""How fast can a gateway hear? `python -m firmware_sim.bluez` pours adverts into a simulated BlueZ.

It waits until someone scans, pours at the rate asked, and prints one JSON line: what was sent, in which time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Final
from uuid import UUID

from firmware_sim.bluez.service import SimulatedBluez
from firmware_sim.clock import Random, monotonic, seeded
from firmware_sim.errors import SimError
from wire.advert.advertisement import Advertisement

STEP_S: Final = 0.01  # adverts go out in handfuls of this; finer than any window of a gateway
LISTENER_WAIT_S: Final = 60.0  # a gateway process starts in seconds
APPLE: Final = 0x004C
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
    parser.add_argument("--linger", type=float, default=0.0, help="seconds to stay on the bus afterwards, silent")
    parser.add_argument(
        "--tags", type=Path, help="file with one ibeacon:UUID:major:minor a line, instead of made-up ones"
    )
    return parser


async def pour(args: argparse.Namespace, tags: tuple[str, ...]) -> None:
    """Send adverts of all tags in turn, at the rate asked, and print the count."""
    dice = seeded("pour")
    adapter, rate, seconds = args.adapter, args.rate, args.seconds
    async with SimulatedBluez(args.bus, (adapter,)) as bluez:
        await asyncio.wait_for(bluez.scanned(adapter), LISTENER_WAIT_S)
        start = monotonic()
        sent = 0
        while (passed := monotonic() - start) < seconds:
            due = int(passed * rate) if rate else sent + len(tags)
            for number in range(sent, due):
                bluez.hear(adapter, _advertisement(tags, number % len(tags), dice))
            sent = due
            await bluez.drained()
            await asyncio.sleep(STEP_S if rate else 0)
        took_s = monotonic() - start
        sys.stdout.write(json.dumps({"sent": sent, "seconds": round(took_s, 3), "rate": round(sent / took_s)}) + "\n")
        sys.stdout.flush()
        await asyncio.sleep(args.linger)


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
