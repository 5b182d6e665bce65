"""Every state, reason, metric, table, column, field and mode on a page is in the code, and the reverse."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from firmware_sim.floorplan import load_floorplan
from firmware_sim.providers.behaviour import PROVIDERS, Behaviour, Mode
from gateway.cli import arguments
from gateway.metrics import text as gateway_metrics
from hub.errors import Trouble
from hub.identity import csv_import
from hub.ingest.admit import Refusal
from hub.measure.figures import Figures, OutboxNow
from hub.outbox.message import State
from hub.outbox.state import FOLLOWS, RECEIPTS, STARTS, Why
from hub.pages.floorplan import FloorPlan, read_floorplan
from hub.store.erasure import _DELETED_FROM
from hub.store.tables import metadata
from rules.decision import Kind, Reason
from tests.architecture.pages import blocks, firsts, page, quoted, rows, section
from wire.mqtt.messages import GatewayState
from wire.settings.gateway_toml import SCANS

DELIVERY = page("docs/delivery.md")
FLOORPLAN = page("docs/floorplan.md")
GATEWAY = page("docs/gateway.md")
JOURNEYS = page("docs/journeys.md")
OPERATE = page("docs/operate.md")
PRIVACY = page("docs/privacy.md")
SIMULATOR = page("docs/simulator.md")


# Delivery


def test_the_drawing_is_the_machine() -> None:
    arrows = re.findall(r"^    (\S+) --> (\w+)", DELIVERY, re.MULTILINE)

    assert {after for before, after in arrows if before == "[*]"} == set(STARTS)
    assert {(before, after) for before, after in arrows if before != "[*]"} == {
        (before.value, after.value) for before, nexts in FOLLOWS.items() for after in nexts
    }


def test_the_table_of_states_is_the_machine() -> None:
    told = {quoted(state)[0]: following for state, _, following in rows(DELIVERY, "state", "means")}

    assert list(told) == [state.value for state in State]
    for state, following in told.items():
        named = set(quoted(following))
        expected = {after.value for after in FOLLOWS[State(state)]}
        if following.startswith("all but"):
            named = {each.value for each in set(State) - RECEIPTS} - named - {state}
        assert named == expected, state


def test_every_reason_of_a_message_is_explained() -> None:
    assert set(firsts(rows(DELIVERY, "reason", "state"))) == {why.value for why in Why}


def test_every_trouble_stands_in_the_table_of_answers() -> None:
    told = {word for row in rows(DELIVERY, "answer", "trouble") for word in quoted(row[1])}

    assert told == {trouble.value for trouble in Trouble}


# Journeys


def test_every_reason_of_a_decision_is_explained() -> None:
    assert set(firsts(rows(JOURNEYS, "reason"))) == {reason.value for reason in Reason}


def test_every_kind_of_decision_is_explained() -> None:
    assert set(firsts(rows(JOURNEYS, "kind"))) == {kind.value for kind in Kind}


# Metrics


def test_every_metric_of_the_hub_is_on_the_page_with_its_labels() -> None:
    figures = Figures()
    figures.decided("v", "j", "sent", "matched")
    figures.message("v", "j", "SENT", "apns")
    figures.watch(ingest=lambda: {"rows": 1}, pipeline=lambda: {"transitions": 1}, link_up=lambda: True)
    now = OutboxNow(
        age_s=1, messages={"DEAD": 1}, held=None, resting={"apns": False}, waiting={"apns": 1}, renewals={"apns": 1}
    )
    figures.watch_outbox(lambda: now)
    figures.watch_references(lambda: {("v", "g", "r"): -7.0})
    figures.watch_copies(lambda: {"v": 1})

    told = {quoted(name)[0]: set(quoted(labels)) for name, labels, _ in rows(OPERATE, "metric of the hub")}

    found = {
        sample.name: set(sample.labels)
        for family in figures.registry.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
    assert told == found


def test_every_count_of_ingest_and_of_the_pipeline_is_on_the_page() -> None:
    words = (
        section(OPERATE, "## Health, readiness, metrics")
        .partition("Of `innkeeper_ingest_total`")[2]
        .partition("\n\n")[0]
    )
    counted = {
        name
        for file in ("hub/ingest/receive.py", "hub/pipeline.py", "hub/app/repairing.py")
        for name in re.findall(r'counts\["(\w+)"\]', page(file))
    }

    told = {word for word in quoted(words) if not word.startswith("innkeeper_")} - {"what"}

    assert told == counted | {refusal.value for refusal in Refusal}


def test_every_metric_of_a_gateway_is_on_the_page() -> None:
    found = re.findall(r"^# TYPE (innkeeper_gateway_\w+) ", gateway_metrics(0, GatewayState(online=True)), re.MULTILINE)

    assert set(firsts(rows(OPERATE, "metric of a gateway"))) == set(found)


# Privacy, gateway, simulator


def test_every_table_of_the_store_is_on_the_page_and_what_erasure_leaves_of_it() -> None:
    told = {name: becomes for named, _, becomes in rows(PRIVACY, "table") for name in quoted(named)}

    assert set(told) == set(metadata.tables)
    assert {name for name, becomes in told.items() if becomes.endswith("deleted")} == set(_DELETED_FROM)


def test_every_field_of_a_gateways_state_is_explained() -> None:
    assert set(firsts(rows(GATEWAY, "field"))) == {field.name for field in fields(GatewayState)}


def test_every_scan_mode_and_command_of_the_gateway_is_explained() -> None:
    (commands,) = [action.choices for action in arguments()._actions if action.dest == "command"]

    assert set(firsts(rows(GATEWAY, "mode"))) == set(SCANS)
    assert set(firsts(rows(GATEWAY, "command"))) == set(commands or ())


def test_every_way_in_which_a_provider_may_behave_is_explained() -> None:
    told = {quoted(mode)[0]: of for mode, _, of in rows(SIMULATOR, "mode")}

    assert set(told) == {mode.value for mode in Mode}
    for mode, of in told.items():
        assert {name for name, modes in PROVIDERS.items() if mode in modes} == (
            set(PROVIDERS) if of == "all" else set(of.split(", "))
        ), mode
    assert set(firsts(rows(SIMULATOR, "key"))) == {field.name for field in fields(Behaviour)}


def test_a_floor_plans_keys_are_those_that_are_read_and_its_example_can_be_used(
    tmp_path: Path,
) -> None:
    (example,) = blocks(FLOORPLAN, "yaml")
    (tmp_path / "floorplan.yaml").write_text(example)

    assert set(firsts(rows(FLOORPLAN, "key"))) == {*FloorPlan.__struct_fields__, "venue"}
    assert read_floorplan(example, file="floorplan.yaml").floors
    assert load_floorplan(tmp_path / "floorplan.yaml").zones


def test_the_columns_of_a_csv_file_are_those_that_are_read() -> None:
    sheets = {"guests": csv_import._GUESTS, "tags": csv_import._TAGS, "reservations": csv_import._RESERVATIONS}
    found = {name: (set(quoted(needed)), set(quoted(others))) for name, needed, others in rows(OPERATE, "file")}

    assert set(found) == set(sheets)
    for name, (needed, others) in found.items():
        assert needed == set(sheets[name].needed), name
        assert name == "guests" or others == set(sheets[name].others), name
