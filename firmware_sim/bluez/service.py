"""`org.bluez` on the bus: method calls in, signals out. What it answers is adapter.py's to decide."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Self

from dbus_fast import Message, MessageType, NameFlag, RequestNameReply, Variant
from dbus_fast.aio.message_bus import MessageBus

from firmware_sim.bluez.adapter import Adapter, Refused, Traits
from firmware_sim.bluez.filters import read_filter, read_monitor
from firmware_sim.bluez.messages import BUS, OBJECTS, PROPERTIES, bus_call, message_of, property_answer
from firmware_sim.bluez.signals import ADAPTER, MONITOR, MONITORS, InterfacesAdded, MonitorCall, Signal
from firmware_sim.bluez.writer import Writer
from firmware_sim.clock import monotonic
from firmware_sim.errors import BusUnavailable
from wire.advert.advertisement import Advertisement

logger = logging.getLogger(__name__)

NAME: Final = "org.bluez"
EXPIRY_EVERY_S: Final = 1.0  # a device that is removed a second late harms nobody

Answer = Callable[["SimulatedBluez", Message, Adapter], Message | None]  # None: it has answered already


class SimulatedBluez:
    """One bluetoothd with its adapters. `async with` puts it on the bus."""

    def __init__(
        self,
        bus_address: str,
        adapters: Sequence[str] = ("hci0",),
        *,
        version: str = "5.66",
        honours_duplicate_filter: bool = True,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        major, minor = version.split(".")
        self._traits = Traits(version=(int(major), int(minor)), honours_duplicate_filter=honours_duplicate_filter)
        self._bus_address = bus_address
        self._names = tuple(adapters)
        self._now_s = now_s
        self._bus: MessageBus | None = None
        self._writer: Writer | None = None
        self._adapters: dict[str, Adapter] = {}
        self._pending: dict[tuple[str, str], Adapter] = {}  # monitors that were registered and not read yet
        self._replies: dict[int, Callable[[Message], None]] = {}
        self._expiry: asyncio.Task[None] | None = None
        self._farewell: asyncio.Task[None] | None = None
        self._asked = asyncio.Event()  # a client has changed something

    async def __aenter__(self) -> Self:
        await self.start()
        self._expiry = asyncio.create_task(self._expire(), name="bluez-expiry")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._expiry
        await self.crash()

    # The world's side

    def hear(self, adapter: str, advertisement: Advertisement) -> None:
        """Let one advertisement reach an adapter's antenna; nothing happens while bluetoothd or the adapter is gone."""
        listening = self._adapters.get(f"/org/bluez/{adapter}")
        if listening is not None:
            self._say(listening.hear(advertisement, self._now_s()))

    async def drained(self) -> None:
        """Return when the bus has taken all that was said: the back-pressure of a flood."""
        if self._writer is not None:
            await self._writer.drained()

    async def scanned(self, adapter: str) -> None:
        """Return when a program scans with an adapter."""
        while not ((there := self._adapters.get(f"/org/bluez/{adapter}")) and there.listens):
            self._asked.clear()
            await self._asked.wait()

    async def start(self) -> None:
        """Come to the bus with all adapters, knowing nobody: as bluetoothd after a start.

        Raises:
            BusUnavailable: the bus cannot be reached, or another `org.bluez` is on it.
        """
        bus = MessageBus(bus_address=self._bus_address)
        try:
            await bus.connect()
        except (OSError, EOFError) as exc:
            raise BusUnavailable(f"{self._bus_address}: no D-Bus answers there") from exc
        bus.add_message_handler(self._handle)
        self._bus = bus
        self._writer = Writer(bus)
        self._farewell = asyncio.create_task(self._writer.until_gone(), name="bluez-farewell")
        self._send(bus_call("AddMatch", f"type='signal',sender='{BUS}',member='NameOwnerChanged',arg2=''"))
        self._adapters = {adapter.path: adapter for adapter in map(self._new_adapter, self._names)}
        if await bus.request_name(NAME, NameFlag.DO_NOT_QUEUE) is not RequestNameReply.PRIMARY_OWNER:
            await self.crash()
            raise BusUnavailable(f"{self._bus_address}: another org.bluez is on this bus")
        for adapter in self._adapters.values():
            self._say([InterfacesAdded(path=adapter.path, interfaces=adapter.interfaces())])

    async def crash(self) -> None:
        """Leave the bus without a word, as a bluetoothd that died; `start` brings it back."""
        bus, self._bus = self._bus, None
        farewell, self._farewell = self._farewell, None
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._adapters = {}
        self._pending = {}
        self._replies = {}
        if bus is not None and bus.connected:
            bus.disconnect()
        if farewell is not None:
            await farewell

    def unplug(self, adapter: str) -> None:
        """Take an adapter away, as a USB stick that is pulled."""
        gone = self._adapters.pop(f"/org/bluez/{adapter}", None)
        if gone is not None:
            self._say(gone.unplug())

    def plug(self, adapter: str) -> None:
        """Put an adapter (back) in; it remembers nobody."""
        new = self._new_adapter(adapter)
        self._adapters[new.path] = new
        self._say([InterfacesAdded(path=new.path, interfaces=new.interfaces())])

    def deafen(self, adapter: str) -> None:
        """Hang a chip: it goes on to scan and reports nothing, until someone power-cycles it."""
        self._adapters[f"/org/bluez/{adapter}"].deaf = True

    # The bus's side

    def _handle(self, message: Message) -> bool:
        """Whether dbus-fast is to do nothing more about a message."""
        if message.message_type is MessageType.METHOD_CALL:
            answer = self._answer(message)
            if answer is not None:
                self._send(answer)
            return True
        if message.message_type is MessageType.SIGNAL:
            self._notice(message)
            return False
        taken = self._replies.pop(message.reply_serial or 0, None)
        if taken is not None:
            taken(message)
        return taken is not None

    def _answer(self, message: Message) -> Message | None:
        if (message.interface, message.member) == (OBJECTS, "GetManagedObjects"):
            return self._managed_objects(message)
        adapter = self._adapters.get(message.path or "")
        if adapter is None:
            return Message.new_error(message, f"{BUS}.Error.UnknownObject", f"no object at {message.path}")
        answer = ANSWERS.get((message.interface or "", message.member or ""))
        if answer is None:
            return Message.new_error(message, f"{BUS}.Error.UnknownMethod", f"no method {message.member}")
        try:
            return answer(self, message, adapter)
        except Refused as exc:
            return Message.new_error(message, exc.name, str(exc))
        finally:
            self._asked.set()

    def _notice(self, message: Message) -> None:
        if message.member == "NameOwnerChanged":
            self._lose(message.body[0])
        elif message.member == "InterfacesAdded" and (message.sender, message.path) in self._pending:
            self._read_monitor(message.sender or "", message.body[0], message.body[1])

    def _lose(self, client: str) -> None:
        for adapter in self._adapters.values():
            self._say(adapter.lose_client(client))
        for key in [key for key in self._pending if key[0] == client]:
            del self._pending[key]

    def _managed_objects(self, message: Message) -> Message:
        known = {path: each for adapter in self._adapters.values() for path, each in adapter.objects().items()}
        return Message.new_method_return(message, "a{oa{sa{sv}}}", [known])

    def _set_filter(self, message: Message, adapter: Adapter) -> Message:
        try:
            asked = read_filter(message.body[0])
        except ValueError as exc:
            raise Refused("InvalidArguments", str(exc)) from exc
        adapter.set_filter(_sender(message), asked)
        return Message.new_method_return(message)

    def _start_discovery(self, message: Message, adapter: Adapter) -> Message:
        self._say(adapter.start_discovery(_sender(message)))
        return Message.new_method_return(message)

    def _stop_discovery(self, message: Message, adapter: Adapter) -> Message:
        self._say(adapter.stop_discovery(_sender(message)))
        return Message.new_method_return(message)

    def _register_monitor(self, message: Message, adapter: Adapter) -> None:
        """Answer at once, then read the monitor: bleak exports it only after the answer."""
        client, path = _sender(message), message.body[0]
        if (client, path) in self._pending:
            raise Refused("AlreadyExists", "Already Exists")
        self._pending[client, path] = adapter
        rule = f"type='signal',sender='{client}',interface='{OBJECTS}',member='InterfacesAdded',path='{path}'"
        self._send(bus_call("AddMatch", rule))
        self._send(Message.new_method_return(message))
        ask = Message(destination=client, path=path, interface=OBJECTS, member="GetManagedObjects")
        self._ask(ask, lambda reply: self._read_objects(client, reply))

    def _read_objects(self, client: str, reply: Message) -> None:
        if reply.message_type is MessageType.ERROR:
            return  # nothing there yet; InterfacesAdded will tell
        for path, interfaces in reply.body[0].items():
            self._read_monitor(client, path, interfaces)

    def _read_monitor(self, client: str, path: str, interfaces: dict[str, dict[str, Variant]]) -> None:
        """Activate a monitor once its Type and Patterns are known; one of another type is released."""
        adapter = self._pending.get((client, path))
        properties = interfaces.get(MONITOR)
        if adapter is None or properties is None:
            return
        del self._pending[client, path]
        monitor = read_monitor(client, path, properties)
        released = MonitorCall(client=client, path=path, member="Release")
        self._say([released] if monitor is None else adapter.add_monitor(monitor))
        self._asked.set()

    def _unregister_monitor(self, message: Message, adapter: Adapter) -> Message:
        client, path = _sender(message), message.body[0]
        pending = self._pending.pop((client, path), None)
        if not adapter.remove_monitor(client, path) and pending is None:
            raise Refused("DoesNotExist", "Does Not Exist")
        return Message.new_method_return(message)

    def _get(self, message: Message, adapter: Adapter) -> Message:
        return property_answer(message, adapter.interfaces())

    def _get_all(self, message: Message, adapter: Adapter) -> Message:
        return Message.new_method_return(message, "a{sv}", [dict(adapter.interfaces().get(message.body[0], {}))])

    def _set(self, message: Message, adapter: Adapter) -> Message:
        interface, name, value = message.body
        if (interface, name) != (ADAPTER, "Powered"):
            return Message.new_error(message, f"{BUS}.Error.PropertyReadOnly", f"{interface}.{name} cannot be set")
        self._say(adapter.power(on=bool(value.value)))
        return Message.new_method_return(message)

    # Out

    def _say(self, signals: Iterable[Signal]) -> None:
        for signal in signals:
            self._send(message_of(signal))

    def _send(self, message: Message) -> None:
        if self._writer is not None:
            self._writer.send(message)

    def _ask(self, message: Message, then: Callable[[Message], None]) -> None:
        if self._bus is not None:
            message.serial = self._bus.next_serial()
            self._replies[message.serial] = then
            self._send(message)

    def _new_adapter(self, name: str) -> Adapter:
        number = int("".join(filter(str.isdigit, name)) or 0)
        return Adapter(name, f"02:00:00:00:00:{number:02X}", self._traits)

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(EXPIRY_EVERY_S)
            for adapter in list(self._adapters.values()):
                self._say(adapter.expire(self._now_s()))


def _sender(message: Message) -> str:
    return message.sender or ""


ANSWERS: Final[dict[tuple[str, str], Answer]] = {
    (ADAPTER, "SetDiscoveryFilter"): SimulatedBluez._set_filter,  # noqa: SLF001  the class's own table
    (ADAPTER, "StartDiscovery"): SimulatedBluez._start_discovery,  # noqa: SLF001  the class above
    (ADAPTER, "StopDiscovery"): SimulatedBluez._stop_discovery,  # noqa: SLF001  the class above
    (MONITORS, "RegisterMonitor"): SimulatedBluez._register_monitor,  # noqa: SLF001  the class above
    (MONITORS, "UnregisterMonitor"): SimulatedBluez._unregister_monitor,  # noqa: SLF001  the class above
    (PROPERTIES, "Get"): SimulatedBluez._get,  # noqa: SLF001  the class above
    (PROPERTIES, "GetAll"): SimulatedBluez._get_all,  # noqa: SLF001  the class above
    (PROPERTIES, "Set"): SimulatedBluez._set,  # noqa: SLF001  the class above
}
