"""Whom a webhook is told to write to, and who is out of its reach."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from hub.identity.guest import GuestId, Profile
from hub.outbox.message import Target
from hub.store.addresses import targets
from hub.store.facts import facts_of
from hub.store.guests import GuestStore
from hub.store.suppressed import suppress
from tests.fakes.hub_clock import T0
from tests.fakes.store import a_store

ANA, BEN = GuestId("ana"), GuestId("ben")


async def test_a_webhook_is_told_the_guests_number_or_else_her_id(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await GuestStore(store).put_guest(ANA, Profile(attributes={"sms": "+351 900"}), T0)
        await GuestStore(store).put_guest(BEN, Profile(), T0)

        found = await store.read(
            lambda c: [targets(c, guest, "sms", message="m1", webhooks=["sms"]) for guest in (ANA, BEN, "nobody")]
        )

    assert found == [
        [Target(channel="sms", provider="webhook.sms", address="+351 900")],
        [Target(channel="sms", provider="webhook.sms", address="ben")],
        [],
    ]


async def test_a_guest_is_reached_by_a_webhook_unless_it_has_said_never_again(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await GuestStore(store).put_guest(ANA, Profile(attributes={"sms": "+351 900"}), T0)
        await store.write(lambda c: suppress(c, "desk", "ana", reason="address_gone", at_us=0))

        facts = await store.read(
            lambda c: facts_of(c, venue="marlton", guest=ANA, at=T0, timezone=UTC, webhooks=("sms", "desk"))
        )

    assert facts is not None
    assert facts.reachable == {"sms"}
