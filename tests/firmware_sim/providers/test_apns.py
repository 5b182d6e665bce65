from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from firmware_sim.providers.apns import Apns
from firmware_sim.providers.behaviour import Behaviour, Mode
from firmware_sim.providers.conduct import Conduct
from firmware_sim.providers.journal import Journal
from firmware_sim.providers.message import Reply, Request
from firmware_sim.providers.provider_token import ProviderTokens

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
ID = "eabeae54-14a8-11e5-b60b-1697f925ec7b"


def a_token(*, iss: object = "TEAM", kid: str = "KEY", iat: object = None, key: object = KEY) -> str:
    issued = NOW.timestamp() if iat is None else iat
    return jwt.encode({"iss": iss, "iat": issued}, key, "ES256", {"kid": kid})  # type: ignore[arg-type]  # any key will do


class Desk:
    def __init__(self) -> None:
        self.conduct = Conduct()
        self.out = io.StringIO()
        tokens = ProviderTokens(
            key=KEY.public_key(), team_id="TEAM", key_id="KEY", now=lambda: NOW, conduct=self.conduct
        )
        self.apns = Apns(
            topic="com.hotel", tokens=tokens, now=lambda: NOW, conduct=self.conduct,
            journal=Journal(self.out, lambda: NOW),
        )  # fmt: skip

    def ask(
        self, *, path: str = "/3/device/a1b2", method: str = "POST", body: bytes | None = None,
        **changed: str | None,
    ) -> Reply:  # fmt: skip
        headers: dict[str, str | None] = {
            "authorization": f"bearer {a_token()}", "apns-id": ID, "apns-topic": "com.hotel",
            "apns-push-type": "alert", "apns-priority": "10", "apns-expiration": "0",
        }  # fmt: skip
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        good = b'{"aps":{"alert":{"title":"T","body":"B"}}}'
        kept = {name: value for name, value in headers.items() if value is not None}
        return self.apns.answer(Request(method=method, path=path, headers=kept, body=good if body is None else body))

    def logged(self) -> list[Mapping[str, object]]:
        return [json.loads(line) for line in self.out.getvalue().splitlines()]


def test_a_good_request_is_logged_before_it_is_answered_and_its_id_comes_back() -> None:
    desk = Desk()

    reply = desk.ask(apns_collapse_id="c1")

    assert (reply.status, reply.headers["apns-id"], reply.body) == (200, ID, b"")
    (entry,) = desk.logged()
    assert entry == {
        "at": "2026-01-05T09:00:00.000000Z", "kind": "accepted", "provider": "apns", "message": ID, "to": "a1b2",
        "title": "T", "body": "B", "topic": "com.hotel", "push_type": "alert", "priority": "10", "expiration": "0",
        "collapse_id": "c1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "reason", "request_"),
    [
        (405, "MethodNotAllowed", {"method": "GET"}),
        (404, "BadPath", {"path": "/3/devices/a1"}),
        (400, "MissingDeviceToken", {"path": "/3/device/"}),
        (400, "BadDeviceToken", {"path": "/3/device/%2e%2e"}),
        (403, "MissingProviderToken", {"authorization": None}),
        (403, "MissingProviderToken", {"authorization": "basic x"}),
        (403, "InvalidProviderToken", {"authorization": "bearer x.y.z"}),
        (403, "InvalidProviderToken", {"authorization": "bearer " + a_token(iss="OTHER")}),
        (403, "InvalidProviderToken", {"authorization": "bearer " + a_token(kid="OTHER")}),
        (403, "InvalidProviderToken", {"authorization": "bearer " + a_token(iat=NOW.timestamp() + 120)}),
        (
            403,
            "InvalidProviderToken",
            {"authorization": "bearer " + a_token(key=ec.generate_private_key(ec.SECP256R1()))},
        ),
        (403, "ExpiredProviderToken", {"authorization": "bearer " + a_token(iat=NOW.timestamp() - 3601)}),
        (400, "BadMessageId", {"apns_id": "7"}),
        (400, "MissingTopic", {"apns_topic": None}),
        (400, "TopicDisallowed", {"apns_topic": "com.other"}),
        (400, "InvalidPushType", {"apns_push_type": "loud"}),
        (400, "BadPriority", {"apns_priority": "11"}),
        (400, "BadExpirationDate", {"apns_expiration": "soon"}),
        (400, "BadCollapseId", {"apns_collapse_id": "é" * 33}),
        (400, "PayloadEmpty", {"body": b""}),
        (400, "PayloadEmpty", {"body": b"[]"}),
        (400, "PayloadEmpty", {"body": b'{"alert":"x"}'}),
        (413, "PayloadTooLarge", {"body": b'{"aps":{"alert":"' + b"x" * 4080 + b'"}}'}),
    ],
)
def test_what_is_wrong_is_refused_in_apples_words_and_not_logged(
    status: int, reason: str, request_: dict[str, object]
) -> None:
    desk = Desk()

    reply = desk.ask(**request_)  # type: ignore[arg-type]  # fields by name

    assert (reply.status, json.loads(reply.body)["reason"]) == (status, reason)
    assert desk.logged() == []


def test_an_unregistered_device_is_gone_since_a_time() -> None:
    desk = Desk()
    desk.conduct.put({"apns": Behaviour(mode=Mode.UNREGISTERED)})

    reply = desk.ask()

    assert reply.status == 410
    assert json.loads(reply.body) == {"reason": "Unregistered", "timestamp": int(NOW.timestamp() * 1000)}


def test_expired_tokens_are_refused_and_new_ones_are_not() -> None:
    desk = Desk()
    old = f"bearer {a_token()}"
    desk.ask(authorization=old)
    desk.conduct.put({"apns": Behaviour(mode=Mode.EXPIRE_TOKENS)})

    refused = desk.ask(authorization=old)
    new = desk.ask(authorization="bearer " + a_token(iat=(NOW + timedelta(seconds=1)).timestamp()))

    assert json.loads(refused.body)["reason"] == "ExpiredProviderToken"
    assert new.status == 200


@pytest.mark.parametrize(("accept", "logged"), [(True, 1), (False, 0)])
def test_a_cut_request_was_accepted_before_or_not_as_told(*, accept: bool, logged: int) -> None:
    desk = Desk()
    desk.conduct.put({"apns": Behaviour(mode=Mode.CUT, accept=accept)})

    desk.ask()

    assert len(desk.logged()) == logged
