from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from firmware_sim.providers.behaviour import Behaviour, Mode
from firmware_sim.providers.conduct import Conduct
from firmware_sim.providers.fcm import Fcm
from firmware_sim.providers.journal import Journal
from firmware_sim.providers.message import Reply, Request
from firmware_sim.providers.oauth import GRANT, TokenEndpoint

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
URI = "https://127.0.0.1:1/token"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"


class Desk:
    def __init__(self) -> None:
        self.at = datetime.now(UTC)  # PyJWT reads the real clock
        self.conduct = Conduct()
        self.out = io.StringIO()
        tokens = TokenEndpoint(
            key=KEY.public_key(), account="hub@p.example", token_uri=URI, now=lambda: self.at, conduct=self.conduct
        )
        journal = Journal(self.out, lambda: self.at)
        self.fcm = Fcm(project="p", tokens=tokens, conduct=self.conduct, journal=journal)

    def ask_token(self, *, grant: str = GRANT, key: rsa.RSAPrivateKey = KEY, **claims: object) -> Reply:
        said = {"iss": "hub@p.example", "aud": URI, "scope": SCOPE, "iat": self.at, **claims}
        said.setdefault("exp", self.at + timedelta(hours=1))
        form = urlencode({"grant_type": grant, "assertion": jwt.encode(said, key, "RS256")})
        return self.fcm.answer(Request(method="POST", path="/token", headers={}, body=form.encode()))

    def token(self) -> str:
        return str(json.loads(self.ask_token().body)["access_token"])

    def ask(self, message: object, *, token: str | None = None, path: str = "/v1/projects/p/messages:send") -> Reply:
        headers = {"authorization": f"Bearer {token or self.token()}"}
        body = json.dumps({"message": message}).encode()
        return self.fcm.answer(Request(method="POST", path=path, headers=headers, body=body))


def test_a_good_message_is_logged_and_named() -> None:
    desk = Desk()

    reply = desk.ask({"fid": "f1", "notification": {"title": "T", "body": "B"}, "data": {"id": "m1"}})

    assert json.loads(reply.body) == {"name": "projects/p/messages/0:0000000000000001"}
    entry = json.loads(desk.out.getvalue())
    assert (entry["message"], entry["to"], entry["target"], entry["body"]) == ("m1", "f1", "fid", "B")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "other@p.example"},
        {"aud": "https://elsewhere/token"},
        {"scope": "https://www.googleapis.com/auth/drive"},
        {"exp": 1},
        {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)},
    ],
)
def test_no_token_for_an_assertion_that_is_wrong(claims: dict[str, object]) -> None:
    reply = Desk().ask_token(**claims)  # type: ignore[arg-type]  # fields by name

    assert (reply.status, json.loads(reply.body)["error"]) == (400, "invalid_grant")


def test_no_token_for_another_grant() -> None:
    reply = Desk().ask_token(grant="password")

    assert json.loads(reply.body)["error"] == "unsupported_grant_type"


def test_a_token_is_good_for_an_hour_and_until_it_is_expired() -> None:
    desk = Desk()
    token = desk.token()

    assert desk.ask({"token": "t"}, token=token).status == 200
    desk.conduct.put({"fcm": Behaviour(mode=Mode.EXPIRE_TOKENS)})
    assert desk.ask({"token": "t"}, token=token).status == 401
    later = desk.token()
    desk.at += timedelta(hours=1)
    assert desk.ask({"token": "t"}, token=later).status == 401


@pytest.mark.parametrize(
    "message",
    [
        None,
        {},
        {"token": "t", "fid": "f"},
        {"token": "t", "colour": "red"},
        {"token": "t", "data": {"n": 3}},
        {"token": "t", "data": {"google.x": "1"}},
        {"token": "t", "data": {"from": "me"}},
        {"token": "t", "android": {"ttl": 30}},
        {"token": "t", "android": {"ttl": "-1s"}},
        {"token": "t", "notification": "hello"},
        {"token": "t", "notification": {"body": "x" * 4097}},
    ],
)
def test_a_message_that_is_wrong_is_an_invalid_argument_and_is_not_logged(message: object) -> None:
    desk = Desk()

    reply = desk.ask(message)

    assert (reply.status, json.loads(reply.body)["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert desk.out.getvalue() == ""


@pytest.mark.parametrize(
    ("behaviour", "status", "code"),
    [
        (Behaviour(mode=Mode.UNREGISTERED), 404, "UNREGISTERED"),
        (Behaviour(mode=Mode.THROTTLE), 429, "QUOTA_EXCEEDED"),
        (Behaviour(mode=Mode.REFUSE, reason="SENDER_ID_MISMATCH"), 403, "SENDER_ID_MISMATCH"),
        (Behaviour(mode=Mode.REFUSE, reason="UNAVAILABLE"), 503, "UNAVAILABLE"),
    ],
)
def test_refusals_have_googles_shape(behaviour: Behaviour, status: int, code: str) -> None:
    desk = Desk()
    desk.conduct.put({"fcm": behaviour})

    reply = desk.ask({"token": "t"})

    error = json.loads(reply.body)["error"]
    assert (reply.status, error["code"]) == (status, status)
    assert error["details"] == [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}]


def test_another_project_is_not_found() -> None:
    reply = Desk().ask({"token": "t"}, path="/v1/projects/other/messages:send")

    assert json.loads(reply.body)["error"]["status"] == "NOT_FOUND"
