"""Was anything kept of the passer-by, whose beacon nobody enrolled? Asked of every file that the product wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from wire.pseudonym import pseudonym
from wire.tag import parse_tag

PRODUCT: Final = ("hotel", "logs", "accepted.jsonl", "wire.jsonl")  # of the demo's folder; the rest is the air


def traces(folder: Path, tag: str) -> Sequence[Path]:
    """The files of the product that hold a beacon's id in any form, or its pseudonym; paths within `folder`.

    `tag` is canonical, of an iBeacon: its UUID tells it from all others.
    """
    uuid = tag.split(":")[1]
    bare = uuid.replace("-", "")
    names = [uuid.encode(), bare.encode(), bare.upper().encode(), bytes.fromhex(bare), *_pseudonyms(folder, tag)]
    return [file.relative_to(folder) for file in _files(folder) if any(name in file.read_bytes() for name in names)]


def dropped(wire: Path) -> int:
    """How many adverts of beacons that nobody enrolled the gateways counted, by what each last said on the wire."""
    last: dict[str, int] = {}
    for line in wire.read_text(encoding="utf-8").splitlines():
        message = json.loads(line)
        if message["topic"].endswith("/state"):
            last[message["topic"]] = json.loads(message["payload"]).get("dropped", 0)
    return sum(last.values())


def _pseudonyms(folder: Path, tag: str) -> Iterator[bytes]:
    for key in folder.glob("hotel/var/keys/*.key"):
        yield pseudonym(bytes.fromhex(key.read_text(encoding="ascii").strip()), parse_tag(tag)).encode()


def _files(folder: Path) -> Iterator[Path]:
    for name in PRODUCT:
        root = folder / name
        yield from [root] if root.is_file() else sorted(file for file in root.rglob("*") if file.is_file())
