"""What a surveyor notes while she walks."""

from __future__ import annotations

import pytest

from hub.errors import BadRequest
from hub.presence.labels import label, read_labels
from hub.presence.recording import Reading

ZONES = ("bar", "pool")


def test_times_are_of_the_day_with_an_offset_or_seconds() -> None:
    lines = ["# a walk", "", "2026-12-01T14:02:10+01:00 bar", "2026-12-01 13:03:00Z\tpool\r", "1796130240.5  null"]

    labels = read_labels(lines, file="l", zones=ZONES)

    assert [(each.t, each.zone) for each in labels] == [
        (1796130130, "bar"),
        (1796130180, "pool"),
        (1796130240.5, None),
    ]


def test_what_was_heard_gets_the_zone_of_its_time_and_pauses_are_left_out() -> None:
    labels = read_labels(["10 bar", "20 -", "30 null", "40 pool", "50 -"], file="l", zones=ZONES)

    walk = list(label([Reading(t, "bar-1", "a", -60) for t in range(5, 65, 5)], labels))

    assert [(row.t, row.zone) for row in walk] == [
        *((10, "bar"), (15, "bar"), (30, None)),
        *((35, None), (40, "pool"), (45, "pool")),
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("bar", "found 'bar'; right would be TIME ZONE"),
        ("20 spa", "found zone 'spa'; known: bar, pool, null for nowhere, and - for"),
        ("14:02:10 bar", "found time '14:02:10'; right would be 2026-"),
        ("2026-12-01T14:02:10 bar", "found time '2026-12-01T14:02:10'; right would be .* with its offset"),
        ("9 bar", "found 9 below a later time; right would be the order of time"),
        ("1796130130000 bar", "found time '1796130130000'; right would be seconds"),
        ("nan bar", "found time 'nan'; right would be seconds"),
    ],
)
def test_a_line_that_is_no_label_is_told_with_its_place(line: str, fault: str) -> None:
    with pytest.raises(BadRequest, match=f"^l:2:1: {fault}"):
        read_labels(["10 bar", line], file="l", zones=ZONES)


@pytest.mark.parametrize("lines", [[], ["# nothing"], ["10 -"]])
def test_a_file_without_a_zone_is_no_walk(lines: list[str]) -> None:
    with pytest.raises(BadRequest, match=r"^l:1:1: found no zone; right would be lines TIME ZONE, as in `2026"):
        read_labels(lines, file="l", zones=ZONES)
