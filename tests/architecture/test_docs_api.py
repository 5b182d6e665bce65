"""docs/api.md names every route, role, field, status and item of the stream, and no other."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from http import HTTPStatus

from fastapi.routing import APIRoute, iter_route_contexts

from hub.api import feed
from hub.api.answers import DecisionShown
from hub.api.app import build_api
from hub.api.auth import Guarded, roles_of
from hub.api.schemas import (
    ConsentBody,
    DeviceBody,
    EidBody,
    EventBody,
    GuestBody,
    ReservationBody,
    SightingBody,
    SightingsBody,
    TagBody,
)
from hub.identity.present import PresentGuest
from hub.identity.token import Role
from hub.ingest.seen import SeenGateway
from hub.outbox.shown import Attempt, MessageRow
from tests.architecture.pages import ROOT, blocks, firsts, page, quoted, rows, section
from tests.fakes.api import FakeHub, a_coupon, a_task, client

API = page("docs/api.md")


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
    assert sorted(firsts(rows(page("docs/operate.md"), "role"))) == sorted(Role)


def test_every_field_of_a_body_is_named() -> None:
    told = set(quoted(API))

    bodies = (GuestBody, ReservationBody, DeviceBody, ConsentBody, TagBody, EidBody, EventBody)
    for body in (*bodies, SightingsBody, SightingBody):
        names = {field.alias or name for name, field in body.model_fields.items()}
        assert names <= told, body.__name__


def test_the_fields_of_a_guest_and_of_an_event_are_those_of_their_bodies() -> None:
    guest, event = rows(section(API, "## Guests"), "field"), rows(section(API, "## Events"), "field")

    assert set(firsts(guest)) == set(GuestBody.model_fields)
    assert set(firsts(event)) == set(EventBody.model_fields)


def test_every_field_of_an_answer_is_named() -> None:
    told = set(quoted(API))

    shown = [{field.name for field in fields(answer)} for answer in (MessageRow, Attempt, PresentGuest, SeenGateway)]
    for answer in (*shown, set(DecisionShown.model_fields)):
        missing = answer - told - {"n", "detail"}
        assert missing == set()


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


def test_every_status_of_a_problem_is_explained() -> None:
    raised = {
        HTTPStatus[name].value
        for file in (ROOT / "hub/api").glob("*.py")
        for name in re.findall(r"HTTPStatus\.([A-Z_]+)", file.read_text())
    }

    told = {int(row[0]) for row in rows(API, "status", "means")}

    assert told == {status for status in raised if status >= HTTPStatus.BAD_REQUEST}


def test_the_example_of_a_problem_is_what_the_api_says() -> None:
    example = re.search(r"```json\n(\{\"type\".*?)```", API, re.DOTALL)

    assert example is not None
    assert set(json.loads(example[1])) == {"type", "title", "status", "detail", "errors"}


async def test_every_request_on_the_page_is_answered_as_the_page_says() -> None:
    hub = FakeHub()
    hub.feed.close()  # so that the stream ends at once
    hub.tasks.rows = [a_task("TASK")]
    hub.coupons.coupons = {"AB12CD34": a_coupon("AB12CD34")}
    requests = [each for block in blocks(API, "sh") for each in re.split(r"\n(?=curl )", block.replace("\\\n", " "))]
    asked = [shlex.split(each) for each in requests]

    refused = {}
    async with client(build_api(hub.deps()), "admin") as admin:
        for words in asked:
            (url,) = [word for word in words if word.startswith("https://hub.example.com")]
            method = words[words.index("-X") + 1] if "-X" in words else "GET"
            body = json.loads(words[words.index("-d") + 1]) if "-d" in words else None
            answer = await admin.request(method, url.removeprefix("https://hub.example.com"), json=body)
            if answer.is_error:
                refused[f"{method} {url}"] = answer.text

    assert len(asked) >= 6
    assert refused == {}


def test_the_times_in_the_docs_are_times() -> None:
    for text in re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", API):
        assert datetime.fromisoformat(text).tzinfo == UTC
