"""What really happened, and what was heard of it: lines of JSON, as `innkeeper presence` reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import IO

from firmware_sim.floorplan import Floorplan
from firmware_sim.guest import Span
from firmware_sim.world import Carrier, Heard

DIGITS = 3  # a millisecond is finer than any gateway's clock


def truth_lines(plan: Floorplan, carriers: Iterable[Carrier], until_s: float) -> Iterator[dict[str, object]]:
    """Where each tag was, from when to when; zone null is nowhere."""
    for carrier in carriers:
        for span in _until(carrier.track.spans(plan), until_s):
            yield {
                "tag": carrier.beacon.tag,
                "t0": round(span.t0_s, DIGITS),
                "t1": round(span.t1_s, DIGITS),
                "zone": span.zone,
            }


def recording_line(heard: Heard) -> dict[str, object]:
    """One reading."""
    return {
        "t": round(heard.t, DIGITS),
        "gateway": heard.gateway,
        "tag": heard.tag,
        "rssi": heard.advertisement.rssi_dbm,
    }


def survey_line(plan: Floorplan, carrier: Carrier, heard: Heard) -> dict[str, object]:
    """One reading of a labelled walk: also where the surveyor was."""
    return {**recording_line(heard), "zone": plan.zone_at(carrier.track.at(heard.t).at)}


def write_lines(lines: Iterable[dict[str, object]], file: IO[str]) -> int:
    """Write them, and say how many."""
    count = 0
    for line in lines:
        file.write(json.dumps(line, separators=(",", ":")) + "\n")
        count += 1
    return count


def _until(spans: Iterable[Span], until_s: float) -> Iterator[Span]:
    for span in spans:
        if span.t0_s < until_s:
            yield Span(t0_s=span.t0_s, t1_s=min(span.t1_s, until_s), zone=span.zone)
