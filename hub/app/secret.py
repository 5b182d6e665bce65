"""With which secret are the links in emails sealed? 32 random bytes in a file of the data directory."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hub.identity.keys import known_keys, venue_key

_FOLDER: Final = "secrets"
_NAME: Final = "unsubscribe"  # no venue's id may hold what follows it on the disk: `{data_dir}/secrets/…`


def link_secret(data_dir: Path) -> bytes:
    """The secret; made when there is none. Raises BadConfig as `venue_key` does."""
    return venue_key(data_dir / _FOLDER, _NAME)


def known_secrets(data_dir: Path) -> tuple[bytes, ...]:
    """The secret that is there, or in an unpacked backup, and those that were replaced. Raises as `venue_key` does."""
    return known_keys(data_dir / _FOLDER, _NAME)
