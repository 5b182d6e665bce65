"""`innkeeper presence`, on a venue of two rooms."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

import wire
from hub.cli.main import run

ROOT = Path(wire.__file__).parents[1]

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


def test_a_recording_that_is_named_as_the_output_too_is_kept(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = write(venue / "r.jsonl", [("bar", 60)], labelled=True)
    before = recording.read_bytes()

    for command in ("replay", "survey"):
        code = run(["presence", command, "--venue", str(venue), "--recording", str(recording), "--out", str(recording)])

        assert code == 2
        assert "--out: found" in capsys.readouterr().err
        assert recording.read_bytes() == before


@pytest.mark.parametrize("command", ["replay", "survey"])
def test_a_recording_that_is_not_there_leaves_the_output_as_it_was(
    venue: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (venue / "e").write_text("precious", encoding="utf-8")

    code = run(["presence", command, "--venue", str(venue), "--recording", f"{venue}/gone", "--out", f"{venue}/e"])

    assert code == 2
    assert capsys.readouterr().err == f"innkeeper: {venue}/gone: cannot be read: no such file or directory\n"
    assert (venue / "e").read_text(encoding="utf-8") == "precious"


def test_a_walk_through_a_zone_that_stands_for_others_leaves_the_survey_as_it_was(
    venue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (venue / "venue.yaml").write_text(VENUE + "  bar-or-pool: {either: [bar, pool]}\n", encoding="utf-8")
    walk = write(venue / "w.jsonl", [("bar", 60)], labelled=True)
    walk.write_text(walk.read_text(encoding="utf-8").replace('"zone": "bar"', '"zone": "bar-or-pool"'))
    (venue / "s").write_text("precious", encoding="utf-8")

    code = run(["presence", "survey", "--venue", str(venue), "--recording", str(walk), "--out", f"{venue}/s"])

    assert code == 2
    assert f"{walk}:1:1: found zone 'bar-or-pool'; known: bar, pool" in capsys.readouterr().err
    assert (venue / "s").read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize("option", ["--out", "--plot"])
def test_a_folder_that_is_not_there_is_told_before_the_replay(
    venue: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    recording = write(venue / "r.jsonl", [("bar", 60)])
    outputs = {"--out": f"{venue}/e", option: f"{venue}/nowhere/x"}

    code = run(
        [
            *("presence", "replay", "--venue", str(venue), "--recording", str(recording)),
            *(word for pair in outputs.items() for word in pair),
        ]
    )

    assert code == 2
    assert capsys.readouterr().err == f"innkeeper: {venue}/nowhere/x: cannot be written: no such file or directory\n"
    assert not (venue / "e").exists()


def test_events_go_through_a_pipe_alone(venue: Path) -> None:
    recording = write(venue / "r.jsonl", [("bar", 60), (None, 100)])

    command = ["presence", "replay", "--venue", str(venue), "--recording", str(recording), "--out", "/dev/stdout"]
    done = subprocess.run(
        [sys.executable, "-c", "from hub.cli.main import main; main()", *command],
        capture_output=True,
        check=True,
        cwd=ROOT,
    )

    assert [json.loads(line)["kind"] for line in done.stdout.splitlines()] == ["entered", "left"]
    assert b"/dev/stdout: 2 events" in done.stderr


def test_a_survey_that_is_damaged_is_one_line(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = write(venue / "r.jsonl", [("bar", 60)])
    for text in ("[" * 100_000, '{"survey":1,"venue":"house","spots":[{"zone":"bar","walk":1e999,"levels":{}}]}'):
        (venue / "s").write_text(text, encoding="utf-8")

        code = run(
            [
                *("presence", "replay", "--venue", str(venue), "--recording", str(recording), "--out", f"{venue}/e"),
                *("--survey", f"{venue}/s"),
            ]
        )

        assert code == 2
        assert f"{venue}/s:1:1: found no survey" in capsys.readouterr().err
