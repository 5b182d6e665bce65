"""What a crowd's gateways say, and what is counted of it."""

from __future__ import annotations

from firmware_sim.load.traffic import ROWS_MAX, STAY_S, Traffic
from wire.mqtt.messages import Ack
from wire.pseudonym import Pseudonym

GATEWAYS = ("bar-1", "lobby-1")


def a_crowd(size: int) -> Traffic:
    return Traffic(GATEWAYS, [Pseudonym(f"tag-{n:012d}") for n in range(size)], epoch="load-1")


def test_every_tag_is_heard_once_in_a_round_by_one_of_the_gateways() -> None:
    batches = list(a_crowd(5).round(0.0, 100.0))

    assert [(one.gateway, one.seq, one.sent_ms) for one in batches] == [("bar-1", 1, 100_000), ("lobby-1", 1, 100_000)]
    assert sorted(row.tag for one in batches for row in one.rows) == [f"tag-{n:012d}" for n in range(5)]


def test_a_tag_moves_on_after_its_stay_and_not_all_move_at_once() -> None:
    crowd = a_crowd(2)

    where = [
        {row.tag[-1]: one.gateway for one in crowd.round(t_s, t_s) for row in one.rows}
        for t_s in (0.0, STAY_S / 2, STAY_S)
    ]

    assert where == [
        {"0": "bar-1", "1": "lobby-1"},
        {"0": "bar-1", "1": "bar-1"},
        {"0": "lobby-1", "1": "bar-1"},
    ]


def test_a_crowd_that_is_too_large_for_one_batch_is_told_in_several() -> None:
    crowd = Traffic(("bar-1",), [Pseudonym(f"tag-{n:012d}") for n in range(ROWS_MAX + 1)], epoch="load-1")

    batches = list(crowd.round(0.0, 0.0))

    assert [(one.seq, len(one.rows)) for one in batches] == [(1, ROWS_MAX), (2, 1)]


def test_what_the_hub_acknowledges_is_stored_and_how_long_it_took_is_kept() -> None:
    crowd = a_crowd(4)
    for t_s in (0.0, 1.0, 2.0):
        list(crowd.round(t_s, t_s))

    crowd.acknowledged("bar-1", Ack(epoch="load-1", bucket=0, upto=1, also=((3, 3),)), 2.5)
    crowd.acknowledged("lobby-1", Ack(epoch="another's", bucket=0, upto=3), 2.5)
    half_way = (crowd.rows, crowd.stored, crowd.is_stored(), sorted(crowd.latencies_s))
    crowd.acknowledged("bar-1", Ack(epoch="load-1", bucket=0, upto=3), 3.0)
    crowd.acknowledged("lobby-1", Ack(epoch="load-1", bucket=0, upto=3), 3.0)

    assert half_way == (12, 4, False, [0.5, 2.5])
    assert (crowd.stored, crowd.is_stored()) == (12, True)
