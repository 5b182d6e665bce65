"""What does gateway.toml say?

Checked whole before anything starts: an unknown key is a typing error that would be found on a ladder, under a
ceiling, a week later. The gateway reads it so before it runs, and the hub's `check` where the file was written.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from wire.advert.vendor import VendorFormat
from wire.errors import Malformed, Misset
from wire.mqtt.topics import check_id
from wire.settings.places import Setting, name_of, place_of, syntax_fault
from wire.settings.vendor_formats import read_formats

SCANS: Final = ("hybrid", "active", "passive")
REPLAY: Final = "replay:"
PORTS: Final[Mapping[str, int]] = {"mqtt": 1883, "mqtts": 8883}  # as registered with IANA
MAX_MIB: Final = 4096  # more than a Pi has
_URL: Final = re.compile(
    r"(mqtts?)://(?:\[([0-9a-f.:]+(?:%[^\s\]]+)?)\]|([^\s/?#@:\[\]]+))(?::([0-9]{0,5}))?/*", re.IGNORECASE
)
TLS_FILES: Final = ("ca_file", "cert_file", "key_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file that the settings name: it must be there when the gateway starts."""

    path: str  # as it is written: relative to the file that names it
    missing: Misset  # what is to be said when it is not


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioTable:
    """`[radio]`."""

    adapters: tuple[str, ...]  # names, or Bluetooth addresses
    scan: str
    replay: NamedFile | None  # a recording in place of a radio


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttTable:
    """`[mqtt]`."""

    host: str
    port: int
    tls: bool
    files: Mapping[str, NamedFile]  # by key, those that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayToml:
    """The whole file, checked, but for whether the files that it names are there."""

    gateway: str
    venue: str
    data_dir: str  # relative to the file
    radio: RadioTable
    mqtt: MqttTable
    max_mib: int
    metrics: tuple[str, int] | None
    formats: tuple[VendorFormat, ...]  # of vendors, as the file describes them

    @property
    def files(self) -> tuple[NamedFile, ...]:
        """All that it names."""
        return (*filter(None, [self.radio.replay]), *self.mqtt.files.values())


