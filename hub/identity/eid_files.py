"""Where are the secrets of beacons with rolling identifiers kept? One file a beacon beside the venues' keys.

`keys/eid.NAME.key` of the data directory, readable by the hub's user alone, and in every backup, as all keys are.
Beside the identity key it holds what was learned of the beacon's clock.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from hub.errors import BadConfig, StoreFailed
from hub.identity.eid import RollingBeacon
from hub.identity.keys import flush, write_secret
from wire.advert.eid import KEY_BYTES, MAX_EXPONENT
from wire.advert.frame import TagId
from wire.errors import Malformed
from wire.tag import parse_tag

_PREFIX: Final = "eid."
_SUFFIX: Final = ".key"
_RIGHT: Final = "what PUT /v1/tags/eid:NAME wrote there"


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    exponent: int
    low: float
    high: float
    at: float


class EidFiles:
    """The files of one hub. All of it blocks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> dict[TagId, RollingBeacon]:
        """All beacons.

        Raises:
            BadConfig: a file cannot be read, or holds no secret.
        """
        return dict(_read(path) for path in sorted(self._folder.glob(f"{_PREFIX}*{_SUFFIX}")))

    def save(self, tag: TagId, beacon: RollingBeacon) -> None:
        """Keep it, durably before it returns. Raises StoreFailed."""
        kept = _Kept(key=beacon.key.hex(), exponent=beacon.exponent, low=beacon.low, high=beacon.high, at=beacon.at)
        try:
            write_secret(self._path(tag), msgspec.json.encode(kept) + b"\n")
        except OSError as exc:
            raise StoreFailed(f"{self._path(tag)}: {(exc.strerror or str(exc)).lower()}") from exc

    def remove(self, tag: TagId) -> None:
        """Keep it no longer. Raises StoreFailed."""
        try:
            self._path(tag).unlink(missing_ok=True)
            if self._folder.exists():
                flush(self._folder)
        except OSError as exc:
            raise StoreFailed(f"{self._path(tag)}: {(exc.strerror or str(exc)).lower()}") from exc

    def _path(self, tag: TagId) -> Path:
        return self._folder / f"{_PREFIX}{tag.removeprefix('eid:')}{_SUFFIX}"


def _read(path: Path) -> tuple[TagId, RollingBeacon]:
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        tag = parse_tag(f"eid:{path.name.removeprefix(_PREFIX).removesuffix(_SUFFIX)}")
        beacon = RollingBeacon(
            key=bytes.fromhex(kept.key), exponent=kept.exponent, low=kept.low, high=kept.high, at=kept.at
        )
    except OSError as exc:
        raise BadConfig(f"{path}: {(exc.strerror or str(exc)).lower()}") from exc
    except (msgspec.DecodeError, ValueError, Malformed):
        raise BadConfig(f"{path}: found no secret; right would be {_RIGHT}") from None  # its content may be one
    if len(beacon.key) != KEY_BYTES or not 0 <= beacon.exponent <= MAX_EXPONENT or not beacon.low <= beacon.high:
        raise BadConfig(f"{path}: found no secret; right would be {_RIGHT}")
    return tag, beacon
