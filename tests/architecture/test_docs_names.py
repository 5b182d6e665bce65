"""Every route, role, state, reason, metric, table, field and mode on a page is in the code, and the reverse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime

from fastapi.routing import APIRoute, iter_route_contexts

from firmware_sim.providers.behaviour import PROVIDERS, Behaviour, Mode
from gateway.cli import arguments
from gateway.config import SCANS
from gateway.metrics import text as gateway_metrics
from hub.api import feed
from hub.api.app import build_api
from hub.api.auth import Guarded, roles_of
from hub.api.schemas import ConsentBody, DeviceBody, EventBody, GuestBody, ReservationBody, TagBody
from hub.errors import Trouble
from hub.identity.present import PresentGuest
from hub.identity.token import Role
from hub.ingest.admit import Refusal
from hub.ingest.seen import SeenGateway
from hub.measure.figures import Figures
from hub.outbox.message import State
from hub.outbox.shown import Attempt, MessageRow
from hub.outbox.state import FOLLOWS, STARTS, Why
from hub.store.erasure import _DELETED_FROM
from hub.store.tables import metadata
from rules.decision import Decision, Kind, Reason
from tests.architecture.pages import page, quoted, rows, section
from tests.fakes.api import FakeHub
from wire.mqtt.messages import GatewayState

API = page("docs/api.md")
DELIVERY = page("docs/delivery.md")
GATEWAY = page("docs/gateway.md")
JOURNEYS = page("docs/journeys.md")
OPERATE = page("docs/operate.md")
PRIVACY = page("docs/privacy.md")
SIMULATOR = page("docs/simulator.md")


def _firsts(found: list[list[str]]) -> list[str]:
    """Every word in backticks of the first cells."""
    return [word for row in found for word in quoted(row[0])]


# The API


def _routes() -> Iterator[tuple[str, str, frozenset[str]]]:
    for context in iter_route_contexts(build_api(FakeHub().deps()).routes):
        route = context.original_route
        assert isinstance(route, APIRoute)
        allowed = frozenset(roles_of(route)) if isinstance(route, Guarded) else frozenset({"anyone"})
        for method in route.methods or ():
            yield method, route.path, allowed


def test_every_route_stands_on_the_page_with_its_method_and_roles() -> None:
    told = [
        (quoted(method)[0], quoted(path)[0], frozenset(roles.split(", ")))
        for method, path, roles, _ in rows(API, "method", "path")
    ]

    assert sorted(told) == sorted(_routes())


def test_every_role_is_explained() -> None:
    assert _firsts(rows(OPERATE, "role")) == [word for word in ("viewer", "pms", "app", "admin") if Role(word)]
    assert len(Role) == 4


def test_every_field_of_a_body_is_named() -> None:
    told = set(quoted(API))

    for body in (GuestBody, ReservationBody, DeviceBody, ConsentBody, TagBody, EventBody):
        names = {field.alias or name for name, field in body.model_fields.items()}
        assert names <= told, body.__name__


def test_the_fields_of_a_guest_and_of_an_event_are_those_of_their_bodies() -> None:
    guest, event = rows(section(API, "## Guests"), "field"), rows(section(API, "## Events"), "field")

    assert set(_firsts(guest)) == set(GuestBody.model_fields)
    assert set(_firsts(event)) == set(EventBody.model_fields)


def test_every_field_of_an_answer_is_named() -> None:
    told = set(quoted(API))

    for answer in (MessageRow, Attempt, Decision, PresentGuest, SeenGateway):
        missing = {field.name for field in fields(answer)} - told - {"n", "detail"}
        assert missing == set(), answer.__name__


def test_what_the_stream_says_is_what_the_feed_publishes() -> None:
    published: dict[str, set[str]] = {}
    for kinds, more in re.findall(r"^- ((?:`\w+`(?:, )?)+): (.*)$", feed.__doc__ or "", re.MULTILINE):
        named = re.sub(r"\([^)]*\)", "", more.partition(":")[0])
        published |= {kind: {name.strip() for name in named.split(",")} for kind in quoted(kinds)}

    told = {
        kind: set(quoted(row[1]))
        for row in rows(section(API, "## Presence, gateways, stream"), "kind")
        for kind in quoted(row[0])
    }

    assert told.pop("resync") == set()
    assert told == published


def test_the_example_of_a_problem_is_what_the_api_says() -> None:
    example = re.search(r"```json\n(\{\"type\".*?)```", API, re.DOTALL)

    assert example is not None
    assert set(json.loads(example[1])) == {"type", "title", "status", "detail", "errors"}


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
            named = {each.value for each in State} - named - {state}
        assert named == expected, state


def test_every_reason_of_a_message_is_explained() -> None:
    assert set(_firsts(rows(DELIVERY, "reason", "state"))) == {why.value for why in Why}


def test_every_trouble_stands_in_the_table_of_answers() -> None:
    told = {word for row in rows(DELIVERY, "answer", "trouble") for word in quoted(row[1])}

    assert told == {trouble.value for trouble in Trouble}


# Journeys


def test_every_reason_of_a_decision_is_explained() -> None:
    assert set(_firsts(rows(JOURNEYS, "reason"))) == {reason.value for reason in Reason}


def test_every_kind_of_decision_is_explained() -> None:
    assert set(_firsts(rows(JOURNEYS, "kind"))) == {kind.value for kind in Kind}


# Metrics


def test_every_metric_of_the_hub_is_on_the_page_with_its_labels() -> None:
    figures = Figures()
    figures.decided("v", "j", "sent", "matched")
    figures.message("v", "j", "SENT", "apns")
    figures.watch(ingest=lambda: {"rows": 1}, pipeline=lambda: {"transitions": 1}, link_up=lambda: True)

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
        for file in ("hub/ingest/receive.py", "hub/pipeline.py")
        for name in re.findall(r'counts\["(\w+)"\]', page(file))
    }

    told = {word for word in quoted(words) if not word.startswith("innkeeper_")} - {"what"}

    assert told == counted | {refusal.value for refusal in Refusal}


def test_every_metric_of_a_gateway_is_on_the_page() -> None:
    found = re.findall(r"^(innkeeper_gateway_\w+) ", gateway_metrics(0, GatewayState(online=True)), re.MULTILINE)

    assert set(_firsts(rows(OPERATE, "metric of a gateway"))) == set(found)


# Privacy, gateway, simulator


def test_every_table_of_the_store_is_on_the_page_and_what_erasure_leaves_of_it() -> None:
    told = {name: becomes for named, _, becomes in rows(PRIVACY, "table") for name in quoted(named)}

    assert set(told) == set(metadata.tables)
    assert {name for name, becomes in told.items() if becomes.endswith("deleted")} == set(_DELETED_FROM)


def test_every_field_of_a_gateways_state_is_explained() -> None:
    assert set(_firsts(rows(GATEWAY, "field"))) == {field.name for field in fields(GatewayState)}


def test_every_scan_mode_and_command_of_the_gateway_is_explained() -> None:
    (commands,) = [action.choices for action in arguments()._actions if action.dest == "command"]

    assert set(_firsts(rows(GATEWAY, "mode"))) == set(SCANS)
    assert set(_firsts(rows(GATEWAY, "command"))) == set(commands or ())


def test_every_way_in_which_a_provider_may_behave_is_explained() -> None:
    told = {quoted(mode)[0]: of for mode, _, of in rows(SIMULATOR, "mode")}

    assert set(told) == {mode.value for mode in Mode}
    for mode, of in told.items():
        assert {name for name, modes in PROVIDERS.items() if mode in modes} == (
            set(PROVIDERS) if of == "all" else set(of.split(", "))
        ), mode
    assert set(_firsts(rows(SIMULATOR, "key"))) == {field.name for field in fields(Behaviour)}


def test_the_times_in_the_docs_are_times() -> None:
    for text in re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", API):
        assert datetime.fromisoformat(text).tzinfo == UTC
