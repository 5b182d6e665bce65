"""What does the simulated FCM answer to a request?

HTTP v1: one message to one registration token or installation id (fid), behind an access token of its token endpoint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from firmware_sim.providers.behaviour import Mode
from firmware_sim.providers.conduct import Conduct
from firmware_sim.providers.endings import ended, is_accepted
from firmware_sim.providers.journal import Journal
from firmware_sim.providers.message import Reply, Request, json_reply
from firmware_sim.providers.oauth import TokenEndpoint
from firmware_sim.providers.reasons import FCM_REASONS

TARGETS: Final = ("token", "fid")
FIELDS: Final = frozenset(
    (*TARGETS, "topic", "condition", "name", "data", "notification", "android", "webpush", "apns", "fcm_options")
)
MAX_DATA: Final = 4096  # bytes
MESSAGE_KEY: Final = "id"  # of `data`, where the hub says its own id

_TTL: Final = re.compile(r"\d+(\.\d{1,9})?s")
_RESERVED: Final = re.compile(r"from|message_type|google.*|gcm.*")


class Refused(Exception):
    """One of FCM's error codes, and the field that is wrong."""

    def __init__(self, code: str, words: str, field: str | None = None) -> None:
        self.code = code
        self.words = words
        self.field = field
        super().__init__(words)


class Fcm:
    """The endpoint of one project, and its token endpoint."""

    def __init__(self, *, project: str, tokens: TokenEndpoint, conduct: Conduct, journal: Journal) -> None:
        self._path = f"/v1/projects/{project}/messages:send"
        self._project = project
        self._tokens = tokens
        self._conduct = conduct
        self._journal = journal
        self._count = 0

    def answer(self, request: Request) -> Reply:
        """What Google would answer; accepted requests are in the journal before this returns."""
        if request.path == "/token":
            return self._tokens.answer(request)
        if request.path != self._path or request.method != "POST":
            return _status(404, "NOT_FOUND", "Requested entity was not found.", [])
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._tokens.is_good(token):
            return _status(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", [])
        try:
            entry = _entry(request.body)
        except Refused as refused:
            return _refusal(refused)
        return self._behave(entry)

    def _behave(self, entry: Mapping[str, object]) -> Reply:
        behaviour = self._conduct.take("fcm")
        code = {
            Mode.REFUSE: behaviour.reason or "INVALID_ARGUMENT",
            Mode.UNREGISTERED: "UNREGISTERED",
            Mode.THROTTLE: "QUOTA_EXCEEDED",
        }.get(behaviour.mode)
        if code is not None:
            reply = _refusal(Refused(code, "The simulated FCM was told to refuse."))
            if behaviour.retry_after_s is not None:
                reply = replace(reply, headers={**reply.headers, "retry-after": str(behaviour.retry_after_s)})
            return reply
        self._count += 1
        name = f"projects/{self._project}/messages/0:{self._count:016d}"
        if is_accepted(behaviour):
            self._journal.accepted("fcm", {**entry, "name": name})
        return ended(behaviour, json_reply(200, {"name": name}))


def _entry(body: bytes) -> Mapping[str, object]:
    """What the journal says of a good message. Raises Refused."""
    try:
        document = json.loads(body)
    except ValueError as exc:
        raise Refused("INVALID_ARGUMENT", "Invalid JSON payload received.") from exc
    message = document.get("message") if isinstance(document, dict) else None
    if not isinstance(message, dict):
        raise Refused("INVALID_ARGUMENT", "Message must be set.", "message")
    for name in message:
        if name not in FIELDS:
            raise Refused("INVALID_ARGUMENT", f'Unknown name "{name}": Cannot find field.', "message")
    targets = [name for name in TARGETS if message.get(name)]
    if len(targets) != 1:
        raise Refused("INVALID_ARGUMENT", "Exactly one of token or fid is required.", "message")
    data = _data(message)
    android = _object(message, "android")
    _check_ttl(android)
    notification = _object(message, "notification")
    return {
        "message": data.get(MESSAGE_KEY),
        "to": message[targets[0]],
        "target": targets[0],
        "title": notification.get("title"),
        "body": notification.get("body"),
        "ttl": android.get("ttl"),
        "collapse_key": android.get("collapse_key"),
        "tag": _object(android, "notification").get("tag"),
    }


def _data(message: Mapping[str, object]) -> Mapping[str, object]:
    data = _object(message, "data")
    for key, value in data.items():
        if not isinstance(value, str):
            raise Refused("INVALID_ARGUMENT", f"Invalid value at 'message.data' ({key})", "message.data")
        if _RESERVED.fullmatch(key):
            raise Refused("INVALID_ARGUMENT", f"Invalid data payload key: {key}", "message.data")
    if len(json.dumps([data, message.get("notification")], ensure_ascii=False).encode()) > MAX_DATA:
        raise Refused("INVALID_ARGUMENT", "Android message is too big", "message")
    return data


def _check_ttl(android: Mapping[str, object]) -> None:
    ttl = android.get("ttl")
    if ttl is not None and not (isinstance(ttl, str) and _TTL.fullmatch(ttl)):
        raise Refused("INVALID_ARGUMENT", "Invalid value at 'message.android.ttl'", "message.android.ttl")


def _object(parent: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = parent.get(name, {})
    if not isinstance(value, dict):
        raise Refused("INVALID_ARGUMENT", f"Invalid value at '{name}'", f"message.{name}")
    return value


def _refusal(refused: Refused) -> Reply:
    status, rpc = FCM_REASONS[refused.code]
    details: list[object] = [
        {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": refused.code}
    ]
    if refused.field is not None:
        violation = {"field": refused.field, "description": refused.words}
        details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}]
    return _status(status, rpc, refused.words, details)


def _status(code: int, rpc: str, words: str, details: list[object]) -> Reply:
    error: dict[str, object] = {"code": code, "message": words, "status": rpc}
    if details:
        error["details"] = details
    return json_reply(code, {"error": error})
