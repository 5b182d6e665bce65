"""The spool: nothing is forgotten before the hub has it, and a backlog never stands in the way of the present."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.held import Held, Now, Origin, batch_of
from gateway.spool import ACK_WITHIN_S, LIVE_WITHIN_S, LOG_AT_ONCE, LOG_PER_S, Begin, Spool
from gateway.window import Sighting
from wire.mqtt.messages import Ack
from wire.pseudonym import Pseudonym

ROWS = [Sighting(Pseudonym("Wxyc7f0aKq2m_9Zt"), 99.0, 99.5, 3, -70.0, -69, -71)]
ORIGIN = Origin(venue="marlton", gateway="lobby-1", boot="b")


def a_spool(*, max_bytes: int = 1 << 20) -> Spool:
    return Spool(Begin(epoch="e"), max_bytes=max_bytes)


def hand_over_all(spool: Spool, now: float) -> list[tuple[str, int]]:
    handed: list[tuple[str, int]] = []
    while (due := spool.next_due(now)) is not None:
        spool.handed_over(*due, now)
        handed.append((due[0], due[1].seq))
    return handed


def test_fresh_batches_go_out_live_in_order() -> None:
    spool = a_spool()
    for _ in range(3):
        spool.put(0, ROWS, 100.0)

    assert hand_over_all(spool, 100.0) == [("live", 1), ("live", 2), ("live", 3)]
    assert hand_over_all(spool, 100.1) == []


def test_seqs_rise_by_one_in_each_bucket() -> None:
    spool = a_spool()

    seqs = [(held.bucket, held.seq) for held in (spool.put(bucket, ROWS, 100.0) for bucket in (0, 7, 0, 7, 0))]

    assert seqs == [(0, 1), (7, 1), (0, 2), (7, 2), (0, 3)]


def test_a_batch_is_forgotten_when_the_hub_has_it_and_not_before() -> None:
    spool = a_spool()
    for _ in range(6):
        spool.put(0, ROWS, 100.0)
    hand_over_all(spool, 100.0)

    forgotten = spool.acknowledge(Ack(epoch="e", bucket=0, upto=2, also=((5, 5),)))

    assert forgotten == 3
    assert len(spool) == 3
    assert spool.low(spool.put(0, ROWS, 101.0)) == 3


def test_an_acknowledgement_of_another_life_or_bucket_changes_nothing() -> None:
    spool = a_spool()
    spool.put(0, ROWS, 100.0)

    forgotten = [
        spool.acknowledge(Ack(epoch="old", bucket=0, upto=9)),
        spool.acknowledge(Ack(epoch="e", bucket=1, upto=9)),
    ]

    assert forgotten == [0, 0]
    assert len(spool) == 1


def test_a_repeated_acknowledgement_changes_nothing() -> None:
    spool = a_spool()
    spool.put(0, ROWS, 100.0)
    ack = Ack(epoch="e", bucket=0, upto=1)

    assert [spool.acknowledge(ack), spool.acknowledge(ack)] == [1, 0]
    assert len(spool) == 0
    assert spool.bytes == 0


def test_what_the_hub_did_not_confirm_in_time_goes_on_log() -> None:
    spool = a_spool()
    spool.put(0, ROWS, 100.0)
    hand_over_all(spool, 100.0)

    assert spool.next_due(100.0 + ACK_WITHIN_S - 0.1) is None
    assert hand_over_all(spool, 100.0 + ACK_WITHIN_S) == [("log", 1)]


def test_what_could_not_go_out_in_time_goes_on_log() -> None:
    spool = a_spool()
    spool.put(0, ROWS, 100.0)

    assert hand_over_all(spool, 100.0 + LIVE_WITHIN_S + 0.1) == [("log", 1)]


def test_a_backlog_drains_at_a_capped_rate_behind_the_present() -> None:
    spool = a_spool()
    for _ in range(50):
        spool.put(0, ROWS, 0.0)
    fresh = spool.put(0, ROWS, 100.0)

    handed, now = [], 100.0
    while now < 103.0:
        handed += hand_over_all(spool, now)
        now += 0.05

    assert handed[0] == ("live", fresh.seq)
    assert len(handed) - 1 <= 3 * LOG_PER_S + 1
    assert [seq for _, seq in handed[1:4]] == [1, 2, 3]


def test_an_absent_hub_is_not_sent_the_same_hour_over_and_over() -> None:
    spool = a_spool()
    for _ in range(200):
        spool.put(0, ROWS, 0.0)

    handed, now = 0, 100.0
    while now < 100.0 + ACK_WITHIN_S - 0.1:
        handed += len(hand_over_all(spool, now))
        now += 0.05

    assert handed == LOG_AT_ONCE


def test_a_hub_that_comes_back_after_long_is_sent_everything_though_the_broker_never_went() -> None:
    spool, now = a_spool(), 100.0
    for _ in range(3 * LOG_AT_ONCE):
        spool.put(0, ROWS, now)
    hand_over_all(spool, now)
    for _ in range(600):  # a minute without a hub: all that may be is handed over again and again
        now += 0.1
        hand_over_all(spool, now)

    for _ in range(600):  # the hub is back, and confirms whatever reaches it
        now += 0.1
        for _, seq in hand_over_all(spool, now):
            spool.acknowledge(Ack(epoch="e", bucket=0, upto=0, also=((seq, seq),)))

    assert len(spool) == 0


def test_without_a_broker_what_was_heard_goes_to_the_disk_all_the_same() -> None:
    spool = Spool(Begin(epoch="e"), max_bytes=1 << 20, has_file=True)
    for at in (100.0, 100.0 + LIVE_WITHIN_S):
        spool.put(0, ROWS, at)

    work = spool.work(100.1 + LIVE_WITHIN_S)  # and nobody has asked what is due

    assert work is not None
    assert [held.seq for held in work.batches] == [1]


def test_after_a_lost_connection_all_that_was_on_its_way_is_due_again() -> None:
    spool = a_spool()
    spool.put(0, ROWS, 100.0)
    hand_over_all(spool, 100.0)

    spool.connection_lost()

    assert hand_over_all(spool, 101.0) == [("log", 1)]


def test_a_full_spool_gives_up_its_oldest_and_counts_them() -> None:
    one = Held("e", 0, 1, ROWS, 0.0).size
    spool = a_spool(max_bytes=3 * one)

    for second in range(5):
        spool.put(0, ROWS, 100.0 + second)

    assert (len(spool), spool.lost, spool.low(Held("e", 0, 5, ROWS, 0.0)), spool.bytes) == (3, 2, 3, 3 * one)
    assert hand_over_all(spool, 104.0) == [("live", 3), ("live", 4), ("live", 5)]


def test_ages_count_from_the_hand_over() -> None:
    spool = a_spool()
    held = spool.put(3, ROWS, 100.0)

    batch = batch_of(held, held.rows, low=spool.low(held), origin=ORIGIN, now=Now(101.0, 0.005, wall_ok=True))

    assert (batch.gateway, batch.epoch, batch.boot, batch.seq, batch.low) == ("lobby-1", "e", "b", 1, 1)
    assert (batch.sent_ms, batch.wall_ms, batch.wall_ok) == (101_000, 5, True)
    assert batch.rows == (("Wxyc7f0aKq2m_9Zt", 2000, 1500, 3, -70.0, -69, -71),)


events = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 2)),
        st.tuples(st.just("pass"), st.floats(0, 15)),
        st.tuples(st.just("ack"), st.integers(0, 20)),
        st.tuples(st.just("cut"), st.just(0)),
    ),
    max_size=60,
)


@given(events)
def test_whatever_happens_every_batch_is_held_or_confirmed_or_counted_as_lost(
    happenings: list[tuple[str, float]],
) -> None:
    spool, now, put, confirmed = a_spool(max_bytes=10 * Held("e", 0, 1, ROWS, 0.0).size), 0.0, 0, 0

    for kind, value in happenings:
        if kind == "put":
            spool.put(int(value), ROWS, now)
            put += 1
        elif kind == "pass":
            now += value
        elif kind == "ack":
            confirmed += spool.acknowledge(Ack(epoch="e", bucket=0, upto=int(value)))
        else:
            spool.connection_lost()
        hand_over_all(spool, now)

    assert len(spool) + confirmed + spool.lost == put
    assert spool.bytes == sum(held.size for held in spool._all)
    assert set(spool._waiting) <= set(spool._all)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 40)),
        st.tuples(st.just("pass"), st.floats(0, 15)),
        st.tuples(st.just("ack"), st.integers(1, 60)),
        st.tuples(st.just("cut"), st.just(0)),
    ),
    max_size=40,
)


@given(steps)
def test_whatever_happened_a_hub_that_confirms_gets_all_of_it(happenings: list[tuple[str, float]]) -> None:
    spool, now = a_spool(), 0.0
    for kind, value in happenings:
        if kind == "put":
            for _ in range(int(value)):
                spool.put(0, ROWS, now)
        elif kind == "ack":
            spool.acknowledge(Ack(epoch="e", bucket=0, upto=0, also=((int(value), int(value)),)))
        elif kind == "cut":
            spool.connection_lost()
        now += value if kind == "pass" else 0.0
        hand_over_all(spool, now)

    held = len(spool)
    for _ in range(int(10 * (ACK_WITHIN_S + held / LOG_PER_S)) + 10):
        now += 0.1
        for _, seq in hand_over_all(spool, now):
            spool.acknowledge(Ack(epoch="e", bucket=0, upto=0, also=((seq, seq),)))

    assert len(spool) == 0
