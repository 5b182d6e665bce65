"""The simulated providers, standing on free ports, with a hub's settings for them. Keys are made once a test run."""

from __future__ import annotations

import atexit
import contextlib
import json
import shutil
import ssl
import tempfile
import tomllib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from firmware_sim.providers.authority import USUAL_RELAY, RelayOptions
from firmware_sim.providers.clock import Now, utc_now
from firmware_sim.providers.stand import Providers, open_providers
from hub.channels.apns import ApnsSettings
from hub.channels.fcm import FcmSettings
from hub.channels.smtp import SmtpSettings
from hub.channels.webhook import WebhookSettings
from tests.fakes.ports import free_ports


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Providers that stand, and the settings that lead to them."""

    providers: Providers
    directory: Path
    apns: ApnsSettings
    fcm: FcmSettings
    smtp: SmtpSettings
    webhook: WebhookSettings

    @property
    def port(self) -> int:
        return self.providers.port

    def accepted(self) -> Sequence[dict[str, Any]]:
        return [json.loads(line) for line in self.providers.log.read_text(encoding="utf-8").splitlines()]

    def accepted_ids(self) -> Sequence[str]:
        return [entry["message"] for entry in self.accepted()]


@cache
def keys() -> Path:
    """A directory with keys and certificates."""
    directory = Path(tempfile.mkdtemp(prefix="innkeeper-keys-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


def client_context(directory: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=directory / "ca.pem")


def free_port(in_a_row: int = 4) -> int:
    """The first of so many ports that are free now."""
    return free_ports(in_a_row)[0]


@contextlib.asynccontextmanager
async def simulated(
    tmp_path: Path, *, now: Now = utc_now, smtp: RelayOptions = USUAL_RELAY
) -> AsyncIterator[Simulated]:
    directory = keys()
    async with open_providers(free_port(), directory, tmp_path / "accepted.jsonl", now=now, smtp=smtp) as providers:
        part = tomllib.loads((directory / "hub.toml.part").read_text(encoding="utf-8"))
        for table in part.values():
            table.update({name: Path(value) for name, value in table.items() if name.endswith("_file")})
        yield Simulated(
            providers=providers,
            directory=directory,
            apns=ApnsSettings(**part["apns"]),
            fcm=FcmSettings(**part["fcm"]),
            smtp=SmtpSettings(**part["smtp"]),
            webhook=WebhookSettings(
                name="sms",
                url=f"http://127.0.0.1:{providers.port + 3}/webhook/sms",
                secret_file=directory / "webhook.secret",
                allow_private=True,
            ),
        )
