"""What did an advertisement say, once its format was recognised?

A frame that names a tag has a canonical `tag` id: lower case, UUIDs with hyphens, numbers decimal. Telemetry and
URLs name no tag; telemetry is joined to one by its address, on the gateway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NewType
from uuid import UUID

TagId = NewType("TagId", str)  # canonical: "ibeacon:fda50693-…:10:7", "eddystone:NS:INSTANCE", …


@dataclass(frozen=True, slots=True, kw_only=True)
class IBeacon:
    """Apple's proximity beacon."""

    uuid: UUID
    major: int  # 0 to 65535
    minor: int  # 0 to 65535
    power_dbm: int  # as measured at 1 m

    @property
    def tag(self) -> TagId:
        """The canonical id."""
        return TagId(f"ibeacon:{self.uuid}:{self.major}:{self.minor}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AltBeacon:
    """The open proximity beacon of the AltBeacon specification 1.0."""

    company: int  # the manufacturer's Bluetooth company id
    id: bytes  # 20 bytes
    power_dbm: int  # as measured at 1 m
    reserved: int = 0  # the manufacturer's own byte

    @property
    def tag(self) -> TagId:
        """The canonical id."""
        return TagId(f"altbeacon:{self.id.hex()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EddystoneUid:
    """Eddystone's identifier frame."""

    namespace: bytes  # 10 bytes
    instance: bytes  # 6 bytes
    power_dbm: int  # as measured at 0 m: 41 dB above the power at 1 m

    @property
    def tag(self) -> TagId:
        """The canonical id."""
        return TagId(f"eddystone:{self.namespace.hex()}:{self.instance.hex()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EddystoneEid:
    """Eddystone's ephemeral identifier frame: whose it is, only who has the beacon's key can tell."""

    identifier: bytes  # 8 bytes, others every 2^K seconds
    power_dbm: int  # as measured at 0 m

    @property
    def tag(self) -> TagId:
        """The canonical id of the moment. Nobody is bound to it: people bind `eid:NAME`."""
        return TagId(f"eddystone-eid:{self.identifier.hex()}")


MAX_BATTERY_MV: Final = 0xFFFF  # what Eddystone can say of a battery; no tag's has more


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorBeacon:
    """A beacon of a vendor's own format, as somebody has described it."""

    kind: str  # the format's name
    id: bytes
    power_dbm: int | None = None  # as measured at 1 m; None: it does not say
    battery_mv: int | None = None

    @property
    def tag(self) -> TagId:
        """The canonical id."""
        return TagId(f"vendor:{self.kind}:{self.id.hex()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EddystoneUrl:
    """Eddystone's web address frame."""

    url: str
    power_dbm: int  # as measured at 0 m


@dataclass(frozen=True, slots=True, kw_only=True)
class EddystoneTlm:
    """Eddystone's unencrypted telemetry frame."""

    battery_mv: int | None  # None: the tag has no battery to measure
    temperature_c: float | None  # None: not measured
    adverts: int  # sent since power-up: with what was heard, a true packet-reception ratio
    uptime_s: float


TagFrame = IBeacon | AltBeacon | EddystoneUid | EddystoneEid | VendorBeacon
Frame = TagFrame | EddystoneUrl | EddystoneTlm
