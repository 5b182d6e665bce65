"""P21: when is the wall clock not to be believed?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.outbox.time_guard import BELIEVED_AFTER, Clocks, Mark, is_from_the_future, judge
from tests.fakes.hub_clock import T0

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MARK = Mark(wall=T0, boot=HOUR, boot_id="b1")


def seen(wall: timedelta, boot: timedelta, *, boot_id: str = "b1") -> Mark:
    """Both clocks, each so long after the mark."""
    return Mark(wall=T0 + wall, boot=(HOUR if boot_id == "b1" else timedelta(0)) + boot, boot_id=boot_id)


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (seen(MINUTE, MINUTE), Clocks.AGREE),
        (seen(5 * DAY, 5 * DAY), Clocks.AGREE),  # the machine slept: the boot clock counts that too
        (seen(MINUTE + 9 * SECOND, MINUTE), Clocks.AGREE),
        (seen(MINUTE + 11 * SECOND, MINUTE), Clocks.AHEAD),
        (seen(2 * DAY, MINUTE), Clocks.AHEAD),
        (seen(-2 * DAY, MINUTE), Clocks.BEHIND),
        (seen(-20_000 * DAY, MINUTE), Clocks.BEHIND),  # 1970
        (seen(2 * DAY + HOUR, HOUR), Clocks.AHEAD),
        (seen(2 * DAY + BELIEVED_AFTER, BELIEVED_AFTER), Clocks.AGREE),
        (seen(SECOND, HOUR), Clocks.AGREE),  # an hour back, an hour ago: it has come to where it was
        (seen(MINUTE, MINUTE, boot_id="b2"), Clocks.AGREE),
        (seen(9 * DAY, MINUTE, boot_id="b2"), Clocks.AGREE),  # switched off for a week
        (seen(-MINUTE, MINUTE, boot_id="b2"), Clocks.BEHIND),
        (seen(-20_000 * DAY, MINUTE, boot_id="b2"), Clocks.BEHIND),
    ],
)
def test_p21_what_the_clocks_say_after_a_mark_that_was_believed(now: Mark, found: Clocks) -> None:
    began = seen(timedelta(0), timedelta(0), boot_id=now.boot_id)

    assert judge(MARK, began, now) is found


def test_p21_a_new_machine_that_never_finds_the_right_time_is_believed_after_a_day() -> None:
    began = seen(-DAY, timedelta(0), boot_id="b2")

    assert judge(MARK, began, seen(-MINUTE, BELIEVED_AFTER, boot_id="b2")) is Clocks.AGREE


def test_without_a_mark_there_is_nothing_to_doubt() -> None:
    assert judge(None, MARK, MARK) is Clocks.AGREE


def test_p21_a_message_decided_two_days_ahead_is_from_the_future() -> None:
    assert is_from_the_future(T0 + 2 * DAY, T0)
    assert not is_from_the_future(T0 + 5 * MINUTE, T0)
