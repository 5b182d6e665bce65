"""What messages mean: literal payloads, as somebody with mosquitto_pub would write them."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from hub.ingest.admit import Refusal, Roster
from hub.ingest.receive import Arrival, Ingest, Received
from hub.ingest.sighting import Sighting
from wire.pseudonym import Pseudonym

NOW = 1_795_335_600.0
ALICE = Pseudonym("Wxyc7f0aKq2m_9Zt")
STRANGER = "AAAAAAAAAAAAAAAA"
LIVE = "ik/1/marlton/lobby-1/live/0"
LOG = "ik/1/marlton/lobby-1/log/0"
STATE = "ik/1/marlton/lobby-1/state"
ROSTER = Roster(
    zones={"marlton": {"lobby-1": "lobby", "bar-1": "bar"}},
    revoked=frozenset({("marlton", "bar-1")}),
    enrolled={"marlton": frozenset({ALICE})},
)


def an_ingest() -> Ingest:
    ingest = Ingest()
    ingest.roster = ROSTER
    return ingest


def a_batch(**changes: object) -> bytes:
    batch = {
        "v": 1,
        "gw": "lobby-1",
        "epoch": "f3a1",
        "boot": "9c",
        "seq": 1,
        "low": 1,
        "sent": 73_422_511,
        "rows": [[ALICE, 840, 12, 5, -71.2, -66, -70]],
    }
    return json.dumps(batch | changes).encode()


def arrival(
    topic: str = LIVE,
    payload: bytes | None = None,
    *,
    after: float = 0.0,
    expiry_left_s: float | None = None,
    clock_sound: bool = False,
) -> Arrival:
    return Arrival(
        topic=topic,
        payload=a_batch() if payload is None else payload,
        at=NOW + after,
        monotonic=5000.0 + after,
        expiry_left_s=expiry_left_s,
        clock_sound=clock_sound,
    )


def test_batch_becomes_sightings_placed_in_time() -> None:
    received = an_ingest().receive(arrival())

    assert received.fresh
    assert received.gateway == ("marlton", "lobby-1")
    assert received.sightings == [
        Sighting("marlton", "lobby-1", ALICE, NOW - 0.012, NOW - 0.84, 5, -71.2, -66, -70, live=True)
    ]


def test_zlib_is_read_as_well() -> None:
    received = an_ingest().receive(arrival(payload=zlib.compress(a_batch())))

    assert len(received.sightings) == 1


def test_batch_by_hand_with_any_sent_counts_as_now() -> None:
    payload = a_batch(sent=0, epoch="mine", boot="mine", rows=[[ALICE, 0, 0, 5, -64, -60, -66]])

    (sighting,) = an_ingest().receive(arrival(payload=payload)).sightings

    assert (sighting.at, sighting.live) == (NOW, True)


def test_repeat_gives_no_sightings_and_is_acknowledged_again() -> None:
    ingest = an_ingest()
    ingest.receive(arrival())
    ingest.marks.take()

    again = ingest.receive(arrival(after=1.0))

    assert not again.fresh
    assert not again.sightings
    assert again.refusal is None
    assert [mark.upto for mark in ingest.marks.take()] == [1]


def test_same_number_in_another_bucket_or_epoch_is_another_batch() -> None:
    ingest = an_ingest()
    ingest.receive(arrival())

    assert ingest.receive(arrival("ik/1/marlton/lobby-1/live/1")).fresh
    assert ingest.receive(arrival(payload=a_batch(epoch="other"))).fresh


def test_tag_that_nobody_enrolled_is_dropped_and_only_counted() -> None:
    ingest = an_ingest()
    payload = a_batch(rows=[[STRANGER, 0, 0, 5, -60, -60, -60], [ALICE, 0, 0, 5, -64, -60, -66]])

    with capture_logs() as logs:
        received = ingest.receive(arrival(payload=payload))

    assert [sighting.tag for sighting in received.sightings] == [ALICE]
    assert ingest.counts["unenrolled"] == 1
    assert STRANGER not in repr(logs)


def test_log_topic_is_never_live() -> None:
    (sighting,) = an_ingest().receive(arrival(LOG)).sightings

    assert not sighting.live


def test_sighting_of_two_minutes_ago_is_not_live() -> None:
    old = [[ALICE, 120_000, 120_000, 1, -60, -60, -60], [ALICE, 89_000, 89_000, 1, -60, -60, -60]]

    received = an_ingest().receive(arrival(payload=a_batch(rows=old)))

    assert [sighting.live for sighting in received.sightings] == [False, True]


def test_batch_that_was_held_for_two_minutes_is_placed_then_and_not_live() -> None:
    ingest = an_ingest()
    ingest.receive(arrival(payload=a_batch(sent=1000)))

    (sighting,) = ingest.receive(arrival(payload=a_batch(seq=2, sent=1000), after=120.0)).sightings

    assert not sighting.live
    assert sighting.at == pytest.approx(NOW - 0.012, abs=0.1)


def test_broker_that_kept_a_message_for_two_minutes_says_so() -> None:
    (sighting,) = an_ingest().receive(arrival(expiry_left_s=-30.0)).sightings

    assert not sighting.live


def test_wall_clocks_testify_only_when_both_are_right() -> None:
    payload = a_batch(wall=int((NOW - 600) * 1000), wall_ok=True)
    unsure = a_batch(wall=0, wall_ok=False)

    (old,) = an_ingest().receive(arrival(payload=payload, clock_sound=True)).sightings
    (ours_unsure,) = an_ingest().receive(arrival(payload=payload)).sightings
    (pi_of_1970,) = an_ingest().receive(arrival(payload=unsure, clock_sound=True)).sightings

    assert [old.live, ours_unsure.live, pi_of_1970.live] == [False, True, True]


@pytest.mark.parametrize(
    ("topic", "payload", "why"),
    [
        ("ik/1/marlton/roof-1/live/0", a_batch(gw="roof-1"), Refusal.UNKNOWN_GATEWAY),
        ("ik/1/elsewhere/lobby-1/live/0", a_batch(), Refusal.UNKNOWN_GATEWAY),
        ("ik/1/marlton/bar-1/live/0", a_batch(gw="bar-1"), Refusal.REVOKED),
        (LIVE, a_batch(gw="bar-1"), Refusal.OTHER_GATEWAY),
        (LIVE, b"\xff\x00", Refusal.MALFORMED),
        (LIVE, a_batch(rows=[[ALICE, -1, 0, 5, -60, -60, -60]]), Refusal.MALFORMED),
        (STATE, b"[]", Refusal.MALFORMED),
        ("ik/1/marlton/lobby-1/config", a_batch(), Refusal.NOT_OURS),
        ("ik/2/marlton/lobby-1/live/0", a_batch(), Refusal.NOT_OURS),
    ],
)
def test_what_is_not_right_is_refused_counted_and_said_once(topic: str, payload: bytes, why: Refusal) -> None:
    ingest = an_ingest()

    with capture_logs() as logs:
        results = [ingest.receive(arrival(topic, payload)) for _ in range(3)]

    assert results == [Received(refusal=why)] * 3
    assert ingest.counts[why] == 3
    assert len(logs) == 1
    assert "found" in logs[0]["fault"] or "topic" in logs[0]["fault"] or "revoked" in logs[0]["fault"]
    assert not ingest.marks.is_due


def test_state_is_taken_and_shown() -> None:
    ingest = an_ingest()
    payload = json.dumps({"v": 1, "online": True, "version": "0.1.0", "scan": "hybrid", "spool_batches": 4}).encode()

    received = ingest.receive(arrival(STATE, payload))

    assert received.state is not None
    assert received.state.online
    bar, lobby = ingest.gateways.seen(ingest.roster)
    assert (lobby.gateway, lobby.zone, lobby.scan, lobby.spool_batches, lobby.online) == (
        "lobby-1",
        "lobby",
        "hybrid",
        4,
        True,
    )
    assert (bar.gateway, bar.last_heard, bar.online, bar.revoked) == ("bar-1", None, False, True)
    assert [note.gateway for note in ingest.gateways.take()] == ["lobby-1"]


def test_last_will_makes_a_gateway_offline_and_is_no_sign_of_life() -> None:
    ingest = an_ingest()
    ingest.receive(arrival(STATE, b'{"v":1,"online":true}'))
    ingest.receive(arrival(STATE, b'{"v":1,"online":false}', after=60.0))

    (lobby,) = [seen for seen in ingest.gateways.seen(ingest.roster, "marlton") if seen.gateway == "lobby-1"]

    assert not lobby.online
    assert lobby.last_heard is not None
    assert lobby.last_heard.timestamp() == NOW


@given(st.sampled_from([LIVE, LOG, STATE, "ik/1/marlton/lobby-1/live/x", "", "ik"]), st.binary(max_size=60))
def test_no_bytes_raise(topic: str, payload: bytes) -> None:
    ingest = an_ingest()

    ingest.receive(arrival(topic, payload))
    ingest.receive(arrival(topic, b'{"v":1,' + payload))


@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.integers(-(10**9), 10**9), st.integers(0, 200_000), st.floats(-4000, 4000)),
        max_size=30,
    )
)
def test_any_order_and_any_clock_raises_nothing_and_never_looks_into_the_future(
    batches: list[tuple[int, int, int, float]],
) -> None:
    ingest = an_ingest()

    for seq, sent, age, step in batches:
        payload = a_batch(seq=seq, sent=sent, rows=[[ALICE, age, age, 1, -60, -60, -60]])
        for sighting in ingest.receive(arrival(payload=payload, after=step)).sightings:
            assert sighting.first_at <= sighting.at <= NOW + step
            assert not sighting.live or sighting.at >= NOW + step - 90.001
