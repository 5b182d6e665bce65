"""What does gateway.toml say?

Checked whole before anything starts: an unknown key is a typing error that would be found on a ladder, under a
ceiling, a week later.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

from gateway.described import read_formats
from gateway.errors import ConfigError, said
from wire.advert.vendor import VendorFormat
from wire.errors import Malformed
from wire.mqtt.topics import check_id
from wire.settings.places import Place, Setting, name_of, place_of, syntax_fault

SCANS: Final = ("hybrid", "active", "passive")
REPLAY: Final = "replay:"
PORTS: Final[Mapping[str, int]] = {"mqtt": 1883, "mqtts": 8883}  # as registered with IANA
MAX_MIB: Final = 4096  # more than a Pi has


@dataclass(frozen=True, slots=True, kw_only=True)
class Radio:
    """What to listen with."""

    adapters: tuple[str, ...] = ("hci0",)  # or Bluetooth addresses
    scan: str = "hybrid"
    replay: Path | None = None  # a recording in place of a radio


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the hub is to be met."""

    host: str
    port: int
    tls: bool
    username: str
    password_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @property
    def url(self) -> str:
        """For people."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"

    def password(self) -> str | None:
        """Read anew for each connection, so that it may be changed beneath us."""
        return None if self.password_file is None else self.password_file.read_text().strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """gateway.toml, checked."""

    file: Path
    gateway: str
    venue: str
    data_dir: Path
    radio: Radio
    broker: Broker
    max_mib: int = 64
    metrics: tuple[str, int] | None = None
    formats: tuple[VendorFormat, ...] = ()  # of vendors, as the file describes them

    @property
    def name(self) -> str:
        """This gateway's, for a folder: gateways that share a data_dir share nothing else."""
        return f"{self.venue}.{self.gateway}"

    @property
    def spool_dir(self) -> Path:
        """Where unconfirmed batches are kept."""
        return self.data_dir / self.name


def load(file: Path) -> Config:
    """Read and check a gateway.toml.

    Raises:
        ConfigError: it is not there, or something in it is wrong.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as fault:
        raise ConfigError(file, "", "nothing there", "a gateway.toml, as `innkeeper init` writes it") from fault
    except UnicodeDecodeError as fault:
        place = Place(fault.object.count(b"\n", 0, fault.start) + 1, 1)
        raise ConfigError(file, "", f"byte {fault.object[fault.start]:#04x}", "text in UTF-8", place=place) from fault
    except OSError as fault:
        raise ConfigError(file, "", said(fault), "a file that can be read") from fault
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        place, why = syntax_fault(text, str(fault))
        raise ConfigError(file, "", f"no TOML, {why}", "TOML 1.0", place=place) from fault
    return _Reader(file, text, tables).config()


class _Reader:
    """Takes values out of the tables; what nobody took is unknown."""

    def __init__(self, file: Path, text: str, tables: dict[str, object]) -> None:
        self.file = file
        self.text = text
        self.tables = tables

    def config(self) -> Config:
        self._only((), self.tables, "gateway", "radio", "mqtt", "spool", "metrics", "format")
        gateway = self._table("gateway", "id", "venue", "data_dir")
        venue, name = (self._id(gateway, key) for key in ("venue", "id"))
        return Config(
            file=self.file,
            gateway=name,
            venue=venue,
            data_dir=self._path(self._text("gateway", gateway, "data_dir", "var")),
            radio=self._radio(),
            broker=self._broker(f"{venue}/{name}"),
            max_mib=self._max_mib(),
            metrics=self._metrics(),
            formats=read_formats(self.tables.get("format", []), self._fault),
        )

    def _radio(self) -> Radio:
        table = self._table("radio", "adapters", "scan", "source")
        adapters = table.get("adapters", ["hci0"])
        if not isinstance(adapters, list) or not adapters or not all(isinstance(a, str) and a for a in adapters):
            raise self._fault(
                ("radio", "adapters"), adapters, 'a list of names or Bluetooth addresses, such as ["hci0"]'
            )
        scan = self._text("radio", table, "scan", "hybrid")
        if scan not in SCANS:
            raise self._fault(("radio", "scan"), scan, f"one of {', '.join(SCANS)}")
        source = self._text("radio", table, "source", "bluez")
        replay = self._path(source.removeprefix(REPLAY)) if source.startswith(REPLAY) else None
        if replay is None and source != "bluez":
            raise self._fault(("radio", "source"), source, '"bluez" or "replay:FILE"')
        if replay is not None and not replay.exists():
            raise self._fault(("radio", "source"), source, "a recording that is there")
        return Radio(adapters=tuple(adapters), scan=scan, replay=replay)

    def _broker(self, username: str) -> Broker:
        table = self._table("mqtt", "url", "password_file", "ca_file", "cert_file", "key_file")
        url = self._text("mqtt", table, "url")
        right = "mqtt://HOST[:PORT] or mqtts://HOST[:PORT]"
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise self._fault(("mqtt", "url"), url.rpartition("@")[2], right) from None
        if parts.scheme not in PORTS or not host or parts.path.strip("/") or parts.username or parts.query:
            raise self._fault(("mqtt", "url"), url.rpartition("@")[2], right)
        files = {key: self._file(table, key) for key in ("password_file", "ca_file", "cert_file", "key_file")}
        tls = parts.scheme == "mqtts"
        if not tls and (wrong := next((key for key in ("ca_file", "cert_file", "key_file") if files[key]), None)):
            raise self._fault(("mqtt", wrong), "a TLS file beside mqtt://", "mqtts:// in mqtt.url")
        if files["key_file"] and not files["cert_file"]:
            raise self._fault(("mqtt", "key_file"), "a key without a certificate", "cert_file beside it")
        return Broker(host=host, port=port or PORTS[parts.scheme], tls=tls, username=username, **files)

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

    def _file(self, table: Mapping[str, object], key: str) -> Path | None:
        text = self._text("mqtt", table, key, "")
        if not text:
            return None
        path = self._path(text)
        if not path.is_file():
            raise self._fault(("mqtt", key), text, "a file that is there")
        return path

    def _path(self, text: str) -> Path:
        return (self.file.absolute().parent / text).resolve()

    def _fault(self, setting: Setting, found: object, right: str) -> ConfigError:
        shown = found if isinstance(found, str) and found.isprintable() else repr(found)[:60]
        return ConfigError(self.file, name_of(setting), shown, right, place=place_of(self.text, setting))
