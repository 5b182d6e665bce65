"""What Prometheus is told."""

from __future__ import annotations

from prometheus_client import generate_latest

from hub.measure.figures import HELD, Figures, OutboxNow
from hub.outbox.holding import Held


def shown(figures: Figures) -> list[str]:
    return [line for line in generate_latest(figures.registry).decode().splitlines() if not line.startswith("#")]


def figures_of_a_hub() -> Figures:
    figures = Figures()
    figures.watch(ingest=lambda: {"rows": 7, "batches": 2}, pipeline=lambda: {"transitions": 1}, link_up=lambda: True)
    return figures


def test_what_was_decided_and_sent_is_counted_by_venue_and_why() -> None:
    figures = figures_of_a_hub()

    figures.decided("marlton", "welcome", "not_started", "guard")
    figures.decided("marlton", "welcome", "not_started", "guard")
    figures.message("marlton", "welcome", "SENT", "apns")

    assert shown(figures) == [
        'innkeeper_decisions_total{journey="welcome",kind="not_started",reason="guard",venue="marlton"} 2.0',
        'innkeeper_messages_total{journey="welcome",provider="apns",state="SENT",venue="marlton"} 1.0',
        'innkeeper_ingest_total{what="batches"} 2.0',
        'innkeeper_ingest_total{what="rows"} 7.0',
        'innkeeper_pipeline_total{what="transitions"} 1.0',
        "innkeeper_broker_up 1.0",
    ]


def test_no_series_says_when_it_began() -> None:
    figures = figures_of_a_hub()
    figures.decided("marlton", "welcome", "started", "matched")

    assert "_created" not in "".join(shown(figures))


def test_a_name_that_holds_quotes_and_lines_stays_one_label() -> None:
    figures = figures_of_a_hub()

    figures.decided("marlton", 'a"b\nc', "started", "matched")

    assert shown(figures)[0] == (
        'innkeeper_decisions_total{journey="a\\"b\\nc",kind="started",reason="matched",venue="marlton"} 1.0'
    )


def test_the_outbox_says_how_it_stands() -> None:
    figures = Figures()
    now = OutboxNow(
        age_s=2.5,
        messages={"UNKNOWN": 1, "DEAD": 3},
        held="clock",
        resting={"apns": True},
        waiting={"apns": 7},
        renewals={"apns": 2},
    )
    figures.watch_outbox(lambda: now)

    assert shown(figures) == [
        "innkeeper_outbox_age_seconds 2.5",
        'innkeeper_outbox_messages{state="DEAD"} 3.0',
        'innkeeper_outbox_messages{state="UNKNOWN"} 1.0',
        'innkeeper_outbox_held{why="clock"} 1.0',
        'innkeeper_outbox_held{why="paused"} 0.0',
        'innkeeper_provider_resting{provider="apns"} 1.0',
        'innkeeper_provider_waiting{provider="apns"} 7.0',
        'innkeeper_provider_token_renewals_total{provider="apns"} 2.0',
    ]


def test_why_nothing_is_sent_has_the_outboxs_own_words() -> None:
    assert set(HELD) == {each.value for each in Held}
