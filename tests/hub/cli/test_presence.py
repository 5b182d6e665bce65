"""`innkeeper presence`, on a venue of two rooms."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from hub.cli.main import run

VENUE = """\
venue: house
timezone: UTC
zones:
  bar: {gateways: [bar-1]}
  pool: {gateways: [pool-1]}
"""


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    (tmp_path / "venue.yaml").write_text(VENUE, encoding="utf-8")
    return tmp_path


def levels(zone: str | None) -> dict[str, int]:
    return {"bar": {"bar-1": -62, "pool-1": -86}, "pool": {"bar-1": -84, "pool-1": -60}, None: {}}[zone]


def write(path: Path, walk: list[tuple[str | None, int]], *, labelled: bool = False) -> Path:
    """One reading a second at each gateway that hears, for so many seconds in each zone."""
    lines, t = [], 0
    for zone, seconds in walk:
        for _ in range(seconds):
            t += 1
            for gateway, rssi in levels(zone).items():
                line = {"t": t, "gateway": gateway, "tag": "a", "rssi": rssi + t % 3}
                lines.append(json.dumps(line | ({"zone": zone} if labelled else {})))
    text = "\n".join(lines) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def events(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_replay_without_a_survey_tells_who_entered_what(venue: Path) -> None:
    recording = write(venue / "r.jsonl", [("bar", 60), (None, 100)])

    code = run(["presence", "replay", "--venue", str(venue), "--recording", str(recording), "--out", f"{venue}/e"])

    told = events(venue / "e")
    assert code == 0
    assert [(line["kind"], line["zone"]) for line in told] == [("entered", "bar"), ("left", "bar")]
    assert set(told[0]) == {"t", "tag", "kind", "zone", "visit", "confidence"}
    assert told[1]["t"] > 75  # type: ignore[operator]  # when it was known, not when she was last heard


@pytest.mark.parametrize("written", [False, True])
def test_replay_with_a_walk_and_with_what_survey_wrote_say_the_same(venue: Path, *, written: bool) -> None:
    walk = write(venue / "w.jsonl.gz", [("bar", 120), ("pool", 120)], labelled=True)
    recording = write(venue / "r.jsonl.gz", [("bar", 60), ("pool", 60), (None, 30)])
    survey = walk
    if written:
        survey = venue / "survey"
        assert run(["presence", "survey", "--venue", str(venue), "--recording", str(walk), "--out", str(survey)]) == 0

    code = run(
        [
            *("presence", "replay", "--venue", str(venue), "--recording", str(recording), "--survey", str(survey)),
            *("--out", f"{venue}/e", "--plot", f"{venue}/p.svg"),
        ]
    )

    told = [(line["kind"], line["zone"]) for line in events(venue / "e")]
    assert code == 0
    assert told == [("entered", "bar"), ("left", "bar"), ("entered", "pool"), ("left", "pool")]
    assert (venue / "p.svg").read_text(encoding="utf-8").startswith("<svg")


def test_survey_prints_what_is_taken_for_what_and_advice(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    walk = write(venue / "w.jsonl", [("bar", 120)], labelled=True)

    code = run(["presence", "survey", "--venue", str(venue), "--recording", str(walk), "--out", f"{venue}/s"])

    said = capsys.readouterr().out
    assert code == 0
    assert "pool was not walked" in said
    assert "nowhere was walked" in said
    assert "bar" in said.splitlines()[0]


def test_score_prints_the_figures(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (venue / "t").write_text('{"tag":"a","t0":0,"t1":60,"zone":"bar"}\n', encoding="utf-8")
    (venue / "e").write_text('{"t":6,"tag":"a","zone":"bar"}\n', encoding="utf-8")

    code = run(["presence", "score", "--truth", f"{venue}/t", "--events", f"{venue}/e", "--json"])

    figures = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (figures["accuracy"], figures["entry_p50_s"], figures["false"]) == (0.9, 6.0, 0)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"t":1,"gateway":"bar-1","tag":"a"}', "found rssi None"),
        ("nonsense", "found no JSON"),
        ('{"t":true,"gateway":"bar-1","tag":"a","rssi":-60}', "found t True"),
    ],
)
def test_faulty_line_is_named(venue: Path, capsys: pytest.CaptureFixture[str], text: str, fault: str) -> None:
    (venue / "r").write_text(text, encoding="utf-8")

    code = run(["presence", "replay", "--venue", str(venue), "--recording", f"{venue}/r", "--out", f"{venue}/e"])

    assert code == 2
    assert f"{venue}/r:1:1: {fault}" in capsys.readouterr().err


def test_walk_through_a_zone_that_no_file_names_is_refused(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (venue / "w").write_text('{"t":1,"gateway":"bar-1","tag":"a","rssi":-60,"zone":"spa"}\n', encoding="utf-8")

    code = run(["presence", "survey", "--venue", str(venue), "--recording", f"{venue}/w", "--out", f"{venue}/s"])

    assert code == 2
    assert "found zone 'spa'; known: bar, pool" in capsys.readouterr().err
