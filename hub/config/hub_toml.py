"""What does hub.toml say?

Reading gives a whole `HubConfig` or every fault of the file. A channel's table that stands twice is taken from where
it stands last, so that a part (the simulator writes one) can be appended to the file that `init` laid out.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hub.config.channel_tables import (
    ApnsTable,
    FcmTable,
    RateLimit,
    SmtpTable,
    WebhookTable,
    read_apns,
    read_fcm,
    read_smtp,
    read_webhooks,
)
from hub.config.toml_table import MAX_PORT, ConfigFault, Source, TomlTable
from hub.errors import BadConfig
from wire.settings.places import syntax_fault

TABLES: Final = ("hub", "mqtt", "store", "apns", "fcm", "smtp", "webhook")
REPLACEABLE: Final = frozenset({"apns", "fcm", "smtp"})
PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
MOST_CORES: Final = 1024  # that Linux binds a process to


@dataclass(frozen=True, slots=True, kw_only=True)
class HubTable:
    """`[hub]`."""

    data_dir: Path
    venues_dir: Path
    host: str
    port: int
    public_url: str  # "": links to the hub cannot be made
    shadow: bool  # decides and records everything, sends nothing
    core: int | None  # the only one that the hub runs on; None: any
    awake: bool  # no core of the machine falls asleep while the hub runs


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttTable:
    """`[mqtt]`."""

    host: str
    port: int
    tls: bool
    embedded: bool
    username: str | None
    password_file: Path | None
    ca_file: Path | None
    cert_file: Path | None
    key_file: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HubConfig:
    """The whole file. A channel whose table is missing is None, and off."""

    file: Path
    hub: HubTable
    mqtt: MqttTable
    database: Path
    apns: ApnsTable | None
    fcm: FcmTable | None
    smtp: SmtpTable | None
    webhooks: Mapping[str, WebhookTable]  # by the channel's name

    @property
    def carries(self) -> frozenset[str]:
        """The channels, as journeys name them, that some table could carry."""
        push = {"push"} if self.apns or self.fcm else set()
        return frozenset(push | ({"email"} if self.smtp else set()) | self.webhooks.keys())

    @property
    def rates(self) -> Mapping[str, RateLimit]:
        """How fast each provider may be asked, of those that have a limit."""
        tables = (("apns", self.apns), ("fcm", self.fcm), ("smtp", self.smtp))
        found = {name: table.rate for name, table in tables if table is not None}
        found |= {f"webhook.{name}": each.rate for name, each in self.webhooks.items()}
        return {name: rate for name, rate in found.items() if rate is not None}

    def missing_files(self) -> tuple[tuple[str, Path], ...]:
        """The named files that are not there, each with its setting."""
        named: list[tuple[str, Path | None]] = [
            ("[mqtt] password_file", self.mqtt.password_file),
            ("[mqtt] ca_file", self.mqtt.ca_file),
            ("[mqtt] cert_file", self.mqtt.cert_file),
            ("[mqtt] key_file", self.mqtt.key_file),
        ]
        if self.apns:
            named += [("[apns] key_file", self.apns.key_file), ("[apns] ca_file", self.apns.ca_file)]
        if self.fcm:
            named += [
                ("[fcm] service_account_file", self.fcm.service_account_file),
                ("[fcm] ca_file", self.fcm.ca_file),
            ]
        if self.smtp:
            named += [("[smtp] password_file", self.smtp.password_file), ("[smtp] ca_file", self.smtp.ca_file)]
        named += [(f"[webhook.{name}] secret_file", each.secret_file) for name, each in self.webhooks.items()]
        return tuple((setting, path) for setting, path in named if path is not None and not path.is_file())


class FaultyConfig(BadConfig):
    """hub.toml has faults; `str()` is one line for each."""

    def __init__(self, faults: tuple[ConfigFault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


def read_config(path: Path, *, cores: Collection[int] | None = None) -> HubConfig:
    """Read and check hub.toml. Raises FaultyConfig with every fault.

    `cores` are those that the hub may use; None, where it is another process that reads: then no core is refused.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        why = "not text in UTF-8" if isinstance(exc, UnicodeDecodeError) else (exc.strerror or str(exc)).lower()
        message = f"cannot be read: {why}; right would be a hub.toml such as `innkeeper init` lays out"
        raise FaultyConfig((ConfigFault(file=str(path), line=1, column=1, message=message),)) from exc
    return parse_config(path.absolute(), text, cores=cores)


def parse_config(path: Path, text: str, *, cores: Collection[int] | None = None) -> HubConfig:
    """Check the text of a hub.toml that stands at `path`. Raises FaultyConfig as `read_config` does."""
    text = _last_tables(text)
    source = Source(path, text)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        place, why = syntax_fault(text, str(exc))
        fault = ConfigFault(file=str(path), line=place.line, column=place.column, message=f"not TOML: {why}")
        raise FaultyConfig((fault,)) from exc
    _refuse_unknown(source, document)
    config = HubConfig(
        file=path,
        hub=_hub(_table(source, document, "hub"), cores),
        mqtt=_mqtt(_table(source, document, "mqtt")),
        database=_database(_table(source, document, "store"), path),
        apns=read_apns(_table(source, document, "apns")) if "apns" in document else None,
        fcm=read_fcm(_table(source, document, "fcm")) if "fcm" in document else None,
        smtp=read_smtp(_table(source, document, "smtp")) if "smtp" in document else None,
        webhooks=read_webhooks(source, document.get("webhook", {})),
    )
    if source.faults:
        raise FaultyConfig(tuple(source.faults))
    return config


