"""Which channels does hub.toml turn on, how is each reached, and how fast may it be asked?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hub.config.toml_table import MAX_PORT, Source, TomlTable

OWN_CHANNELS: Final = ("push", "email", "tag", "webhook")  # names that mean something else
CHANNEL_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
MOST_PER_S: Final = 100_000.0  # more than any provider takes
MOST_AT_ONCE: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """How fast a provider may be asked; of every channel's table."""

    per_s: float
    burst: int | None  # messages that may go at once after a pause; None: a tenth of a second's


@dataclass(frozen=True, slots=True, kw_only=True)
class ApnsTable:
    """`[apns]`."""

    endpoint: str
    team_id: str
    key_id: str
    key_file: Path
    topic: str
    ca_file: Path | None
    rate: RateLimit | None  # None: as fast as it answers


@dataclass(frozen=True, slots=True, kw_only=True)
class FcmTable:
    """`[fcm]`."""

    endpoint: str
    service_account_file: Path
    ca_file: Path | None
    rate: RateLimit | None  # None: as fast as it answers


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpTable:
    """`[smtp]`."""

    host: str
    port: int
    security: str  # tls, starttls, none
    username: str | None
    password_file: Path | None
    sender: str
    ca_file: Path | None
    rate: RateLimit | None  # None: as fast as it answers


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTable:
    """`[webhook.NAME]`: a channel called NAME."""

    url: str
    secret_file: Path
    allow_private: bool
    rate: RateLimit | None  # None: as fast as it answers


def read_apns(table: TomlTable) -> ApnsTable:
    """`[apns]`."""
    section = ApnsTable(
        endpoint=_endpoint(table, "https://api.push.apple.com"),
        team_id=table.text("team_id", required=True, like="ABCDE12345"),
        key_id=table.text("key_id", required=True, like="ABC123DEFG"),
        key_file=table.path("key_file", required=True) or Path(),
        topic=table.text("topic", required=True, like="com.example.hotel"),
        ca_file=table.path("ca_file"),
        rate=_rate(table),
    )
    table.done()
    return section


def read_fcm(table: TomlTable) -> FcmTable:
    """`[fcm]`."""
    section = FcmTable(
        endpoint=_endpoint(table, "https://fcm.googleapis.com"),
        service_account_file=table.path("service_account_file", required=True) or Path(),
        ca_file=table.path("ca_file"),
        rate=_rate(table),
    )
    table.done()
    return section


def read_smtp(table: TomlTable) -> SmtpTable:
    """`[smtp]`."""
    security = table.choice("security", ("tls", "starttls", "none"), "starttls")
    section = SmtpTable(
        host=table.text("host", required=True, like="smtp.example.com"),
        port=table.number("port", {"tls": 465, "starttls": 587, "none": 25}[security], least=1, most=MAX_PORT),
        security=security,
        username=table.text("username") or None,
        password_file=table.path("password_file"),
        sender=table.text("sender", required=True, like="The Marlton <hello@marlton.example>"),
        ca_file=table.path("ca_file"),
        rate=_rate(table),
    )
    table.done()
    return section


def read_webhooks(source: Source, tables: object) -> Mapping[str, WebhookTable]:
    """Every `[webhook.NAME]`."""
    if not isinstance(tables, dict):
        source.fault(
            f"webhook: found {tables!r}; right would be a table for each, such as [webhook.sms]", "", "webhook"
        )
        return {}
    found = {}
    for name, values in tables.items():
        if not isinstance(values, dict):
            source.fault(
                f"[webhook] {name}: found {values!r}; right would be a table [webhook.{name}]", "webhook", name
            )
        elif name in OWN_CHANNELS or not CHANNEL_NAME.fullmatch(name):
            right = f"a name such as sms, of small letters, digits, - and _, none of {', '.join(OWN_CHANNELS)}"
            source.fault(f"[webhook.{name}]: found {name!r}; right would be {right}", f"webhook.{name}")
        else:
            found[name] = _webhook(TomlTable(source, f"webhook.{name}", values))
    return found


def _webhook(table: TomlTable) -> WebhookTable:
    allow_private = table.flag("allow_private", default=False)
    schemes = ("https", "http") if allow_private else ("https",)
    url = table.text("url", required=True, like="https://sms.example.com/send")
    parts = urlsplit(url)
    if url and (parts.scheme not in schemes or not parts.hostname):
        right = "https://HOST/PATH" + (
            " or http://HOST/PATH" if allow_private else ", or allow_private = true for http"
        )
        table.fault("url", url.partition("?")[0], right)
    section = WebhookTable(
        url=url,
        secret_file=table.path("secret_file", required=True) or Path(),
        allow_private=allow_private,
        rate=_rate(table),
    )
    table.done()
    return section


def _endpoint(table: TomlTable, default: str) -> str:
    url = table.text("endpoint", default, like=default)
    if urlsplit(url).scheme == "https" and urlsplit(url).hostname:
        return url.rstrip("/")
    table.fault("endpoint", url, f"an https:// address such as {default!r}")
    return default


def _rate(table: TomlTable) -> RateLimit | None:
    per_s = table.decimal("rate_per_s", more_than=0, most=MOST_PER_S)
    burst = table.number("burst", 0, least=1, most=MOST_AT_ONCE)
    if per_s is None and burst:
        table.fault("burst", burst, "rate_per_s beside it, which it belongs to")
    return None if per_s is None else RateLimit(per_s=per_s, burst=burst or None)
