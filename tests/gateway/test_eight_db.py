"""The rule of 8 dB gives itself away; fading, which moves everything a little, clears BlueZ of it."""

from __future__ import annotations

from gateway.eight_db import LARGE_MOVES, EightDb


def test_one_small_move_clears() -> None:
    look = EightDb()

    for level in (-60, -60, -70, -71):
        look.heard("a", level)

    assert look.verdict is False


def test_large_moves_and_no_small_one_convict() -> None:
    look = EightDb()

    for turn in range(LARGE_MOVES + 1):
        assert look.verdict is None
        look.heard("a", -60 if turn % 2 else -69)

    assert look.verdict is True


def test_a_level_that_is_only_repeated_says_nothing() -> None:
    look = EightDb()

    for _ in range(1000):
        look.heard("a", -60)

    assert look.verdict is None


def test_a_flood_of_addresses_is_not_remembered() -> None:
    look = EightDb()

    for number in range(100_000):
        look.heard(f"{number}", -60)

    assert len(look._last) <= 200