def _last_tables(text: str) -> str:
    """Blank the earlier of two tables of one channel; the number of lines stays."""
    lines = text.splitlines()
    headers = [
        (number, found[1]) for number, line in enumerate(lines) if (found := re.match(r"\[([\w.]+)\]\s*(#.*)?$", line))
    ]
    last = {name: number for number, name in headers}
    for place, (number, name) in enumerate(headers):
        if name in REPLACEABLE and last[name] != number:
            end = headers[place + 1][0] if place + 1 < len(headers) else len(lines)
            lines[number:end] = [""] * (end - number)
    return "\n".join(lines) + "\n"


def _refuse_unknown(source: Source, document: Mapping[str, object]) -> None:
    for name in document:
        if name not in TABLES:
            near = difflib.get_close_matches(name, TABLES, n=1)
            hint = f"did you mean [{near[0]}]?" if near else f"known: {', '.join(f'[{table}]' for table in TABLES)}"
            source.fault(f"unknown table [{name}]; {hint}", name)


def _table(source: Source, document: Mapping[str, object], name: str) -> TomlTable:
    values = document.get(name, {})
    if not isinstance(values, dict):
        source.fault(f"{name}: found {values!r}; right would be a table [{name}]", "", name)
        values = {}
    return TomlTable(source, name, values)


def _hub(table: TomlTable, cores: Collection[int] | None) -> HubTable:
    host, port = _listen(table, table.text("listen", "127.0.0.1:8080", like="127.0.0.1:8080"))
    public_url = table.text("public_url", like="https://hub.example.com").rstrip("/")
    if public_url and urlsplit(public_url).scheme not in {"http", "https"}:
        table.fault("public_url", public_url, "an address such as 'https://hub.example.com'")
    section = HubTable(
        data_dir=table.path("data_dir", "var") or Path(),
        venues_dir=table.path("venues_dir", "venues") or Path(),
        host=host,
        port=port,
        public_url=public_url,
        shadow=table.choice("mode", ("live", "shadow"), "live") == "shadow",
        core=_core(table, cores),
        awake=table.flag("awake", default=False),
    )
    table.done()
    return section


def _core(table: TomlTable, cores: Collection[int] | None) -> int | None:
    if cores is None:
        return table.one_of("core", range(MOST_CORES), "the number of a core, from 0")
    right = f"a core that this process may use: {', '.join(map(str, sorted(cores)))}"
    return table.one_of("core", cores, right)


def _listen(table: TomlTable, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if host and port.isdigit() and int(port) <= MAX_PORT:
        return host.strip("[]"), int(port)
    table.fault("listen", text, "an address and a port such as '127.0.0.1:8080'")
    return "127.0.0.1", 8080


def _mqtt(table: TomlTable) -> MqttTable:
    embedded = table.flag("embedded", default=False)
    url = table.text("url", "mqtt://127.0.0.1:1883", like="mqtt://127.0.0.1:1883")
    host, port, tls = _broker(table, url)
    if embedded and (tls or host not in {"127.0.0.1", "localhost"}):
        table.fault("url", url, "a mqtt:// address on 127.0.0.1, since embedded = true starts the broker there")
    section = MqttTable(
        host=host,
        port=port,
        tls=tls,
        embedded=embedded,
        username=table.text("username") or None,
        password_file=table.path("password_file"),
        ca_file=table.path("ca_file"),
        cert_file=table.path("cert_file"),
        key_file=table.path("key_file"),
    )
    if (section.cert_file is None) != (section.key_file is None):
        table.fault(
            "cert_file", section.cert_file and str(section.cert_file), "both cert_file and key_file, or neither"
        )
    table.done()
    return section


def _broker(table: TomlTable, url: str) -> tuple[str, int, bool]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme in PORTS and parts.hostname and not parts.username and parts.path in {"", "/"}:
        return parts.hostname, port or PORTS[parts.scheme], parts.scheme == "mqtts"
    table.fault("url", url, "mqtt://HOST:PORT or mqtts://HOST:PORT, the user name in its own key")
    return "127.0.0.1", PORTS["mqtt"], False


def _database(table: TomlTable, file: Path) -> Path:
    url = table.text("url", "sqlite:///var/innkeeper.db", like="sqlite:///var/innkeeper.db")
    table.done()
    prefix = "sqlite:///"
    if url.startswith(prefix) and len(url) > len(prefix):
        return (file.parent / url.removeprefix(prefix)).resolve()
    table.fault("url", url, "sqlite:///PATH, relative to this file, or sqlite:////PATH")
    return file.parent / "var/innkeeper.db"
