"""What a venue's gateways send all day: tags that sit, and now and then one that moves, with a fading of some dB.

Every tag speaks once a second and is heard by two gateways, its own and, 16 dB fainter, the next one; once in five
minutes it moves on. Made from a seed, so that all who listen hear the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

import msgspec

from hub.presence.layout import Layout, ZoneLayout
from wire.pseudonym import Pseudonym

VENUE: Final = "bench"
SEED: Final = 7
HEARD_BY: Final = 2  # gateways
STAY_S: Final = 300
OWN_DBM, NEXT_DBM = -62, -78
FADING_DB: Final = 4
_dumps = msgspec.json.Encoder().encode


class Load(NamedTuple):
    """How much of it."""

    tags: int
    gateways: int
    rows: int  # a message
    seconds: int

    @property
    def rows_a_second(self) -> int:
        """Sightings in a second of the venue's life."""
        return self.tags * HEARD_BY

    @property
    def sightings(self) -> int:
        """All of them."""
        return self.rows_a_second * self.seconds


class Message(NamedTuple):
    """One batch, ready to be published."""

    topic: str
    payload: bytes
    rows: int


def tag(number: int) -> Pseudonym:
    """A tag's name."""
    return Pseudonym(f"tag-{number:012d}")


def gateway(number: int) -> str:
    """A gateway's name."""
    return f"g-{number}"


def layout(load: Load) -> Layout:
    """The venue: a zone for each gateway."""
    return Layout(
        venue=VENUE,
        zones=tuple(ZoneLayout(zone=f"zone-{n}", gateways=(gateway(n),)) for n in range(load.gateways)),
    )


def messages(load: Load) -> Iterator[Message]:
    """The load, in the order of time."""
    dice = Random(SEED)  # noqa: S311  traffic, not a secret
    seqs = Counter[int]()
    names = [tag(n) for n in range(load.tags)]
    for second in range(load.seconds):
        heard: list[list[tuple[object, ...]]] = [[] for _ in range(load.gateways)]
        for n, name in enumerate(names):
            home = (n + (second + n * 7) // STAY_S) % load.gateways
            age = n * 13 % 980 + dice.randrange(10)
            for at, dbm in ((home, OWN_DBM), ((home + 1) % load.gateways, NEXT_DBM)):
                level = dbm + dice.randint(-FADING_DB, FADING_DB)
                heard[at].append((name, age, age, 1, level + 0.0, level, level))
        for at, rows in enumerate(heard):
            for first in range(0, len(rows), load.rows):
                seqs[at] += 1
                yield _message(at, seqs[at], second, rows[first : first + load.rows])


def first_words(load: Load, second: int) -> Iterator[Message]:
    """An empty batch of each gateway, as of this second."""
    return (_message(at, 1, second, [], epoch="first") for at in range(load.gateways))


def _message(at: int, seq: int, second: int, rows: list[tuple[object, ...]], epoch: str = "e") -> Message:
    name = gateway(at)
    fields = {"v": 1, "gw": name, "epoch": epoch, "boot": "b", "seq": seq, "low": seq, "sent": second * 1000}
    return Message(f"ik/1/{VENUE}/{name}/live/0", _dumps({**fields, "rows": rows}), len(rows))
