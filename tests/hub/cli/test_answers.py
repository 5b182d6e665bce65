"""What the commands say of a message."""

from __future__ import annotations

from typing import Any

from hub.cli.answers import story


def a_story(**changes: object) -> dict[str, Any]:
    row = {
        "id": "m1",
        "message": "welcome",
        "journey": "welcome",
        "guest": "ana",
        "state": "DEAD",
        "reason": "template",
        "detail": None,
        "provider": None,
        "title": None,
        "body": None,
        "at": "2026-01-05T09:00:00Z",
        "expires": "2026-01-05T09:15:00Z",
    }
    return {"row": row | changes, "decisions": [], "attempts": []}


def test_p44_a_message_is_shown_with_what_ended_it_in_words() -> None:
    said = story(a_story(detail="unknown name 'event.gate'"))[1]

    assert said.startswith("  DEAD: template (unknown name 'event.gate'), decided for")


def test_a_message_of_which_only_the_reason_is_known_is_shown_with_that() -> None:
    assert story(a_story())[1].startswith("  DEAD: template, decided for")
