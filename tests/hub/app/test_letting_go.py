"""P39: who says stop, by the link in the mail or by any other way, gets nothing more. With real mails and real HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from firmware_sim.providers.behaviour import Behaviour, Mode
from hub.app.secret import link_secret
from hub.identity import unsubscribe
from tests.fakes.mailing import YES, a_guest, a_member, enters, mailing, pays
from tests.fakes.running_hub import RunningHub, until

GUESTS = 120
SLOW_MAIL_S = 0.4  # eight at a time make twenty a second, so that most of them wait
SLOW_PUSH_S = 8.0  # 64 at a time make eight a second, the same
HOLDS_AFTER = timedelta(seconds=5)
SURVEY = """
journey: survey
about: After each meal, ask how it was.
start: purchase restaurant
steps:
  - send: how-was-it
messages:
  how-was-it:
    purpose: service
    by: email
    en:
      subject: "How was it?"
      body: "Tell us."
    pt:
      subject: "Como foi?"
      body: "Diga-nos."
"""


async def test_p39_one_click_in_the_mails_own_header_withdraws_and_nothing_more_is_sent(tmp_path: Path) -> None:
    async with mailing(tmp_path) as (hub, sim):
        await a_guest(hub, "ana")
        await enters(hub, "ana")
        await until(lambda: len(sim.accepted()) == 1, "the mail")
        [mail] = sim.accepted()
        link = mail["list_unsubscribe"].strip("<>")
        looked = await hub.api.get(link, headers={"authorization": ""})  # as a link scanner does
        before = (await hub.get("guests/ana"))["consents"]
        clicked = await hub.api.post(
            link,
            content=b"List-Unsubscribe=One-Click",
            headers={"authorization": "", "content-type": "application/x-www-form-urlencoded"},
        )
        after = (await hub.get("guests/ana"))["consents"]

    assert mail["list_unsubscribe_post"] == "List-Unsubscribe=One-Click"
    assert (looked.status_code, [one["granted"] for one in before]) == (200, [True])
    assert (clicked.status_code, [one["granted"] for one in after]) == (200, [False])
    assert after[0]["source"] == "unsubscribe link"
    assert link in mail["body"]


async def test_p39_one_click_in_a_service_mail_ends_the_service_mails(tmp_path: Path) -> None:
    async with mailing(tmp_path, {"survey": SURVEY}) as (hub, sim):
        await a_guest(hub, "ana")
        await pays(hub, "ana", 1)
        await until(lambda: len(sim.accepted()) == 1, "the mail")
        clicked = await hub.api.post(sim.accepted()[0]["list_unsubscribe"].strip("<>"), headers={"authorization": ""})
        await pays(hub, "ana", 2)
        await until(lambda: _refused(hub, "ana"), "the second mail to be refused")
        mails = len(sim.accepted())
        await hub.put("guests/ana/consents/service/email", YES)
        await pays(hub, "ana", 3)
        await until(lambda: len(sim.accepted()) == 2, "the mail that she asked for again")

    assert (clicked.status_code, mails) == (200, 1)


async def _refused(hub: RunningHub, guest: str) -> bool:
    timeline = (await hub.get(f"guests/{guest}/timeline"))["items"]
    return ("no_consent", "said no to service by email") in [(one["reason"], one["text"]) for one in timeline]


@pytest.mark.parametrize(
    ("channel", "provider", "slow_s"), [("email", "smtp", SLOW_MAIL_S), ("push", "apns", SLOW_PUSH_S)]
)
async def test_p39_withdrawals_at_random_moments_under_load_hold_within_five_seconds(
    tmp_path: Path, channel: str, provider: str, slow_s: float
) -> None:
    chance = Random(39)  # noqa: S311  a seed, so that a failure can be had again
    withdrawn: dict[str, datetime] = {}
    async with mailing(tmp_path) as (hub, sim):
        secret = link_secret(hub.config.hub.data_dir)
        guests = [f"g{n}" for n in range(GUESTS)]
        await asyncio.gather(*((a_guest if channel == "email" else a_member)(hub, guest) for guest in guests))
        sim.providers.behave(**{provider: Behaviour(mode=Mode.DELAY, delay_s=slow_s)})
        await asyncio.gather(*(enters(hub, guest) for guest in guests))
        for n, guest in enumerate(chance.sample(guests, GUESTS // 2)):
            await asyncio.sleep(chance.uniform(0, 0.08))
            if n % 2:
                token = unsubscribe.make(secret, guest, "marketing", channel)
                assert (await hub.api.post(f"/u/{token}", headers={"authorization": ""})).status_code == 200
            else:
                await hub.put(f"guests/{guest}/consents/marketing/{channel}", {**YES, "granted": False})
            withdrawn[guest] = datetime.now(UTC)
        await until(lambda: _all_settled(hub), "every message to be settled")
        suppressed = (await hub.get("messages", state="SUPPRESSED", limit="200"))["items"]
        whose = {one["id"]: one["guest"] for one in (await hub.get("messages", limit="200"))["items"]}
        sent = {whose[one["message"]]: datetime.fromisoformat(one["at"]) for one in sim.accepted()}
        assert len(sent) == len(sim.accepted())  # nobody twice

    late = {guest for guest, at in withdrawn.items() if guest in sent and sent[guest] > at + HOLDS_AFTER}
    assert late == set()
    assert {one["reason"] for one in suppressed} == {"no_consent"}
    assert len(suppressed) > GUESTS // 10  # the load was one: many withdrew before their message had left
    assert {guest for guest in guests if guest not in withdrawn} <= set(sent)


async def _all_settled(hub: RunningHub) -> bool:
    counts = [
        len((await hub.get("messages", state=state, limit="200"))["items"])
        for state in ("READY", "SCHEDULED", "CLAIMED", "SENDING")
    ]
    return not any(counts)


async def test_a_bounce_told_by_the_relay_ends_the_address_and_a_journey_may_hear_of_it(tmp_path: Path) -> None:
    async with mailing(tmp_path) as (hub, sim):
        await a_guest(hub, "ana")
        await enters(hub, "ana")
        await until(lambda: len(sim.accepted()) == 1, "the mail")
        [mail] = sim.accepted()
        await until(lambda: _is(hub, mail["message"], "SENT"), "the answer to be stored")
        receipt = {"message": mail["message"], "kind": "bounced"}
        first = await hub.api.post("/v1/receipts", json=receipt)
        again = await hub.api.post("/v1/receipts", json=receipt)
        story = await hub.get(f"messages/{mail['message']}")
        export = await hub.get("guests/ana/export")

    assert (first.json(), again.json()) == ({"message": mail["message"], "state": "BOUNCED"},) * 2
    assert story["state"] == "BOUNCED"
    assert [one["object"] for one in export["events"] if one["kind"] == "bounced"] == ["join-the-club"]


async def _is(hub: RunningHub, message: str, state: str) -> bool:
    return bool((await hub.get(f"messages/{message}"))["state"] == state)
