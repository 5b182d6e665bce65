from __future__ import annotations

from hub.api.app import build_api
from hub.identity import resume
from hub.identity.resume import LASTS
from tests.fakes.api import UNSUBSCRIBE_SECRET, FakeHub, client
from tests.fakes.hub_clock import T0


async def test_the_forms_system_learns_who_comes_back_until_the_link_ends() -> None:
    hub = FakeHub()
    token = resume.make(UNSUBSCRIBE_SECRET, "ana", "marlton", "run-1", sent=T0)
    async with client(build_api(hub.deps()), "pms") as form:
        found = await form.get(f"/v1/resume/{token}")
        hub.clock.pass_(LASTS)
        ended = await form.get(f"/v1/resume/{token}")

    assert found.json() == {"guest": "ana", "venue": "marlton", "run": "run-1", "until": "2026-01-12T09:00:00Z"}
    assert ended.status_code == 404


async def test_a_link_of_another_venue_or_of_nobody_is_not_there() -> None:
    token = resume.make(UNSUBSCRIBE_SECRET, "ana", "sands", "run-1", sent=T0)
    async with client(build_api(FakeHub().deps()), "pms-of-marlton") as form:
        answers = [await form.get(f"/v1/resume/{each}") for each in (token, "x")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
