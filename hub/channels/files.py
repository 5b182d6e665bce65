"""How does a channel read the files that a person put beside hub.toml?"""

from __future__ import annotations

import ssl
from pathlib import Path

from hub.errors import BadConfig


def read_secret(path: Path, what: str) -> str:
    """The text of a file. Raises BadConfig."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise BadConfig(f"{path}: cannot be read, {(exc.strerror or str(exc)).lower()}; right would be {what}") from exc
    except UnicodeDecodeError as exc:
        raise BadConfig(f"{path}: found no text; right would be {what}") from exc


def client_tls(ca_file: Path | None) -> ssl.SSLContext:
    """TLS that trusts `ca_file`, or what the machine trusts. Raises BadConfig."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as exc:
        raise BadConfig(f"{ca_file}: found no certificates; right would be PEM") from exc
    except OSError as exc:
        reason = (exc.strerror or str(exc)).lower()
        raise BadConfig(f"{ca_file}: cannot be read, {reason}; right would be certificates in PEM") from exc
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
