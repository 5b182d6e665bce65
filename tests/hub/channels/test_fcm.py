from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from firmware_sim.providers.behaviour import Behaviour, Mode
from hub.channels.fcm import answer, open_fcm, request_body
from hub.clock import SystemClock
from hub.errors import BadConfig, Doubt, Permanent, SendFailed, Transient, Trouble
from hub.outbox.message import Notification
from tests.fakes.hub_clock import T0
from tests.fakes.notifications import a_notification
from tests.fakes.sim_providers import simulated


def an_error(status: int, rpc: str, code: str | None = None, field: str | None = None) -> bytes:
    details: list[object] = []
    if code:
        details.append({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code})
    if field:
        details.append(
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": field, "description": "Invalid"}],
            }
        )
    return json.dumps({"error": {"code": status, "message": "words", "status": rpc, "details": details}}).encode()


def answered(status: int, body: bytes, **headers: str) -> SendFailed:
    with pytest.raises(SendFailed) as failed:
        answer(status, {name.replace("_", "-"): text for name, text in headers.items()}, body, T0)
    return failed.value


def test_200_is_accepted_by_googles_name_for_it() -> None:
    accepted = answer(200, {}, b'{"name": "projects/p/messages/0:1"}', T0)

    assert accepted.provider_id == "projects/p/messages/0:1"


