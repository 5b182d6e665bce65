"""What does a backup say about itself?"""

from __future__ import annotations

from typing import Final

import msgspec

from hub.store.restraints import Position

FORMAT: Final = 1


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The first member of its tar; an older program leaves out what it did not know."""

    format: int
    made_us: int  # for people: nothing is put into order by it, clocks jump
    mark: str | None = None  # what was put into the database just before it was copied
    restraints: Position | None = None  # so far the database knew of what was withdrawn and who was erased
