"""A survey, and the venue that it is of."""

from __future__ import annotations

import pytest

from hub.errors import BadRequest
from hub.presence.fitting import check_fit, unfit
from hub.presence.layout import ZoneLayout
from hub.presence.survey import Spot, Survey

SURVEY = Survey(
    venue="house",
    spots=(
        Spot(zone="bar", walk=0, levels={"bar-1": (-60.0, 1.0)}),
        Spot(zone=None, walk=1, levels={"bar-1": (-80.0, 0.5)}),
    ),
)
BAR = ZoneLayout(zone="bar", gateways=("bar-1",))
POOL = ZoneLayout(zone="pool", gateways=("pool-1",))
EITHER = ZoneLayout(zone="either", gateways=("bar-1", "pool-1"), either=("bar", "pool"))


def test_a_survey_of_the_venue_fits_though_zones_came_since() -> None:
    zones = {"bar": BAR, "pool": POOL, "either": EITHER}

    check_fit(SURVEY, "house", zones, file="survey.json")

    assert unfit(SURVEY, zones) == ("zone 'pool' was not walked", "gateway 'pool-1' of pool heard nothing of the walk")


def test_a_survey_of_another_venue_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"^survey.json:1:1: found a survey of house; right would be one of hotel$"):
        check_fit(SURVEY, "hotel", {"bar": BAR}, file="survey.json")


def test_a_survey_of_a_zone_that_is_no_more_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"found zone 'bar', which venue.yaml has not; known: pool; right would be"):
        check_fit(SURVEY, "house", {"pool": POOL, "either": EITHER}, file="survey.json")
