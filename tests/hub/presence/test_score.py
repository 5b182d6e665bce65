"""The five figures, on cases that can be reckoned by hand."""

from __future__ import annotations

import pytest

from hub.presence.recording import Span, Told
from hub.presence.score import quantile, score

TRUTH = [Span("a", 0, 100, None), Span("a", 100, 300, "bar"), Span("a", 300, 400, None)]


def said(*told: tuple[float, str, str | None, str | None]) -> list[Told]:
    return [Told(t, "a", kind, zone, visit) for t, kind, zone, visit in told]


def test_perfect_presence_is_right_all_the_time() -> None:
    figures = score(TRUTH, said((100, "entered", "bar", "v1"), (300, "left", "bar", "v1")))

    assert (figures.accuracy, figures.entry_p50_s, figures.missed, figures.false_per_h) == (1.0, 0.0, 0.0, 0.0)
    assert figures.exit_p50_s == 0.0
    assert figures.stays == 1


def test_latency_counts_from_when_it_was_said() -> None:
    figures = score(TRUTH, said((107, "entered", "bar", "v1"), (320, "left", "bar", "v1")))

    assert (figures.entry_p50_s, figures.exit_p50_s) == (7, 20)
    assert figures.accuracy == pytest.approx(1 - 27 / 400)


def test_pass_by_and_wrong_zone_and_second_enter_are_false() -> None:
    figures = score(
        TRUTH,
        said(
            (50, "entered", "bar", "v1"),  # nobody's stay
            (60, "left", "bar", "v1"),
            (110, "entered", "bar", "v2"),
            (150, "entered", "pool", "v3"),  # a wrong zone
            (160, "entered", "bar", "v4"),  # a second enter in one stay
        ),
    )

    assert figures.false == 3
    assert figures.false_per_h == pytest.approx(3 / (400 / 3600))


def test_resumed_visit_is_no_second_enter() -> None:
    figures = score(
        TRUTH, said((100, "entered", "bar", "v1"), (200, "left", "bar", "v1"), (210, "entered", "bar", "v1"))
    )

    assert figures.false == 0
    assert figures.accuracy == pytest.approx(1 - 110 / 400)


def test_stay_that_was_never_noticed_is_missed_and_a_short_one_is_not_counted() -> None:
    truth = [*TRUTH, Span("a", 400, 430, "pool"), Span("a", 430, 500, "gym")]

    figures = score(truth, said((100, "entered", "bar", "v1")))

    assert (figures.stays, figures.missed) == (2, 0.5)


def test_bare_lines_say_where_she_is_and_nothing_twice() -> None:
    figures = score(TRUTH, said((100, "at", "bar", None), (110, "at", "bar", None), (300, "at", None, None)))

    assert (figures.accuracy, figures.false) == (1.0, 0)


def test_spans_that_touch_are_one_stay() -> None:
    truth = [Span("a", 0, 30, "bar"), Span("a", 30, 60, "bar")]

    assert score(truth, []).stays == 1


def test_dwelled_changes_nothing_and_a_stranger_is_not_scored() -> None:
    told = [*said((100, "entered", "bar", "v1"), (130, "dwelled", "bar", "v1")), Told(0, "b", "entered", "bar", "v9")]

    assert score(TRUTH, told).false == 0


def test_quantile_is_a_value_that_was_seen() -> None:
    assert quantile([], 0.5) is None
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile(range(100), 0.95) == 94
