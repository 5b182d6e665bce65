"""Buildings that are made from a seed."""

from __future__ import annotations

import pytest

from firmware_sim.buildings import KINDS, building
from firmware_sim.clock import seeded
from firmware_sim.guest import roaming


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_makes_the_same_building_and_another_seed_another(kind: str) -> None:
    assert building(kind, 1) == building(kind, 1)
    assert building(kind, 1) != building(kind, 2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_guest_finds_a_way_to_every_zone_and_every_zone_is_heard(kind: str, seed: int) -> None:
    plan = building(kind, seed)

    track = roaming(plan, seeded(seed, kind), 20_000.0)

    assert {span.zone for span in track.spans(plan)} == {None, *plan.zones}
    assert {gateway.zone for gateway in plan.gateways} == set(plan.zones)
    assert all(plan.zone_at(gateway.at) == gateway.zone for gateway in plan.gateways)
