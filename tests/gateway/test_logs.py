"""A log line is one sentence and its fields, for people or as JSON."""

from __future__ import annotations

import json
import logging

import pytest

from gateway import logs


def test_a_line_for_people_holds_the_sentence_and_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("text")

    logging.getLogger("gateway").info("Listening", extra={"adapter": "hci0", "scan": "hybrid"})

    assert capsys.readouterr().err.endswith(" info Listening adapter=hci0 scan=hybrid\n")


def test_a_line_for_machines_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("json")

    logging.getLogger("gateway").warning("No broker; trying again", extra={"fault": 'it\'s "gone"\n'})

    (line,) = capsys.readouterr().err.splitlines()
    found = json.loads(line)
    assert {**found, "at": 0} == {
        "at": 0,
        "level": "warning",
        "event": "No broker; trying again",
        "fault": 'it\'s "gone"\n',
    }


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_fault_brings_its_trace(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(style)

    try:
        raise ValueError("unlucky")  # noqa: TRY301  the trace is what is tried
    except ValueError:
        logging.getLogger("gateway").exception("Something went wrong")

    assert "ValueError: unlucky" in capsys.readouterr().err
