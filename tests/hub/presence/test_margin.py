"""Who is loudest, and how sure is that?"""

from __future__ import annotations

from math import inf

import pytest

from hub.presence.hearing import Ear
from hub.presence.layout import ZoneLayout
from hub.presence.margin import confidence_of, rank

LOBBY = ZoneLayout(zone="lobby", gateways=("lobby-1", "lobby-2"))
BAR = ZoneLayout(zone="bar", gateways=("bar-1",))


def an_ear(zone: ZoneLayout, dbm: float, at: float = 100.0) -> Ear:
    ear = Ear(zone)
    ear.note(at, dbm, 1, 4.0)
    return ear


def test_zone_is_as_loud_as_its_loudest_gateway_and_no_rival_of_itself() -> None:
    ranking = rank([an_ear(LOBBY, -70), an_ear(BAR, -75), an_ear(LOBBY, -62)], None, 0.0)

    assert (ranking.best, ranking.best_dbm, ranking.rival_dbm, ranking.own_dbm) == (LOBBY, -62, -75, -inf)


def test_own_level_is_told_beside_the_loudest() -> None:
    ranking = rank([an_ear(LOBBY, -70), an_ear(BAR, -60)], LOBBY, 0.0)

    assert (ranking.best, ranking.best_dbm, ranking.rival_dbm, ranking.own_dbm) == (BAR, -60, -70, -70)


def test_gateway_that_has_not_heard_her_for_long_has_no_say() -> None:
    ranking = rank([an_ear(LOBBY, -50, at=10.0), an_ear(BAR, -80)], None, 90.0)

    assert ranking.best is BAR
    assert rank([], None, 0.0).best is None


@pytest.mark.parametrize(
    ("lead", "least", "most"), [(-5.0, 0.5, 0.5), (0.0, 0.5, 0.5), (10.0, 0.85, 0.9), (60.0, 0.99, 1.0)]
)
def test_confidence_grows_with_the_lead(lead: float, least: float, most: float) -> None:
    assert least <= confidence_of(lead) <= most