def read_gateway_toml(data: bytes) -> GatewayToml:
    """What the bytes of a gateway.toml say.

    Raises:
        Misset: something in it is wrong; the first such thing.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise Misset("", f"byte {data[fault.start]:#04x}", "text in UTF-8", line=line) from fault
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        place, why = syntax_fault(text, str(fault))
        raise Misset("", f"no TOML, {why}", "TOML 1.0", line=place.line, column=place.column) from fault
    return _Reader(text, tables).settings()


def misset(text: str, setting: Setting, found: object, right: str) -> Misset:
    """The fault of one setting in the text of a file."""
    place = place_of(text, setting)
    return Misset(name_of(setting), found, right, line=place.line, column=place.column)


class _Reader:
    """Takes values out of the tables; what nobody took is unknown."""

    def __init__(self, text: str, tables: dict[str, object]) -> None:
        self.text = text
        self.tables = tables

    def settings(self) -> GatewayToml:
        self._only((), self.tables, "gateway", "radio", "mqtt", "spool", "metrics", "format")
        gateway = self._table("gateway", "id", "venue", "data_dir")
        venue, name = (self._id(gateway, key) for key in ("venue", "id"))
        return GatewayToml(
            gateway=name,
            venue=venue,
            data_dir=self._text("gateway", gateway, "data_dir", "var"),
            radio=self._radio(),
            mqtt=self._mqtt(),
            max_mib=self._max_mib(),
            metrics=self._metrics(),
            formats=read_formats(self.tables.get("format", []), self._fault),
        )

    def _radio(self) -> RadioTable:
        table = self._table("radio", "adapters", "scan", "source")
        adapters = table.get("adapters", ["hci0"])
        if not isinstance(adapters, list) or not adapters or not all(isinstance(a, str) and a for a in adapters):
            right = 'a list of names or Bluetooth addresses, such as ["hci0"]'
            raise self._fault(("radio", "adapters"), adapters, right)
        scan = self._text("radio", table, "scan", "hybrid")
        if scan not in SCANS:
            raise self._fault(("radio", "scan"), scan, f"one of {', '.join(SCANS)}")
        return RadioTable(adapters=tuple(adapters), scan=scan, replay=self._replay(table))

    def _replay(self, table: Mapping[str, object]) -> NamedFile | None:
        source = self._text("radio", table, "source", "bluez")
        if source == "bluez":
            return None
        if not source.startswith(REPLAY):
            raise self._fault(("radio", "source"), source, '"bluez" or "replay:FILE"')
        missing = self._fault(("radio", "source"), source, "a recording that is there")
        return NamedFile(path=source.removeprefix(REPLAY), missing=missing)

    def _mqtt(self) -> MqttTable:
        table = self._table("mqtt", "url", "password_file", *TLS_FILES)
        url = self._text("mqtt", table, "url")
        shown = url.rpartition("@")[2]  # what stands before it may be a password
        found = _URL.fullmatch(url)
        scheme, host, port = ("", "", "") if found is None else (found[1].lower(), found[2] or found[3], found[4] or "")
        if scheme not in PORTS or int(port or 0) >= 1 << 16:
            raise self._fault(("mqtt", "url"), shown, "mqtt://HOST[:PORT] or mqtts://HOST[:PORT]")
        tls = scheme == "mqtts"
        return MqttTable(host=host, port=int(port or 0) or PORTS[scheme], tls=tls, files=self._files(table, tls=tls))

    def _files(self, table: Mapping[str, object], *, tls: bool) -> Mapping[str, NamedFile]:
        paths = {key: self._text("mqtt", table, key, "") for key in ("password_file", *TLS_FILES)}
        if not tls and (wrong := next((key for key in TLS_FILES if paths[key]), None)):
            raise self._fault(("mqtt", wrong), "a TLS file beside mqtt://", "mqtts:// in mqtt.url")
        if paths["key_file"] and not paths["cert_file"]:
            raise self._fault(("mqtt", "key_file"), "a key without a certificate", "cert_file beside it")
        return {
            key: NamedFile(path=path, missing=self._fault(("mqtt", key), path, "a file that is there"))
            for key, path in paths.items()
            if path
        }

    def _max_mib(self) -> int:
        value = self._table("spool", "max_mib").get("max_mib", 64)
        if type(value) is not int or not 1 <= value <= MAX_MIB:
            raise self._fault(("spool", "max_mib"), repr(value), f"a whole number from 1 to {MAX_MIB}")
        return value

    def _metrics(self) -> tuple[str, int] | None:
        listen = self._text("metrics", self._table("metrics", "listen"), "listen", "")
        if not listen:
            return None
        host, _, port = listen.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
            raise self._fault(("metrics", "listen"), listen, '"" or HOST:PORT, such as "127.0.0.1:9101"')
        return host.strip("[]"), int(port)

    def _table(self, name: str, *known: str) -> dict[str, object]:
        table = self.tables.get(name, {})
        if not isinstance(table, dict):
            raise self._fault((name,), table, f"a table, [{name}]")
        self._only((name,), table, *known)
        return cast("dict[str, object]", table)

    def _only(self, within: Setting, table: Mapping[str, object], *known: str) -> None:
        for key in table:
            if key not in known:
                raise self._fault((*within, key), "an unknown key", f"one of {', '.join(known)}")

    def _text(self, where: str, table: Mapping[str, object], key: str, default: str | None = None) -> str:
        value = table.get(key, default)
        if value is None:
            raise self._fault((where, key), "nothing", "a text")
        if not isinstance(value, str):
            raise self._fault((where, key), value, "a text")
        return value

    def _id(self, table: Mapping[str, object], key: str) -> str:
        try:
            return check_id(self._text("gateway", table, key))
        except Malformed as fault:
            raise self._fault(("gateway", key), fault.found, fault.right) from fault

    def _fault(self, setting: Setting, found: object, right: str) -> Misset:
        return misset(self.text, setting, found, right)
