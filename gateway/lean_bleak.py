"""What of bleak's work for an advert do we need? Its discovery and its signals; not what it keeps of every address.

Of each address bleak holds a device and its last advertisement for whoever asks `discovered_devices`, and makes both
anew for each advert. We never ask; so its last step is ours. Its manager goes on to hold what BlueZ says of a device,
of which we keep what it looks at itself and what an advert is made of: the rest is 2 kB for each address in the air,
and of random ones there may be 60,000 at once (2,000 a second, which BlueZ forgets after 30 s).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal

from bleak.args.bluez import BlueZScannerArgs
from bleak.backends.bluezdbus.defs import DEVICE_INTERFACE, Device1
from bleak.backends.bluezdbus.manager import get_global_bluez_manager
from bleak.backends.bluezdbus.scanner import BleakScannerBlueZDBus

from gateway.port import Hear
from wire.advert.advertisement import Advertisement

FLOOR_DBM: Final = -127  # bleak's word for "unknown", and the least that Bluetooth can say
CEILING_DBM: Final = 20
KEPT: Final = ("Adapter", "Connected", "ManufacturerData", "RSSI", "ServiceData")
MOST: Final = len(KEPT) + 3  # a property that comes back later is let be
ADDRESS_CHARS: Final = 17  # at the end of a device's path: dev_C0_00_00_00_00_01

_NOTHING: Final[Mapping[Any, bytes]] = {}


class One(Mapping[Any, bytes]):
    """A mapping of one entry, in a quarter of what a dict takes."""

    __slots__ = ("_key", "_value")

    def __init__(self, key: Any, value: bytes) -> None:  # noqa: ANN401  a company's number, or a service's name
        self._key = key
        self._value = value

    def __getitem__(self, key: Any) -> bytes:  # noqa: ANN401  the same
        """The entry, if it is this one's."""
        if key != self._key:
            raise KeyError(key)
        return self._value

    def __iter__(self) -> Iterator[Any]:
        """Its key."""
        return iter((self._key,))

    def __len__(self) -> int:
        """One."""
        return 1


class LeanBleak(BleakScannerBlueZDBus):
    """bleak's scanner for BlueZ, whose adverts come straight to us."""

    def __init__(
        self, hear: Hear, mode: Literal["active", "passive"], args: BlueZScannerArgs, *, now: Callable[[], float]
    ) -> None:
        super().__init__(None, None, mode, bluez=args)
        self._hear = hear
        self._now = now
        self._objects: dict[str, dict[str, dict[str, Any]]] = {}  # bleak's own, by path and interface

    async def start(self) -> None:
        """As its base's."""
        manager = await get_global_bluez_manager()
        self._objects = manager._properties  # noqa: SLF001  it lets go of nothing by itself
        await super().start()

    def _handle_advertising_data(self, path: str, props: Device1) -> None:
        if len(props) > MOST:
            self._forget_the_rest(path)
        rssi_dbm = props.get("RSSI", FLOOR_DBM)
        if FLOOR_DBM < rssi_dbm <= CEILING_DBM:
            advert = Advertisement(
                address=path[-ADDRESS_CHARS:].replace("_", ":"),
                rssi_dbm=rssi_dbm,
                manufacturer_data=props.get("ManufacturerData", _NOTHING),
                service_data=props.get("ServiceData", _NOTHING),
            )
            self._hear(advert, self._now())

    def _forget_the_rest(self, path: str) -> None:
        interfaces = self._objects.get(path, {})
        known = interfaces.pop(DEVICE_INTERFACE, None)
        if known is not None:
            kept: dict[str, Any] = {name: _smaller(known[name]) for name in KEPT if name in known}
            if "Adapter" in kept:
                kept["Adapter"] = sys.intern(kept["Adapter"])
            interfaces[DEVICE_INTERFACE] = kept  # under our own word for it: each signal brings one of its own


def _smaller(value: Any) -> Any:  # noqa: ANN401  as BlueZ says it
    if type(value) is dict and len(value) == 1:
        ((key, data),) = value.items()
        return One(sys.intern(key) if isinstance(key, str) else key, data)
    return value
