"""What the hub decided, as a person reads it."""

from __future__ import annotations

from typing import Any

from hub.cli import answers

DECIDED: dict[str, Any] = {
    "at": "2026-11-30T09:00:15.135908Z",
    "venue": "marlton",
    "journey": "welcome",
    "kind": "not_started",
    "text": "messaged in the last 24h",
    "said": None,
    "guard": "unless: messaged('24h')",
    "saw": {"messaged('24h')": True, "guest.seen": None, "guest.points": 1},
}


def test_a_decision_is_told_with_the_condition_that_decided_and_what_it_saw() -> None:
    lines = answers.decisions([DECIDED])

    assert lines == [
        "2026-11-30 09:00:15 UTC  marlton  welcome: not started: messaged in the last 24h",
        "    by `unless: messaged('24h')`; it saw messaged('24h') yes, guest.seen not set, guest.points 1",
    ]


def test_a_refusal_names_its_message_and_a_policy_that_saw_nothing_stands_alone() -> None:
    refused = DECIDED | {"kind": "refused", "said": "welcome-back", "text": "quiet hours until 08:00"}

    lines = answers.decisions([refused | {"guard": "quiet: 22:00-08:00", "saw": {}}])

    assert lines == [
        "2026-11-30 09:00:15 UTC  marlton  welcome: refused welcome-back: quiet hours until 08:00",
        "    by `quiet: 22:00-08:00`",
    ]


def test_a_decision_that_nothing_stood_behind_is_one_line() -> None:
    ended = DECIDED | {"kind": "ended", "text": "done", "guard": None, "saw": {}}

    assert answers.decisions([ended]) == ["2026-11-30 09:00:15 UTC  marlton  welcome: ended: done"]
