"""Which files do the pages need beside themselves? Ours alone, each under an address that changes with its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

_TYPES: Final[Mapping[str, str]] = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file."""

    url: str
    type: str
    content: bytes


def read_assets() -> Mapping[str, Asset]:
    """Every file by its name."""
    return {name: _asset(name, kind) for name, kind in _TYPES.items()}


def _asset(name: str, kind: str) -> Asset:
    content = (files("hub.pages") / "static" / name).read_bytes()
    stem, _, suffix = name.partition(".")
    return Asset(url=f"/static/{stem}.{sha256(content).hexdigest()[:12]}.{suffix}", type=kind, content=content)
