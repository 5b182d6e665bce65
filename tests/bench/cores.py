"""Which core has the hub that is measured, and what runs on the others?

A hub may be bound to a core (`core` in hub.toml), where there are two. What measures it then stays off that core, as
its broker and its guests' phones would. A thread's cores are its children's too, so whatever is to be elsewhere is
started within `on_cores`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

ALL: Final = frozenset(os.sched_getaffinity(0))
HUBS: Final = max(ALL) if len(ALL) > 1 else None  # None: one core has to do for all
OTHERS: Final = ALL - {HUBS}


@contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """This thread, and what it starts meanwhile, run on these alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def bound(figures: Mapping[str, float]) -> Mapping[str, float]:
    """The figures under the names that they have where the hub was bound."""
    return {f"bound_{name}": value for name, value in figures.items()}
