"""A gateway that floods is quarantined; one that catches up is not, and nobody is for ever."""

from __future__ import annotations

from hub.ingest.admit import Refusal, Roster
from hub.ingest.flood import BURST_S, CALM_S, MESSAGES_S, QUARANTINE_S, FloodGuard, Verdict
from hub.ingest.receive import Arrival, Ingest

LOBBY, BAR = ("marlton", "lobby-1"), ("marlton", "bar-1")


def flood(guard: FloodGuard, *, rate: float, seconds: float, start: float = 0.0, size: int = 500) -> list[Verdict]:
    return [guard.judge(LOBBY, size, start + number / rate) for number in range(int(rate * seconds))]


def test_a_busy_gateway_that_catches_up_passes() -> None:
    verdicts = flood(FloodGuard(), rate=100.0, seconds=120.0, size=8000)

    assert set(verdicts) == {Verdict.PASS}


def test_one_that_floods_is_quarantined_with_one_alarm() -> None:
    guard = FloodGuard()

    verdicts = flood(guard, rate=10_000.0, seconds=5.0)

    assert verdicts.count(Verdict.ALARM) == 1
    assert verdicts.count(Verdict.PASS) <= 10_000 * BURST_S / (1 - MESSAGES_S / 10_000)
    assert verdicts[-1] is Verdict.QUARANTINED
    assert guard.is_quarantined(LOBBY, 5.0)


def test_few_messages_of_many_bytes_are_a_flood_too() -> None:
    verdicts = flood(FloodGuard(), rate=10.0, seconds=10.0, size=8_000_000)

    assert verdicts[-1] is Verdict.QUARANTINED


def test_another_gateway_is_not_touched() -> None:
    guard = FloodGuard()
    flood(guard, rate=10_000.0, seconds=5.0)

    assert guard.judge(BAR, 500, 5.0) is Verdict.PASS
    assert not guard.is_quarantined(BAR, 5.0)


def test_one_that_has_calmed_down_is_heard_again() -> None:
    guard = FloodGuard()
    flood(guard, rate=10_000.0, seconds=2.0)

    assert guard.judge(LOBBY, 500, 100.0) is Verdict.QUARANTINED
    assert guard.judge(LOBBY, 500, QUARANTINE_S + 5.0) is Verdict.PASS


def test_one_that_still_floods_at_the_end_stays() -> None:
    guard = FloodGuard()
    flood(guard, rate=10_000.0, seconds=2.0)

    flood(guard, rate=10_000.0, seconds=CALM_S - 2, start=QUARANTINE_S - CALM_S + 2.0)

    assert guard.is_quarantined(LOBBY, QUARANTINE_S + 100)


def test_p33_nothing_of_a_flood_is_read_and_it_is_counted() -> None:
    ingest = Ingest()
    ingest.flood = FloodGuard(messages_s=10.0)
    ingest.roster = Roster(zones={"marlton": {"lobby-1": "lobby"}})

    for number in range(200):
        ingest.receive(Arrival("ik/1/marlton/lobby-1/live/0", b"{", at=1.7e9, monotonic=number / 1000))

    assert ingest.counts["quarantines"] == 1
    assert ingest.counts[Refusal.QUARANTINED] == 150
    assert ingest.counts[Refusal.MALFORMED] == 50