@pytest.mark.parametrize(
    ("status", "body", "kind", "trouble", "dead"),
    [
        (404, an_error(404, "NOT_FOUND", "UNREGISTERED"), Permanent, Trouble.ADDRESS_GONE, True),
        (403, an_error(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"), Permanent, Trouble.ADDRESS_WRONG, True),
        (400, an_error(400, "INVALID_ARGUMENT", None, "message.token"), Permanent, Trouble.ADDRESS_WRONG, True),
        (400, an_error(400, "INVALID_ARGUMENT", None, "message.data"), Permanent, Trouble.CONTENT, False),
        (400, an_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"), Permanent, Trouble.CONTENT, False),
        (413, b"", Permanent, Trouble.CONTENT, False),
        (404, an_error(404, "NOT_FOUND"), Transient, Trouble.CREDENTIALS, False),
        (403, an_error(403, "PERMISSION_DENIED"), Transient, Trouble.CREDENTIALS, False),
        (401, an_error(401, "UNAUTHENTICATED"), Transient, Trouble.CREDENTIALS, False),
        (401, an_error(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"), Transient, Trouble.CREDENTIALS, False),
        (429, an_error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), Transient, Trouble.THROTTLED, False),
        (500, an_error(500, "INTERNAL", "INTERNAL"), Transient, Trouble.UNAVAILABLE, False),
        (503, an_error(503, "UNAVAILABLE", "UNAVAILABLE"), Transient, Trouble.UNAVAILABLE, False),
        (502, b"<html>", Doubt, Trouble.DOUBT, False),
        (302, b"", Doubt, Trouble.DOUBT, False),
    ],
)
def test_each_answer_means_what_the_table_says(
    status: int, body: bytes, kind: type[SendFailed], trouble: Trouble, *, dead: bool
) -> None:
    failed = answered(status, body)

    assert type(failed) is kind
    assert failed.trouble is trouble
    assert getattr(failed, "address_is_dead", False) is dead


def test_an_address_is_gone_since_we_asked() -> None:
    failed = answered(404, an_error(404, "NOT_FOUND", "UNREGISTERED"))

    assert isinstance(failed, Permanent)
    assert failed.since == T0


def test_429_waits_as_long_as_it_says_and_a_minute_when_it_says_nothing() -> None:
    said = answered(429, b"", retry_after="7")
    unsaid = answered(429, b"")

    assert isinstance(said, Transient)
    assert isinstance(unsaid, Transient)
    assert (said.retry_after, unsaid.retry_after) == (timedelta(seconds=7), timedelta(seconds=60))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"error": 1}', b'{"error": {"details": 3}}', b'{"error":{"details":[4]}}']
)
def test_a_refusal_in_another_shape_is_read_by_its_status(body: bytes) -> None:
    failed = answered(400, body)

    assert failed.trouble is Trouble.CONTENT


def message(notification: Notification) -> dict[str, object]:
    read = json.loads(request_body(notification, T0))["message"]
    assert isinstance(read, dict)
    return read


def test_p05_request_says_target_texts_time_left_and_collapse() -> None:
    notification = a_notification(
        id="5f0c",
        provider="fcm",
        address="tok",
        kind="fcm_token",
        expires_at=T0 + timedelta(minutes=15),
        data={"n": 3, "at": T0, "member": True, "no": None},
    )

    assert message(notification) == {
        "token": "tok",
        "notification": {"title": "The Marlton", "body": "Welcome, Ana. Your room is ready."},
        "data": {"n": "3", "at": '"2026-01-05 09:00:00+00:00"', "member": "true", "no": "null", "id": "5f0c"},
        "android": {
            "ttl": "900s",
            "collapse_key": "0123456789abcdef0123456789abcdef",
            "priority": "HIGH",
            "notification": {"tag": "0123456789abcdef0123456789abcdef"},
        },
    }


@pytest.mark.parametrize(("kind", "field"), [("fcm_token", "token"), ("fcm_fid", "fid"), (None, "token")])
def test_target_is_a_token_or_an_installation(kind: str | None, field: str) -> None:
    assert message(a_notification(address="it", kind=kind))[field] == "it"


def test_a_device_of_another_kind_is_refused_here() -> None:
    with pytest.raises(Permanent, match="kind apns"):
        request_body(a_notification(kind="apns"), T0)


@pytest.mark.parametrize(("left", "ttl"), [(timedelta(days=40), "2419200s"), (timedelta(seconds=-5), "0s")])
def test_ttl_is_never_more_than_google_takes_nor_negative(left: timedelta, ttl: str) -> None:
    android = message(a_notification(expires_at=T0 + left))["android"]

    assert isinstance(android, dict)
    assert android["ttl"] == ttl


def test_what_google_would_find_too_big_is_refused_here() -> None:
    with pytest.raises(Permanent, match="at most 4096") as refused:
        request_body(a_notification(body="x" * 4096), T0)

    assert refused.value.trouble is Trouble.CONTENT


async def test_an_access_token_that_google_forgot_is_fetched_again_at_once(tmp_path: Path) -> None:
    notification = a_notification(provider="fcm")
    async with simulated(tmp_path) as sim, open_fcm(sim.fcm, SystemClock()) as channel:
        await channel.send(a_notification(provider="fcm"))
        sim.providers.behave(fcm=Behaviour(mode=Mode.EXPIRE_TOKENS))

        await channel.send(notification)

        assert list(sim.accepted_ids())[1:] == [notification.id]


async def test_many_pushes_at_once_fetch_one_access_token(tmp_path: Path) -> None:
    async with simulated(tmp_path) as sim, open_fcm(sim.fcm, SystemClock()) as channel:
        await asyncio.gather(*(channel.send(a_notification(provider="fcm", kind="fcm_fid")) for _ in range(20)))

        assert len(set(sim.accepted_ids())) == 20
        assert {entry["target"] for entry in sim.accepted()} == {"fid"}


async def test_a_service_account_that_google_does_not_know_is_told_as_wrong_credentials(tmp_path: Path) -> None:
    async with simulated(tmp_path) as sim:
        account = json.loads(sim.fcm.service_account_file.read_text())
        (tmp_path / "other.json").write_text(json.dumps({**account, "client_email": "other@p.example"}))
        settings = replace(sim.fcm, service_account_file=tmp_path / "other.json")
        async with open_fcm(settings, SystemClock()) as channel:
            with pytest.raises(Transient, match="invalid_grant") as refused:
                await channel.send(a_notification(provider="fcm"))

    assert refused.value.trouble is Trouble.CREDENTIALS


async def test_a_token_endpoint_that_is_not_there_is_certain_failure(tmp_path: Path) -> None:
    async with simulated(tmp_path) as sim:
        account = json.loads(sim.fcm.service_account_file.read_text())
        (tmp_path / "other.json").write_text(json.dumps({**account, "token_uri": "https://127.0.0.1:9/token"}))
        settings = replace(sim.fcm, service_account_file=tmp_path / "other.json")
        async with open_fcm(settings, SystemClock()) as channel:
            with pytest.raises(Transient) as refused:
                await channel.send(a_notification(provider="fcm"))

    assert refused.value.trouble is Trouble.UNREACHABLE


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"project_id": "p", "private_key": "x", "client_email": "a@b"}'])
async def test_a_service_account_file_with_something_else_says_so_in_one_line(tmp_path: Path, text: str) -> None:
    async with simulated(tmp_path) as sim:
        (tmp_path / "other.json").write_text(text)
        settings = replace(sim.fcm, service_account_file=tmp_path / "other.json")

        with pytest.raises(BadConfig, match=r"other\.json: found something else; right would be the service") as bad:
            async with open_fcm(settings, SystemClock()):
                pass

    assert "\n" not in str(bad.value)
