"""How is a provider told to behave? `PUT /behaviour` with JSON, `GET /behaviour` for what is so now."""

from __future__ import annotations

import json
from dataclasses import asdict

from firmware_sim.providers.behaviour import PROVIDERS, BadBehaviour, read_behaviours
from firmware_sim.providers.conduct import Conduct
from firmware_sim.providers.message import Answer, Reply, Request, json_reply
from firmware_sim.providers.webhook import PATH


class Control:
    """The control port, and the webhooks beside it."""

    def __init__(self, conduct: Conduct, webhook: Answer) -> None:
        self._conduct = conduct
        self._webhook = webhook

    def answer(self, request: Request) -> Reply:
        """What is so now, after what was asked."""
        if request.path.startswith(PATH):
            return self._webhook(request)
        if request.path != "/behaviour":
            return _problem(404, f"found {request.path}; right would be /behaviour")
        if request.method == "PUT":
            try:
                self._conduct.put(read_behaviours(json.loads(request.body)))
            except ValueError:
                return _problem(400, "behaviour: not JSON; right would be an object")
            except BadBehaviour as bad:
                return _problem(400, str(bad))
        elif request.method != "GET":
            return _problem(405, f"found {request.method}; right would be GET or PUT")
        return json_reply(200, {name: asdict(self._conduct.of(name)) for name in PROVIDERS})


def _problem(status: int, detail: str) -> Reply:
    reply = json_reply(status, {"status": status, "detail": detail})
    return Reply(status=status, headers={"content-type": "application/problem+json"}, body=reply.body)
