"""The whole way from a batch to its acknowledgement: what is stored before what is said, and what a fault costs."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from hub import pipeline as river_source
from hub.errors import Conflict, StoreFailed, WorkRefused
from hub.pipeline import CONFLICTS, GROUP_S
from hub.presence.transition import Change, Transition
from tests.fakes.hub_clock import T0
from tests.fakes.office import a_while, until
from tests.fakes.river import BEACONS, LOG, STATE, FakeDelivery, River, tag_of
from wire.mqtt.messages import Ack

FAINT = -99  # heard, and no sign of being anywhere


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(river_source, "PAUSE_S", 0.005)


async def test_a_batch_that_changes_nothing_is_acknowledged_within_the_group_and_stored_once() -> None:
    river = River()
    async with river.runs():
        began = asyncio.get_running_loop().time()
        river.heard(1, "ana", dbm=FAINT)
        await until(lambda: bool(river.acks))
        took = asyncio.get_running_loop().time() - began
        await a_while()

    assert took < GROUP_S + 0.5  # the machine may be busy; a gateway waits ten seconds
    assert river.order == ["mark stored", "acknowledged to the broker", "acknowledged upto 1"]
    assert river.acks == [Ack(epoch="f3a1", bucket=0, upto=1, also=())]
    assert (river.ledger.visits, river.told) == ({}, [])


async def test_batches_that_change_nothing_share_a_commit() -> None:
    river = River()
    async with river.runs():
        for seq in range(1, 6):
            river.heard(seq, "ana", dbm=FAINT)
            await asyncio.sleep(0.001)
        await until(lambda: bool(river.acks))

    assert river.marks.stored == 1
    assert [ack.upto for ack in river.acks] == [5]
    assert len(river.broker.acknowledged) == 5


async def test_a_batch_that_causes_a_transition_is_acknowledged_only_after_the_decision_is_stored() -> None:
    river = River()
    river.ledger.gate.clear()
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: river.ledger.asked == ["ana"])
        await a_while()
        before = list(river.order)
        river.ledger.gate.set()
        await until(lambda: bool(river.acks))

    assert before == []
    assert river.order == ["decision stored", "mark stored", "acknowledged to the broker", "acknowledged upto 1"]
    assert [planned.message for planned in river.ledger.messages.values()] == ["welcome"]
    assert river.zones == {"ana": "lobby"}


async def test_what_changes_something_does_not_wait_for_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(river_source, "GROUP_S", 60.0)
    river = River()
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: bool(river.acks))

    assert river.zones == {"ana": "lobby"}


async def test_a_store_that_refuses_is_asked_again_and_nothing_is_acknowledged_meanwhile() -> None:
    river = River()
    river.ledger.faults["ana"] = [StoreFailed("store: disk full")] * 6
    river.marks.faults = [StoreFailed("store: disk full")] * 2
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: len(river.ledger.asked) == 3)
        meanwhile = (list(river.acks), list(river.broker.acknowledged))
        await until(lambda: bool(river.acks))

    assert meanwhile == ([], [])
    assert river.order == ["decision stored", "mark stored", "acknowledged to the broker", "acknowledged upto 1"]
    assert [planned.message for planned in river.ledger.messages.values()] == ["welcome"]


async def test_a_batch_that_is_sent_again_is_acknowledged_again_and_decided_once() -> None:
    river = River()
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: len(river.acks) == 1)
        river.heard(1, "ana")
        await until(lambda: len(river.acks) == 2)

    assert river.acks[0] == river.acks[1]
    assert river.ledger.asked == ["ana"]
    assert len(river.broker.acknowledged) == 2


async def test_guests_who_change_at_once_are_decided_side_by_side() -> None:
    river = River(("ana", "rosa"))
    river.ledger.gate.clear()
    async with river.runs():
        river.heard(1, "ana", "rosa")
        await until(lambda: sorted(river.ledger.asked) == ["ana", "rosa"])  # neither is stored yet
        river.ledger.gate.set()
        await until(lambda: bool(river.acks))

    assert river.zones == {"ana": "lobby", "rosa": "lobby"}
    assert river.marks.stored == 1


async def test_of_a_tag_that_is_nobodys_the_visit_alone_is_noted() -> None:
    river = River()
    river.nobody_is_enrolled()
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: bool(river.acks))

    [(note, whose)] = river.ledger.visits.values()
    assert (note.zone, note.tag, whose) == ("lobby", tag_of("ana"), None)
    assert (river.ledger.events, river.ledger.decisions) == ({}, {})


async def test_a_visit_that_began_before_the_tag_was_hers_is_not_hers() -> None:
    river = River()
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: bool(river.acks))
        river.hands_on("ana", to="rosa", at=T0 + timedelta(seconds=2))
        river.heard(3, "ana", gateway="pool-1", dbm=-40)
        await until(lambda: len(river.acks) == 2)
        river.clock.pass_(timedelta(seconds=10))
        await until(lambda: len(river.zones) == 2)

    assert river.zones == {"ana": "lobby", "rosa": "pool"}
    assert [(event.guest, event.kind) for event in river.ledger.events.values()] == [
        *(("ana", "entered"), ("rosa", "entered")),  # that the lobby was left then is no news of either
    ]
    assert {whose: note.left is None for note, whose in river.ledger.visits.values()} == {"ana": False, "rosa": True}


async def test_a_visit_that_began_earlier_only_by_a_clock_that_was_set_back_is_still_hers() -> None:
    river = River()
    river.hands_on("ana", to="ana", at=T0)
    left = Transition(
        venue="marlton",
        tag=tag_of("ana"),
        kind=Change.LEFT,
        zone="lobby",
        visit="v1",
        at=T0 + timedelta(minutes=1),
        entered=T0 - timedelta(hours=1),
        began=T0 + timedelta(seconds=1),
        confidence=1.0,
    )
    async with river.runs():
        river.pipeline.changed([left])
        await until(lambda: bool(river.ledger.events))

    assert [event.kind for event in river.ledger.events.values()] == ["left"]
    [(note, whose)] = river.ledger.visits.values()
    assert (note.entered, whose) == (T0, "ana")  # and no earlier than the tag is hers, at a restart too


async def test_a_visit_that_is_closed_is_over_and_nobody_is_told() -> None:
    river = River()
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: bool(river.acks))
        at = T0 + timedelta(seconds=2)
        river.pipeline.changed(
            river.pipeline.tracker.hand_over("marlton", tag_of("ana"), at.timestamp(), now=at.timestamp())
        )
        await until(lambda: river.ledger.noted == 1)

    [(note, whose)] = river.ledger.visits.values()
    assert (whose, note.left) == ("ana", note.heard)
    assert note.left is not None
    assert [event.kind for event in river.ledger.events.values()] == ["entered"]


async def test_batches_that_arrive_while_others_are_settled_are_settled_next() -> None:
    river = River(("ana", "rosa"))
    river.ledger.gate.clear()
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: river.ledger.asked == ["ana"])
        river.heard(2, "rosa")
        await a_while()
        river.ledger.gate.set()
        await until(lambda: [ack.upto for ack in river.acks] == [1, 2])

    assert river.zones == {"ana": "lobby", "rosa": "lobby"}
    assert river.order == [
        *("decision stored", "mark stored", "acknowledged to the broker", "acknowledged upto 1"),
        *("decision stored", "mark stored", "acknowledged to the broker", "acknowledged upto 2"),
    ]


async def test_a_gateways_state_is_stored_and_acknowledged_to_the_broker() -> None:
    river = River()
    state = {"v": 1, "online": True, "version": "0.1.0", "boot": "9c"}
    async with river.runs():
        river.broker.put(STATE.format("pool-1"), json.dumps(state).encode())
        await until(lambda: bool(river.broker.acknowledged))

    assert [(note.gateway, note.last_heard) for note in river.gateways.notes] == [("pool-1", T0)]
    assert river.acks == []


async def test_a_guest_who_falls_silent_leaves_though_nothing_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(river_source, "TICK_S", 0.005)
    river = River()
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: bool(river.told))
        river.clock.pass_(timedelta(minutes=10))
        await until(lambda: len(river.told) == 2)

    assert [record.event and record.event.kind for record in river.told] == ["entered", "left"]


@pytest.mark.parametrize(
    "fault", [KeyError("rosa"), WorkRefused("store: string or blob too big")], ids=["of the rules", "of the work"]
)
async def test_p13_a_guest_who_cannot_be_decided_about_costs_nobody_else_and_does_not_come_again(
    fault: Exception,
) -> None:
    river = River(("ana", "rosa"))
    river.ledger.faults["rosa"] = [fault] * 100
    with capture_logs() as said:
        async with river.runs():
            river.heard(1, "rosa", "ana")
            await until(lambda: bool(river.acks))
            river.heard(1, "rosa", "ana")
            await until(lambda: len(river.acks) == 2)

    assert sorted(river.ledger.asked) == ["ana", "rosa"]
    assert river.zones == {"ana": "lobby"}
    assert [whose for _, whose in river.ledger.visits.values()].count(None) == 1  # her visit, without her
    assert river.pipeline.counts["transitions_set_aside"] == 1
    [line] = [line for line in said if line["log_level"] == "error"]
    assert type(fault).__name__ in line["fault"]
    assert "rosa" not in str(line)


async def test_p13_a_guest_about_whom_others_never_stop_writing_is_set_aside_in_the_end() -> None:
    river = River()
    river.ledger.faults["ana"] = [Conflict("somebody was faster")] * 1000
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: bool(river.acks))

    assert len(river.ledger.asked) == 16 * CONFLICTS
    assert river.pipeline.counts["transitions_set_aside"] == 1


async def test_a_conflict_that_passes_costs_nothing() -> None:
    river = River()
    river.ledger.faults["ana"] = [Conflict("somebody was faster")] * 20
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: bool(river.acks))

    assert river.zones == {"ana": "lobby"}
    assert river.pipeline.counts["transitions_set_aside"] == 0


async def test_a_message_that_we_fail_on_costs_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    river = River()
    receive = river.pipeline.ingest.receive

    def fail_once(arrival: object) -> object:
        monkeypatch.setattr(river.pipeline.ingest, "receive", receive)
        raise RuntimeError(repr(arrival))

    monkeypatch.setattr(river.pipeline.ingest, "receive", fail_once)
    async with river.runs():
        river.heard(1, "ana")
        river.heard(2, "ana")
        await until(lambda: len(river.broker.acknowledged) == 2)

    assert river.pipeline.counts["messages_set_aside"] == 1
    assert river.zones == {"ana": "lobby"}
    assert [(ack.upto, ack.also) for ack in river.acks] == [(0, ((2, 2),))]  # the gateway is to send the first again


async def test_who_stops_it_while_a_decision_is_stored_acknowledges_nothing() -> None:
    river = River()
    river.ledger.gate.clear()
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: river.ledger.asked == ["ana"])

    assert (river.acks, river.broker.acknowledged, river.order) == ([], [], [])


async def test_a_broker_that_fails_stops_the_pipeline() -> None:
    river = River()

    async def fail() -> list[FakeDelivery]:
        raise RuntimeError("no more")

    river.broker.arrivals = fail  # type: ignore[method-assign]  # a broker whose way is broken

    with pytest.raises(ExceptionGroup, match="TaskGroup"):
        await river.pipeline.run()


async def test_a_backlog_goes_to_history_before_it_is_acknowledged_and_decides_nothing() -> None:
    river = River()
    async with river.runs():
        for seq in range(1, 31):
            river.heard(seq, "ana", topic=LOG)
        await until(lambda: bool(river.acks) and river.acks[-1].upto == 30)
        river.heard(31, "ana", dbm=FAINT)
        await until(lambda: river.acks[-1].upto == 31)

    assert len(river.history.kept) == 30
    assert not any(sighting.live for sighting in river.history.kept)
    assert river.order[:3] == ["late sightings stored", "mark stored", "acknowledged to the broker"]
    assert (river.told, river.ledger.visits, river.ledger.messages, river.zones) == ([], {}, {}, {})


async def test_a_guest_whose_phone_hears_a_beacon_enters_and_the_answer_waits_until_that_is_stored() -> None:
    river = River()
    river.ledger.gate.clear()
    async with river.runs():
        asked = asyncio.create_task(river.phone_hears("ana"))
        await until(lambda: river.ledger.asked == ["ana"])
        await a_while()
        waited = not asked.done()
        river.ledger.gate.set()
        taken = await asked

    assert (waited, taken) == (True, True)
    assert river.zones == {"ana": "lobby"}
    assert [planned.message for planned in river.ledger.messages.values()] == ["welcome"]
    assert (river.acks, river.marks.stored) == ([], 0)


async def test_a_phones_word_that_comes_again_changes_nothing() -> None:
    river = River()
    async with river.runs():
        first = await river.phone_hears("ana")
        again = await river.phone_hears("ana")

    assert (first, again) == (True, False)
    assert river.ledger.asked == ["ana"]


async def test_a_repeat_is_answered_only_when_what_it_repeats_is_stored() -> None:
    river = River()
    river.ledger.gate.clear()
    async with river.runs():
        first = asyncio.create_task(river.phone_hears("ana"))
        await until(lambda: river.ledger.asked == ["ana"])
        again = asyncio.create_task(river.phone_hears("ana"))
        await a_while()
        waited = not again.done()
        river.ledger.gate.set()
        told = await first, await again

    assert (waited, told) == (True, (True, False))
    assert river.ledger.asked == ["ana"]


async def test_a_phones_word_that_changes_nothing_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(river_source, "GROUP_S", 60.0)
    river = River()
    async with river.runs(), asyncio.timeout(5):
        taken = await river.phone_hears("ana", dbm=FAINT)

    assert taken
    assert (river.ledger.asked, river.ledger.visits) == ([], {})


async def test_a_phones_late_word_goes_to_history_before_it_is_answered_and_decides_nothing() -> None:
    river = River()
    async with river.runs():
        taken = await river.phone_hears("ana", age_s=120)
        kept = list(river.history.kept)

    assert taken
    assert [(sighting.gateway, sighting.live) for sighting in kept] == [(BEACONS["lobby"], False)] * 2
    assert (river.told, river.ledger.visits) == ([], {})


async def test_a_guest_with_a_tag_and_a_phone_is_noticed_by_both_and_messaged_once() -> None:
    river = River()
    async with river.runs():
        river.heard(1, "ana")
        await until(lambda: bool(river.acks))
        river.clock.pass_(timedelta(seconds=2))
        await river.phone_hears("ana")

    assert [note.zone for note, _ in river.ledger.visits.values()] == ["lobby", "lobby"]
    assert [planned.message for planned in river.ledger.messages.values()] == ["welcome"]


async def test_a_phone_that_falls_silent_has_left() -> None:
    river = River()
    async with river.runs():
        await river.phone_hears("ana")
        river.clock.pass_(timedelta(minutes=5))
        await until(lambda: any(note.left for note, _ in river.ledger.visits.values()))

    assert [event.kind for event in river.ledger.events.values()] == ["entered", "left"]
