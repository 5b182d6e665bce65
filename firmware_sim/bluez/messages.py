"""How is it said on D-Bus? Values in, messages out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dbus_fast import Message, MessageFlag

from firmware_sim.bluez.signals import (
    MONITOR,
    InterfacesAdded,
    InterfacesRemoved,
    Properties,
    PropertiesChanged,
    Signal,
)

OBJECTS: Final = "org.freedesktop.DBus.ObjectManager"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"
BUS: Final = "org.freedesktop.DBus"


def bus_call(member: str, argument: str) -> Message:
    """A call to the bus itself, whose answer nobody needs."""
    return Message(
        destination=BUS,
        path="/org/freedesktop/DBus",
        interface=BUS,
        member=member,
        flags=MessageFlag.NO_REPLY_EXPECTED,
        signature="s",
        body=[argument],
    )


def message_of(signal: Signal) -> Message:
    """One signal, or one call of a monitor, as a message."""
    if isinstance(signal, PropertiesChanged):
        body = [signal.interface, signal.changed, list(signal.invalidated)]
        return Message.new_signal(signal.path, PROPERTIES, "PropertiesChanged", "sa{sv}as", body)
    if isinstance(signal, InterfacesAdded):
        return Message.new_signal("/", OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [signal.path, signal.interfaces])
    if isinstance(signal, InterfacesRemoved):
        return Message.new_signal("/", OBJECTS, "InterfacesRemoved", "oas", [signal.path, list(signal.interfaces)])
    return Message(
        destination=signal.client,
        path=signal.path,
        interface=MONITOR,
        member=signal.member,
        flags=MessageFlag.NO_REPLY_EXPECTED,
        signature="" if signal.device is None else "o",
        body=[] if signal.device is None else [signal.device],
    )


def property_answer(asked: Message, interfaces: Mapping[str, Properties]) -> Message:
    """The answer to a Properties.Get."""
    interface, name = asked.body
    value = interfaces.get(interface, {}).get(name)
    if value is None:
        return Message.new_error(asked, f"{BUS}.Error.InvalidArgs", f"no property {interface}.{name}")
    return Message.new_method_return(asked, "v", [value])
