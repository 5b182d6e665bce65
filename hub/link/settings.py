"""Which broker, and as whom?"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

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


class _Context(ssl.SSLContext):
    """One that shakes hands while it wraps: paho-mqtt does it afterwards, and leaves the socket open when it fails."""

    def wrap_socket(
        self,
        sock: socket,
        server_side: bool = False,  # noqa: FBT001, FBT002  the same
        do_handshake_on_connect: bool = True,  # noqa: ARG002, FBT001, FBT002  the same
        suppress_ragged_eofs: bool = True,  # noqa: FBT001, FBT002  the same
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        """The wrapped socket, or the socket closed and the error."""
        return super().wrap_socket(
            sock,
            server_side=server_side,
            do_handshake_on_connect=True,
            suppress_ragged_eofs=suppress_ragged_eofs,
            server_hostname=server_hostname,
            session=session,
        )


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
        context = _Context(ssl.PROTOCOL_TLS_CLIENT)  # checks names and certificates
        if settings.ca_file is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(settings.ca_file)
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
