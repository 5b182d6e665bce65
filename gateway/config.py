"""What does gateway.toml say on this gateway? Paths are made absolute, and the files that it names are there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ConfigError, said
from wire.advert.vendor import VendorFormat
from wire.errors import Misset
from wire.settings.gateway_toml import NamedFile, read_gateway_toml


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
        read = read_gateway_toml(file.read_bytes())
        _check(file, read.files)
    except FileNotFoundError as fault:
        right = "a gateway.toml, as `innkeeper init` writes it"
        raise ConfigError(f"{file}: found nothing there; right would be {right}") from fault
    except OSError as fault:
        raise ConfigError(f"{file}: found {said(fault)}; right would be a file that can be read") from fault
    except Misset as fault:
        raise ConfigError(f"{file}:{fault.line}:{fault.column}: {fault}") from fault
    paths = {key: _path(file, named.path) for key, named in read.mqtt.files.items()}
    replay = read.radio.replay
    return Config(
        file=file,
        gateway=read.gateway,
        venue=read.venue,
        data_dir=_path(file, read.data_dir),
        radio=Radio(
            adapters=read.radio.adapters,
            scan=read.radio.scan,
            replay=None if replay is None else _path(file, replay.path),
        ),
        broker=Broker(
            host=read.mqtt.host,
            port=read.mqtt.port,
            tls=read.mqtt.tls,
            username=f"{read.venue}/{read.gateway}",
            **paths,
        ),
        max_mib=read.max_mib,
        metrics=read.metrics,
        formats=read.formats,
    )


def _check(file: Path, named: tuple[NamedFile, ...]) -> None:
    for each in named:
        path = _path(file, each.path)
        if path.is_dir() or not os.access(path, os.F_OK):  # a recording may be a pipe
            raise each.missing


def _path(file: Path, text: str) -> Path:
    return (file.absolute().parent / text).resolve()
