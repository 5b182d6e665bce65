"""The venue in which the simulator's own tests walk."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_sim.floorplan import Floorplan, load_floorplan

VENUE = Path(__file__).parent / "venue"


@pytest.fixture(scope="session")
def plan() -> Floorplan:
    return load_floorplan(VENUE / "floorplan.yaml")
