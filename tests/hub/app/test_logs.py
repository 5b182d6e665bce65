"""What a log line looks like, and what it never holds."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from hub.app.logs import LogFormat, set_up_logs

SECRET = "ana@guest.example"


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a program that ran in this process before has set up."""
    root = logging.getLogger()
    level = root.level
    monkeypatch.setattr(root, "handlers", [])
    root.setLevel(logging.WARNING)
    yield
    root.setLevel(level)
    structlog.reset_defaults()


def fail_with(guest: str) -> None:
    profile = {"email": guest}
    raise ValueError(f"found {len(profile)} faults")


@pytest.mark.parametrize("form", list(LogFormat))
def test_a_traceback_tells_places_and_no_values(form: LogFormat, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form)
    try:
        fail_with(SECRET)
    except ValueError:
        structlog.get_logger().exception("It failed")

    said = capsys.readouterr().err
    assert "fail_with" in said
    assert "ValueError: found 1 faults" in said
    assert SECRET not in said


def test_a_line_for_programs_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(LogFormat.JSON)

    structlog.get_logger().info("The hub is ready", address="http://127.0.0.1:8080")

    line = json.loads(capsys.readouterr().err)
    assert {name: line[name] for name in ("event", "level", "address")} == {
        "event": "The hub is ready",
        "level": "info",
        "address": "http://127.0.0.1:8080",
    }
    assert line["timestamp"].endswith("Z")


def test_what_is_of_interest_to_programmers_alone_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(LogFormat.TEXT)

    structlog.get_logger().debug("A detail")
    logging.getLogger("a.library").info("Something")

    assert capsys.readouterr().err == ""
