"""Which broker, and as whom?"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from hub.errors import BadConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """One broker. Files are read when the link connects, so that a renewed certificate needs no restart."""

    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None  # None: the machine's
    cert_file: Path | None = None
    key_file: Path | None = None
    client_id: str = "innkeeper-hub"  # brokers that take the user name for it ignore this one
    keepalive_s: int = field(default=30)  # a dead connection is noticed within twice as long

    @property
    def url(self) -> str:
        """For people; without the password."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def read_password(settings: LinkSettings) -> str | None:
    """The password, without the line's end. Raises BadConfig."""
    if settings.password_file is None:
        return None
    try:
        return settings.password_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise BadConfig(
            f"[mqtt] password_file: found {settings.password_file}, which cannot be read: {_why(exc)}; "
            "right would be a text file with the password"
        ) from exc


def tls_context(settings: LinkSettings) -> ssl.SSLContext | None:
    """How the broker proves who it is, and we who we are; None without TLS. Raises BadConfig."""
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.cert_file is not None:
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except (OSError, ssl.SSLError) as exc:
        raise BadConfig(
            f"[mqtt] ca_file, cert_file, key_file: found files that cannot be used: {_why(exc)}; "
            "right would be certificates and a key in PEM"
        ) from exc
    return context


def _why(exc: Exception) -> str:
    return (getattr(exc, "strerror", None) or str(exc)).lower()
