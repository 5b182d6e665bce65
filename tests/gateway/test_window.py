"""Windows: first sights at once, the rest when it matters, and no reading told twice."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.window import FORGET_S, RISE_DB, SILENCE_S, Rates, Sighting, Windows
from wire.pseudonym import Pseudonym

TAG = Pseudonym("Wxyc7f0aKq2m_9Zt")
OTHER = Pseudonym("aaaaaaaaaaaaaaaa")


def some_windows() -> Windows:
    return Windows(Rates(window_s=1.0, heartbeat_s=5.0, delta_db=3.0))


def told_once(windows: Windows, rssi_dbm: int, at: float) -> None:
    assert windows.hear(TAG, rssi_dbm, at)
    assert len(windows.urgent(at)) == 1


def test_a_tag_heard_for_the_first_time_is_told_at_once() -> None:
    windows = some_windows()

    urgent = windows.hear(TAG, -70, 100.0)

    assert urgent
    assert windows.urgent(100.03) == [Sighting(TAG, 100.0, 100.0, 1, -70.0, -70, -70)]


def test_a_tag_that_stays_is_not_told_again_at_once() -> None:
    windows = some_windows()
    told_once(windows, -70, 100.0)

    urgent = windows.hear(TAG, -70, 100.2)

    assert not urgent
    assert windows.urgent(100.3) == []


def test_a_tag_heard_after_a_silence_is_told_at_once() -> None:
    windows = some_windows()
    told_once(windows, -70, 100.0)

    assert windows.hear(TAG, -70, 100.0 + SILENCE_S + 0.1)


@pytest.mark.parametrize(("rise_db", "urgent"), [(RISE_DB - 1, False), (RISE_DB, True)])
def test_a_tag_that_rises_strongly_is_told_at_once(rise_db: float, urgent: bool) -> None:  # noqa: FBT001  a table's column
    windows = some_windows()
    told_once(windows, -80, 100.0)

    assert windows.hear(TAG, -80 + int(rise_db), 102.0) is urgent


def test_a_tag_that_rises_again_and_again_is_told_once_a_window() -> None:
    windows = some_windows()
    told_once(windows, -80, 100.0)

    assert not windows.hear(TAG, -50, 100.5)
    assert [row.max_dbm for row in windows.close(101.0)] == [-50]


def test_a_tag_that_has_not_moved_is_told_when_the_last_row_is_old_and_with_all_its_readings() -> None:
    windows = some_windows()
    told_once(windows, -70, 100.0)

    rows = []
    for second in range(1, 6):
        windows.hear(TAG, -70 + second % 2, 100.0 + second - 0.5)
        rows += windows.close(100.0 + second)

    assert rows == [Sighting(TAG, 100.5, 104.5, 5, -69.4, -69, -69)]


def test_a_tag_that_moved_is_told_as_it_is_now() -> None:
    windows = some_windows()
    told_once(windows, -70, 100.0)
    windows.hear(TAG, -71, 100.5)
    assert windows.close(101.0) == []
    windows.hear(TAG, -74, 101.4)
    windows.hear(TAG, -76, 101.6)

    rows = windows.close(102.0)

    assert rows == [Sighting(TAG, 101.4, 101.6, 2, -75.0, -74, -76)]


def test_a_tag_that_falls_silent_costs_no_rows_and_is_forgotten() -> None:
    windows = some_windows()
    told_once(windows, -70, 100.0)

    rows = [row for second in range(int(FORGET_S) + 2) for row in windows.close(101.0 + second)]

    assert rows == []
    assert windows._tracks == {}


def test_a_gateway_that_stops_tells_what_it_held() -> None:
    windows = some_windows()
    told_once(windows, -70, 100.0)
    windows.hear(TAG, -70, 100.5)
    windows.close(101.0)
    windows.hear(TAG, -70, 101.5)

    assert [row.readings for row in windows.flush(101.6)] == [2]
    assert windows.flush(101.7) == []


def test_a_tag_that_is_withdrawn_is_forgotten_at_once() -> None:
    windows = some_windows()
    windows.hear(TAG, -70, 100.0)
    windows.hear(OTHER, -70, 100.0)

    windows.keep_only({OTHER})

    assert [row.tag for row in windows.urgent(100.1)] == [OTHER]


@given(st.lists(st.tuples(st.floats(0.001, 3.0), st.integers(-127, 20)), min_size=1, max_size=60))
def test_rows_are_in_order_and_hold_no_reading_twice(heard: list[tuple[float, int]]) -> None:
    windows, rows, now, next_close = some_windows(), [], 1000.0, 1001.0

    for gap_s, rssi_dbm in heard:
        now += gap_s
        while now >= next_close:
            rows += windows.close(next_close)
            next_close += 1.0
        if windows.hear(TAG, rssi_dbm, now):
            rows += windows.urgent(now)
    rows += windows.flush(now)

    assert sum(row.readings for row in rows) <= len(heard)
    assert rows[-1].last_at == now
    assert rows[-1].last_dbm == heard[-1][1]
    for row in rows:
        assert row.first_at <= row.last_at
        assert row.last_dbm <= row.max_dbm
        assert row.mean_dbm <= row.max_dbm
    for earlier, later in pairwise(rows):
        assert earlier.last_at < later.first_at
