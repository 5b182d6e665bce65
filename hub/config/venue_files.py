"""Which files describe the venues, and what do they say? Reads text; what it means is for rules.check.

They end in `.yaml`. One that ends otherwise, and is meant to be read, is told: nobody should think that it is in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from hub.errors import BadConfig

MAX_FILE_BYTES: Final = 1024 * 1024
# The largest journey that we ship has 3 kB; a hundred times a hundred of those is no journey, but some other file.


def read_venue_files(folder: Path) -> Mapping[str, str]:
    """The text of every venue's files under `folder`, by their path relative to it: `marlton/journeys/welcome.yaml`.

    Raises:
        BadConfig: the folder is not there, or a file is too large, unreadable, not UTF-8, or not called `.yaml`; one
            line for each.
    """
    if not folder.is_dir():
        raise BadConfig(f"{folder}: no such folder; right would be the venues folder that `innkeeper init` lays out")
    texts: dict[str, str] = {}
    faults = [f"{path}:1:1: nobody reads it by this name; right would be {right}" for path, right in _misnamed(folder)]
    for path in sorted(folder.glob("*/venue.yaml")) + sorted(folder.glob("*/journeys/*.yaml")):
        try:
            texts[path.relative_to(folder).as_posix()] = read_text(path)
        except BadConfig as exc:
            faults.append(str(exc))
    if not texts and not faults:
        faults.append(f"{folder}:1:1: found no venue; right would be {folder}/VENUE/venue.yaml")
    if faults:
        raise BadConfig("\n".join(faults))
    return texts


def _misnamed(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files that are meant to be read and are not, each with the name that it should have."""
    for path in sorted((*folder.glob("*/*"), *folder.glob("*/journeys/*"))):
        meant = path.suffix.lower() in {".yml", ".yaml"} and path.suffix != ".yaml"
        if meant and (path.parent.name == "journeys" or path.stem.lower() in {"venue", "floorplan"}):
            yield path, f"{path.stem}.yaml"


def read_text(path: Path) -> str:
    """The text of one file of a venue. Raises BadConfig: it is too large, unreadable, or not UTF-8; one line."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise BadConfig(f"{path}:1:1: found {size} bytes; right would be at most {MAX_FILE_BYTES}")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        found = f"found byte {exc.object[exc.start]:#04x} at offset {exc.start}"
        raise BadConfig(f"{path}:{line}:1: {found}; right would be text in UTF-8") from exc
    except OSError as exc:
        raise BadConfig(f"{path}:1:1: cannot be read: {(exc.strerror or str(exc)).lower()}") from exc
