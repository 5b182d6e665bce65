"""A simulated `org.bluez` on a private D-Bus, for the real bleak to talk to.

`async with private_bus() as address, SimulatedBluez(address) as bluez:` and then `bluez.hear("hci0", advertisement)`;
a program finds it through DBUS_SYSTEM_BUS_ADDRESS. It keeps the rules that lose adverts on a real Pi (device.py,
adapter.py), because a gateway that only ever met a generous BlueZ is deaf in the field. No connections, no GATT.
"""

from firmware_sim.bluez.bus import PrivateBus, private_bus
from firmware_sim.bluez.service import SimulatedBluez

__all__ = ["PrivateBus", "SimulatedBluez", "private_bus"]
