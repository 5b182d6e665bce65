"""P31: what a copied tag brings its guest is bounded by her cooldown, wherever both of them are."""

from __future__ import annotations

from typing import Final

import pytest

from hub import pipeline as river_source
from tests.fakes.office import until
from tests.fakes.river import River

LONG_S: Final = 100  # longer than a visit can be resumed
TURNS: Final = 8


async def test_p31_a_copied_tag_brings_one_message_a_cooldown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(river_source, "GROUP_S", 0.001)
    river = River()
    turns = [("lobby-1", "pool-1"), ("pool-1", "lobby-1")] * (TURNS // 2)

    async with river.runs():
        for number, (near, far) in enumerate(turns):  # now one of the two is nearer to its gateway, now the other
            for second in range(number * LONG_S + 1, (number + 1) * LONG_S, 2):
                river.heard(second, "ana", dbm=-55, gateway=near)
                river.heard(second, "ana", dbm=-70, gateway=far)
                await until(lambda: river.broker.is_done)

    entered = [visit.zone for visit, _ in river.ledger.visits.values()]
    assert (entered.count("lobby"), entered.count("pool")) == (TURNS // 2, TURNS // 2)
    assert [planned.message for planned in river.ledger.messages.values()] == ["welcome"]
