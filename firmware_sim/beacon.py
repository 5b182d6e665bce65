"""What does a tag send, and when? Its format, its interval with the standard's jitter, its address and its battery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from firmware_sim.clock import Random, seeded
from firmware_sim.errors import SimError
from firmware_sim.radio import POWER_AT_1M_DBM, TAG_SIGMA_DB
from wire.advert import eid
from wire.advert.advertisement import Advertisement
from wire.advert.formats import encode
from wire.advert.frame import AltBeacon, EddystoneEid, EddystoneTlm, EddystoneUid, Frame, IBeacon, TagFrame

ADV_DELAY_S: Final = 0.010  # Bluetooth Core, vol 6 part B 4.4.2.2: each event is late by 0 to 10 ms, anew each time
POWER_0M_OFFSET_DB: Final = 41  # Eddystone gives its power at 0 m
RADIUS_NETWORKS: Final = 0x0118  # the company id that most AltBeacons carry
TLM_EVERY: Final = 10  # one frame in so many, as common Eddystone firmware interleaves it
ADDRESS_ROTATES_S: Final = 900.0  # a resolvable private address lives a quarter of an hour

FULL_MV: Final = 3000  # a CR2032
EMPTY_MV: Final = 2000  # below it the chip browns out
CAPACITY_MAH: Final = 220.0
ADVERT_NAH: Final = 5.5  # about 20 µC for three channels at 0 dBm
SLEEP_UA: Final = 2.0
TEMPERATURE_C: Final = 21.5  # a hotel's


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What the identifiers of an Eddystone-EID tag are computed from."""

    key: bytes = field(repr=False)
    exponent: int = 10  # another identifier every 2^exponent seconds
    count: int = 0  # of its clock, at the world's start
    drift: float = 0.0  # how much faster its clock goes than the world's


@dataclass(frozen=True, slots=True, kw_only=True)
class Beacon:
    """One tag's hardware and settings."""

    tag: str  # canonical id; its kind is the format that it sends
    secret: Secret | None = None  # of `eid:NAME`
    interval_s: float = 1.0
    power_dbm: int = round(POWER_AT_1M_DBM)  # as calibrated at 1 m, and as the frame says
    offset_db: float = 0.0  # how much louder this very tag is than it says
    seed: object = 0
    rotates_address: bool = False
    spent_mah: float = 0.0  # taken from its battery before

    def events(self, start_s: float) -> Iterator[float]:
        """The moments of its advertising events, from `start_s` on, for ever."""
        dice = seeded(self.seed, "interval", self.tag)
        t = start_s + dice.uniform(0, self.interval_s)
        while True:
            yield t
            t += self.interval_s + dice.uniform(0, ADV_DELAY_S)

    def frame(self, number: int, uptime_s: float) -> Frame:
        """What its event of this number carries."""
        if self.secret is not None:
            power_dbm = self.power_dbm + POWER_0M_OFFSET_DB
            return EddystoneEid(identifier=self._identifier(self.secret, uptime_s), power_dbm=power_dbm)
        frame = frame_of(self.tag, self.power_dbm)
        if isinstance(frame, EddystoneUid) and number % TLM_EVERY == TLM_EVERY - 1:
            return EddystoneTlm(
                battery_mv=self.battery_mv(number, uptime_s),
                temperature_c=TEMPERATURE_C,
                adverts=number,
                uptime_s=round(uptime_s, 1),
            )
        return frame

    @staticmethod
    def _identifier(secret: Secret, uptime_s: float) -> bytes:
        return eid.identifier(secret.key, secret.exponent, _count(secret, uptime_s), encrypt=_aes)

    def advertisement(self, number: int, uptime_s: float, rssi_dbm: int) -> Advertisement:
        """Its event as a gateway hears it."""
        return encode(self.frame(number, uptime_s), address=self.address(uptime_s), rssi_dbm=rssi_dbm)

    def battery_mv(self, adverts: int, uptime_s: float) -> int:
        """What its battery gives after so many adverts."""
        used_mah = self.spent_mah + adverts * ADVERT_NAH / 1e6 + SLEEP_UA * uptime_s / 3600 / 1e3
        return round(FULL_MV - (FULL_MV - EMPTY_MV) * min(used_mah / CAPACITY_MAH, 1.0))

    def address(self, uptime_s: float) -> str:
        """Its Bluetooth address: static, or a new one every quarter of an hour, or with each identifier."""
        period = int(uptime_s // ADDRESS_ROTATES_S) if self.rotates_address else 0
        if self.secret is not None:
            period = _count(self.secret, uptime_s) >> self.secret.exponent
        rotates = self.rotates_address or self.secret is not None
        kind = 0x40 if rotates else 0xC0  # the two topmost bits: resolvable private, random static
        octets = bytearray(seeded(self.seed, "address", self.tag, period).randbytes(6))
        octets[0] = octets[0] & 0x3F | kind
        return octets.hex(":").upper()


def a_beacon(tag: str, seed: object, *, interval_s: float = 1.0) -> Beacon:
    """A tag out of the box: as loud as its kind, give or take."""
    return Beacon(
        tag=tag,
        interval_s=interval_s,
        offset_db=seeded(seed, "tag", tag).gauss(0, TAG_SIGMA_DB),
        seed=seed,
    )


def made_up_tag(dice: Random, number: int) -> str:
    """The canonical id of the n-th of a fleet: one iBeacon UUID, as a venue would buy them."""
    fleet = UUID(int=dice.getrandbits(128), version=4)
    return f"ibeacon:{fleet}:{number >> 16}:{number & 0xFFFF}"


def _count(secret: Secret, uptime_s: float) -> int:
    return int(secret.count + uptime_s * (1 + secret.drift))


def _aes(key: bytes, block: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)  # noqa: S305  as Eddystone specifies


def frame_of(tag: str, power_dbm: int) -> TagFrame:
    """The frame that carries a canonical tag id.

    Raises:
        SimError: the id is of no format that a simulated tag can send.
    """
    kind, _, rest = tag.partition(":")
    try:
        if kind == "ibeacon":
            uuid, major, minor = rest.split(":")
            return IBeacon(uuid=UUID(uuid), major=int(major), minor=int(minor), power_dbm=power_dbm)
        if kind == "altbeacon":
            return AltBeacon(company=RADIUS_NETWORKS, id=bytes.fromhex(rest), power_dbm=power_dbm)
        if kind == "eddystone":
            space, instance = (bytes.fromhex(part) for part in rest.split(":"))
            return EddystoneUid(namespace=space, instance=instance, power_dbm=power_dbm + POWER_0M_OFFSET_DB)
    except ValueError as exc:
        raise SimError(f"tag: found {tag}; right would be a canonical id") from exc
    raise SimError(f"tag: found {tag}; right would be ibeacon:…, altbeacon:… or eddystone:…")
