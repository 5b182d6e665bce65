from __future__ import annotations

import json
import re
from typing import Any

import pytest

from hub.api.app import build_api
from hub.api.fields import ID_MAX, IN_WORDS
from tests.fakes.api import FakeHub, client

JSON = {"content-type": "application/json"}


async def _asked(method: str, path: str, **request: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401  httpx's own
    hub = FakeHub()
    async with client(build_api(hub.deps()), "admin") as admin:
        await admin.put("/v1/guests/ana", json={})
        answer = await admin.request(method, path, **request)
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["title"]
    assert document["detail"] == document["detail"].strip()
    return answer.status_code, document


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("GET", "/v1/guests/nobody", None, 404),
        ("GET", "/v1/guests/ana/", None, 404),
        ("PATCH", "/v1/guests/ana", None, 405),
        ("PUT", "/v1/guests/ana", b'{"first_name": ', 400),
        ("PUT", "/v1/guests/ana", b"\xff\xfe{}", 400),
        ("PUT", "/v1/guests/ana", b"[" * 60_000, 400),
        ("PUT", "/v1/guests/ana", b'{"first_name": "' + b"a" * 70_000 + b'"}', 413),
        ("PUT", "/v1/guests/ana", b"[]", 422),
        ("PUT", "/v1/guests/ana", b"null", 422),
        ("PUT", "/v1/guests/ana", b"", 422),
        ("PUT", "/v1/guests/%20", b"{}", 422),
        ("PUT", "/v1/guests/" + "a" * (ID_MAX + 1), b"{}", 422),
        ("PUT", "/v1/tags/ble:1", b'{"guest": "ana"}', 422),
        ("GET", "/v1/messages?limit=0", None, 422),
        ("GET", "/v1/messages?cursor=x", None, 422),
        ("GET", "/v1/messages?state=LOST", None, 422),
    ],
)
async def test_every_refusal_is_a_problem_document(method: str, path: str, body: bytes | None, status: int) -> None:
    found, _ = await _asked(method, path, content=body, headers=JSON)

    assert found == status


@pytest.mark.parametrize(
    ("path", "right"),
    [("/v1/messages?sate=SENT", "one of cursor, guest, limit, state, venue"), ("/v1/guests/ana?a=1", "no parameter")],
)
async def test_a_parameter_that_nobody_knows_is_refused_for_it_would_answer_another_question(
    path: str, right: str
) -> None:
    status, document = await _asked("GET", path)

    assert status == 422
    assert [(one["where"], one["right"]) for one in document["errors"]] == [("query", right)]


async def test_every_parameter_that_the_api_describes_is_known() -> None:
    app = build_api(FakeHub().deps())
    described = [
        (path, parameter["name"])
        for path, methods in app.openapi()["paths"].items()
        for parameter in methods.get("get", {}).get("parameters", ())
        if parameter["in"] == "query" and path != "/v1/stream"
    ]
    async with client(app, "admin") as admin:
        answers = [(await admin.get(path, params={name: "1"})).text for path, name in described]

    assert len(described) >= 10
    assert [text for text in answers if '"where":"query"' in text] == []


def test_every_pattern_of_the_api_is_told_in_words() -> None:
    described = json.dumps(build_api(FakeHub().deps()).openapi())

    patterns = {json.loads(found) for found in re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', described)}
    assert len(patterns) >= 6
    assert patterns <= set(IN_WORDS)


async def test_an_id_that_cannot_be_is_told_in_words() -> None:
    status, document = await _asked("PUT", "/v1/guests/a%20b", json={})

    assert status == 422
    assert document["detail"] == (
        "path.guest: found a b; right would be letters, digits and . _ ~ : @ + -, beginning with a letter or a digit"
    )


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_a_body_that_is_not_json_is_told_what_would_be(kind: str | None) -> None:
    status, document = await _asked(
        "PUT", "/v1/guests/ana", content=b"{}", headers={"content-type": kind} if kind else {}
    )

    assert status == 415
    assert "application/json" in document["detail"]


async def test_each_wrong_field_says_where_what_was_found_and_what_would_be_right() -> None:
    body = {"first_name": 7, "nickname": "A", "timezone": "Mars/Base", "attributes": {"Loud Name": 1}}

    status, document = await _asked("PUT", "/v1/guests/ana", json=body)

    assert status == 422
    assert document["errors"] == [
        {"where": "body.first_name", "found": "7", "right": "a valid string"},
        {"where": "body.timezone", "found": "Mars/Base", "right": "an IANA time zone: Europe/Lisbon"},
        {
            "where": "body.attributes",
            "found": "{'Loud Name': 1}",
            "right": "names of a-z, 0-9 and _, at most 40 characters",
        },
        {"where": "body.nickname", "found": "A", "right": "no field of this name"},
    ]


@pytest.mark.parametrize(
    "attributes",
    [
        {"x": float("nan")},
        {"x": float("inf")},
        {"x": 2**63},
        {"x": "y" * 501},
        {"x": "\ud800"},
        {"x": ["y"]},
        {"x": {"y": 1}},
        {"member": True},
        {"reservation": True},
        {f"x{n}": n for n in range(65)},
    ],
)
async def test_an_attribute_that_could_not_be_kept_is_refused(attributes: dict[str, Any]) -> None:
    status, document = await _asked(
        "PUT", "/v1/guests/ana", content=json.dumps({"attributes": attributes}).encode(), headers=JSON
    )

    assert status == 422
    assert all(len(error["found"]) <= 60 for error in document["errors"])


@pytest.mark.parametrize(
    "name", ["\x00", "Ana\nBcc: all", "\x1b[31m", "a" * 201, ""], ids=lambda name: ascii(name)[:12]
)
async def test_a_name_with_control_characters_or_of_no_length_is_refused(name: str) -> None:
    status, document = await _asked("PUT", "/v1/guests/ana", json={"first_name": name})

    assert status == 422
    assert document["errors"][0]["where"] == "body.first_name"


@pytest.mark.parametrize("at", ["2026-01-05", "2026-01-05T09:00:00", "2026-01-05 09:00:00Z", 1767603600, "today"])
async def test_a_time_without_a_zone_is_no_time(at: object) -> None:
    status, document = await _asked("PUT", "/v1/tags/altbeacon:" + "0" * 40, json={"guest": "ana", "from": at})

    assert status == 422
    assert document["errors"][0] == {
        "where": "body.from",
        "found": str(at),
        "right": "an RFC 3339 time with a zone: 2026-01-05T09:00:00Z",
    }


async def test_a_method_that_an_address_does_not_know_is_told_which_it_does() -> None:
    async with client(build_api(FakeHub().deps()), "admin") as admin:
        answer = await admin.post("/v1/messages")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
