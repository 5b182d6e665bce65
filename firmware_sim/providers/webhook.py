"""What does a simulated receiver of webhooks answer? It checks the signature and keeps the ids that it has seen.

It stands on the control port, at `/webhook/NAME`; the secret is `webhook.secret` of the directory.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from firmware_sim.providers.behaviour import Mode
from firmware_sim.providers.clock import Now
from firmware_sim.providers.conduct import Conduct
from firmware_sim.providers.endings import ended, is_accepted
from firmware_sim.providers.journal import Journal
from firmware_sim.providers.message import Reply, Request, json_reply

PATH: Final = "/webhook/"
YOUNG_FOR: Final = timedelta(minutes=5)  # a signature that is older may have been overheard


class Webhook:
    """Every receiver of this stand."""

    def __init__(self, *, secret: bytes, now: Now, conduct: Conduct, journal: Journal) -> None:
        self._secret = secret
        self._now = now
        self._conduct = conduct
        self._journal = journal
        self._seen: set[str] = set()  # ids of the Idempotency-Key

    def answer(self, request: Request) -> Reply:
        """What it answers; accepted requests are in the journal before this returns, a repeated one only once."""
        if request.method != "POST":
            return json_reply(405, {"error": "right would be POST"})
        if not self._is_signed(request):
            return json_reply(401, {"error": "the signature is wrong or old"})
        try:
            document = json.loads(request.body)
        except ValueError:
            return json_reply(400, {"error": "not JSON"})
        key = request.headers.get("idempotency-key", "")
        if not isinstance(document, dict) or not key or document.get("id") != key:
            return json_reply(422, {"error": "an object whose id is the Idempotency-Key is wanted"})
        return self._behave(request, key, document)

    def _behave(self, request: Request, key: str, document: Mapping[str, object]) -> Reply:
        behaviour = self._conduct.take("webhook")
        code = {
            Mode.REFUSE: behaviour.code or 400,
            Mode.UNREGISTERED: 410,
            Mode.THROTTLE: 429,
        }.get(behaviour.mode)
        if code is not None:
            reply = json_reply(code, {"error": "told to refuse"})
            if behaviour.retry_after_s is not None:
                reply = replace(reply, headers={**reply.headers, "retry-after": str(behaviour.retry_after_s)})
            return reply
        if is_accepted(behaviour) and key not in self._seen:
            self._seen.add(key)
            self._journal.accepted("webhook", _entry(request.path, key, document))
        return ended(behaviour, json_reply(202, {"id": key}))

    def _is_signed(self, request: Request) -> bool:
        stamp = request.headers.get("webhook-timestamp", "")
        if not stamp.isdecimal() or abs(self._now().timestamp() - int(stamp)) > YOUNG_FOR.total_seconds():
            return False
        name = request.headers.get("webhook-id", "")
        digest = hmac.digest(self._secret, b".".join((name.encode(), stamp.encode(), request.body)), "sha256")
        wanted = "v1," + base64.b64encode(digest).decode()
        return hmac.compare_digest(wanted.encode(), request.headers.get("webhook-signature", "").encode())


def _entry(path: str, key: str, document: Mapping[str, object]) -> Mapping[str, object]:
    return {
        "message": key,
        "to": document.get("to"),
        "title": document.get("title"),
        "body": document.get("text"),
        "channel": path.removeprefix(PATH),
    }
