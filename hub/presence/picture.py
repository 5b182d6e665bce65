"""What do truth and belief look like beside each other? One SVG: for each tag a line of each, over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from hub.presence.recording import Span, Told

WIDTH: Final = 1200.0
LEFT: Final = 110.0
ROW: Final = 26.0
BAR: Final = 10.0
TOP: Final = 40.0
COLOURS: Final = ("#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#edc948", "#b07aa1", "#9c755f", "#ff9da7")
NOWHERE: Final = "#e6e6e6"


def draw(truth: Iterable[Span], events: Iterable[Told]) -> str:
    """The picture; without a truth, what was believed alone."""
    true: dict[str, list[Span]] = defaultdict(list)
    for span in truth:
        true[span.tag].append(span)
    said: dict[str, list[Told]] = defaultdict(list)
    for told in events:
        said[told.tag].append(told)
    moments = [t for spans in true.values() for span in spans for t in (span.t0, span.t1)]
    moments += [told.t for tolds in said.values() for told in tolds]
    start, end = min(moments, default=0.0), max(moments, default=1.0)
    believed = {tag: beliefs(tag, tolds, end) for tag, tolds in said.items()}
    tags = sorted(true.keys() | said.keys())
    zones = {span.zone for spans in [*true.values(), *believed.values()] for span in spans if span.zone is not None}
    colours = {zone: COLOURS[at % len(COLOURS)] for at, zone in enumerate(sorted(zones))}
    scale = (WIDTH - LEFT - 10) / max(end - start, 1.0)
    parts = [_legend(colours)]
    for row, tag in enumerate(tags):
        y = TOP + row * ROW
        parts.append(f'<text x="4" y="{y + 13:.0f}">{escape(tag[-14:])}</text>')
        parts += _bars(true.get(tag, ()), colours, (start, scale), y)
        parts += _bars(believed.get(tag, ()), colours, (start, scale), y + BAR)
    height = TOP + len(tags) * ROW + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height:.0f}" '
        f'font-family="sans-serif" font-size="11">\n<title>Above the truth, below what was believed</title>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def beliefs(tag: str, tolds: Iterable[Told], end: float) -> list[Span]:
    """What was said as spans."""
    spans: list[Span] = []
    zone: str | None = None
    since: float | None = None
    for told in tolds:
        if told.kind == "dwelled" or (told.kind == "left" and told.zone != zone):
            continue
        if since is not None:
            spans.append(Span(tag, since, told.t, zone))
        zone, since = (None if told.kind == "left" else told.zone), told.t
    if since is not None:
        spans.append(Span(tag, since, end, zone))
    return spans


def _bars(spans: Sequence[Span], colours: Mapping[str, str], axis: tuple[float, float], y: float) -> list[str]:
    start, scale = axis
    return [
        f'<rect x="{LEFT + (span.t0 - start) * scale:.1f}" y="{y:.0f}" '
        f'width="{max((span.t1 - span.t0) * scale, 0.5):.1f}" '
        f'height="{BAR - 1:.0f}" fill="{NOWHERE if span.zone is None else colours[span.zone]}">'
        f"<title>{escape(span.zone or 'nowhere')} {span.t0:.0f} to {span.t1:.0f} s</title></rect>"
        for span in spans
    ]


def _legend(colours: Mapping[str, str]) -> str:
    entries = [*colours.items(), ("nowhere", NOWHERE)]
    return "".join(
        f'<rect x="{LEFT + at * 105:.0f}" y="10" width="10" height="10" fill="{colour}"/>'
        f'<text x="{LEFT + at * 105 + 14:.0f}" y="19">{escape(zone)}</text>'
        for at, (zone, colour) in enumerate(entries)
    )
