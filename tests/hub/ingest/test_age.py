"""How long was a batch on its way?"""

from __future__ import annotations

import pytest

from hub.ingest.age import MAX_BOOTS, SentClocks, delay_of

LOBBY = ("marlton", "lobby-1")
HOUR = 3600.0


def delays(clocks: SentClocks, *batches: tuple[float, float], boot: str = "b1") -> list[float]:
    return [round(clocks.delay_s(LOBBY, boot, arrived_s=arrived, sent_s=sent), 3) for arrived, sent in batches]


def test_first_batch_of_a_boot_counts_as_now_whatever_its_clock_says() -> None:
    assert delays(SentClocks(), (50.0, 99_999_999.0)) == [0.0]
    assert delays(SentClocks(), (50.0, -3.0)) == [0.0]


def test_batch_that_was_held_up_is_late_by_what_it_has_in_excess() -> None:
    assert delays(SentClocks(), (100.0, 7.0), (101.0, 8.0), (140.0, 9.0)) == pytest.approx([0.0, 0.0, 38.0], abs=0.02)


def test_faster_batch_shows_that_the_first_ones_were_slow() -> None:
    assert delays(SentClocks(), (105.0, 5.0), (106.0, 10.0), (107.0, 7.0)) == pytest.approx([0.0, 0.0, 4.0], abs=0.01)


def test_each_boot_has_a_clock_of_its_own() -> None:
    clocks = SentClocks()
    delays(clocks, (100.0, 1000.0))

    assert delays(clocks, (110.0, 3.0), boot="b2") == [0.0]


def test_month_of_drifting_clocks_is_no_delay() -> None:
    clocks = SentClocks()
    drift = 1 - 100e-6  # the gateway's crystal is slow

    found = delays(clocks, *((hour * HOUR, hour * HOUR * drift) for hour in range(24 * 30)))

    assert max(found) == 0.0


def test_hour_in_the_broker_is_an_hour_all_the_same() -> None:
    clocks = SentClocks()

    found = delays(clocks, (0.0, 0.0), (HOUR, 1.0))

    assert found[1] == pytest.approx(HOUR, rel=0.001)


def test_boots_are_bounded() -> None:
    clocks = SentClocks()

    for boot in range(1000):
        delays(clocks, (1.0, 1.0), boot=str(boot))

    assert len(clocks._bases[LOBBY]) == MAX_BOOTS


@pytest.mark.parametrize(
    ("sent", "left", "wall", "expected"),
    [
        (1.0, None, None, 1.0),
        (1.0, 50.0, None, 40.0),
        (1.0, 90.0, 20.0, 20.0),
        (100.0, 80.0, 20.0, 100.0),
        (0.0, 200.0, -30.0, 0.0),  # an expiry longer than ours, a wall clock that is ahead
    ],
)
def test_witness_that_says_the_most_wins(sent: float, left: float | None, wall: float | None, expected: float) -> None:
    assert delay_of(sent_delay_s=sent, expiry_left_s=left, wall_difference_s=wall) == expected
