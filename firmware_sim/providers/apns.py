"""What does the simulated APNs answer to a request?

It checks what Apple checks, in Apple's words. A device token may be any short word: Apple calls it opaque.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Final

from firmware_sim.providers.behaviour import Mode
from firmware_sim.providers.clock import Now
from firmware_sim.providers.conduct import Conduct
from firmware_sim.providers.endings import ended, is_accepted
from firmware_sim.providers.journal import Journal
from firmware_sim.providers.message import Reply, Request, json_reply
from firmware_sim.providers.provider_token import ProviderTokens, Refused
from firmware_sim.providers.reasons import APNS_REASONS

MAX_PAYLOAD: Final = 4096  # bytes
MAX_COLLAPSE_ID: Final = 64  # bytes
NO_UUID: Final = str(uuid.UUID(int=0))  # a request need not name itself
PUSH_TYPES: Final = frozenset(
    ("alert", "background", "location", "voip", "complication", "fileprovider", "mdm", "liveactivity", "pushtotalk")
)
PRIORITIES: Final = frozenset(("1", "5", "10"))

_PATH: Final = re.compile(r"/3/device/(?P<token>.*)")
_TOKEN: Final = re.compile(r"[0-9A-Za-z._:-]{1,200}")


class Apns:
    """The endpoint of one team, one key, one app and those whose bundle ids begin with its own."""

    def __init__(self, *, topic: str, tokens: ProviderTokens, now: Now, conduct: Conduct, journal: Journal) -> None:
        self._topic = topic
        self._tokens = tokens
        self._now = now
        self._conduct = conduct
        self._journal = journal

    def answer(self, request: Request) -> Reply:
        """What Apple would answer; accepted requests are in the journal before this returns."""
        named = request.headers.get("apns-id", "")
        apns_id = named if _is_uuid(named) else str(uuid.uuid4()).upper()
        try:
            entry = self._checked(request)
        except Refused as refused:
            return self._refusal(refused.reason, apns_id)
        behaviour = self._conduct.take("apns")
        if behaviour.mode is Mode.REFUSE:
            return self._refusal(behaviour.reason or "BadDeviceToken", apns_id)
        if behaviour.mode is Mode.UNREGISTERED:
            return self._refusal("Unregistered", apns_id)
        if behaviour.mode is Mode.THROTTLE:
            return self._refusal("TooManyRequests", apns_id, retry_after_s=behaviour.retry_after_s)
        if is_accepted(behaviour):
            self._journal.accepted("apns", {"message": apns_id, **entry}, came=request.came)
        return ended(behaviour, Reply(status=200, headers={"apns-id": apns_id}))

    def _checked(self, request: Request) -> Mapping[str, object]:
        if request.method != "POST":
            raise Refused("MethodNotAllowed")
        path = _PATH.fullmatch(request.path)
        if path is None:
            raise Refused("BadPath")
        token = path["token"]
        if not token:
            raise Refused("MissingDeviceToken")
        self._tokens.check(request.headers.get("authorization"))
        if not _TOKEN.fullmatch(token):
            raise Refused("BadDeviceToken")
        self._check_headers(request.headers)
        alert = _alert(request.body)
        headers = {
            "topic": "apns-topic",
            "push_type": "apns-push-type",
            "priority": "apns-priority",
            "expiration": "apns-expiration",
            "collapse_id": "apns-collapse-id",
        }
        return {"to": token, **alert, **{ours: request.headers.get(theirs) for ours, theirs in headers.items()}}

    def _check_headers(self, headers: Mapping[str, str]) -> None:
        if not _is_uuid(headers.get("apns-id", NO_UUID)):
            raise Refused("BadMessageId")
        topic = headers.get("apns-topic")
        if not topic:
            raise Refused("MissingTopic")
        if topic != self._topic and not topic.startswith(f"{self._topic}."):
            raise Refused("TopicDisallowed")
        if headers.get("apns-push-type", "alert") not in PUSH_TYPES:
            raise Refused("InvalidPushType")
        if headers.get("apns-priority", "10") not in PRIORITIES:
            raise Refused("BadPriority")
        if not headers.get("apns-expiration", "0").isdecimal():
            raise Refused("BadExpirationDate")
        if len(headers.get("apns-collapse-id", "").encode()) > MAX_COLLAPSE_ID:
            raise Refused("BadCollapseId")

    def _refusal(self, reason: str, apns_id: str, *, retry_after_s: int | None = None) -> Reply:
        status = APNS_REASONS[reason]
        body: dict[str, object] = {"reason": reason}
        if status == GONE:
            body["timestamp"] = int(self._now().timestamp() * 1000)
        retry = {"retry-after": str(retry_after_s)} if retry_after_s is not None else {}
        reply = json_reply(status, body)
        return Reply(status=status, headers={**reply.headers, "apns-id": apns_id, **retry}, body=reply.body)


GONE: Final = 410


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _alert(body: bytes) -> Mapping[str, object]:
    """Title and body of an alert. Raises Refused."""
    if not body:
        raise Refused("PayloadEmpty")
    if len(body) > MAX_PAYLOAD:
        raise Refused("PayloadTooLarge")
    try:
        payload = json.loads(body)
    except ValueError as exc:
        raise Refused("PayloadEmpty") from exc
    aps = payload.get("aps") if isinstance(payload, dict) else None
    if not isinstance(aps, dict):
        raise Refused("PayloadEmpty")
    alert = aps.get("alert")
    if isinstance(alert, str):
        return {"title": None, "body": alert}
    alert = alert if isinstance(alert, dict) else {}
    return {"title": alert.get("title"), "body": alert.get("body")}
