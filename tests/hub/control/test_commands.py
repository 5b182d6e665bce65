from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from hub.control.commands import Commands, ControlDeps
from hub.errors import BadRequest, NotFound
from hub.identity.guest import GuestId, Profile
from hub.identity.token import Role, TokenRecord
from hub.ingest.seen import SeenGateway
from tests.fakes.api import FakeMessages, a_decision, a_story
from tests.fakes.guests import FakeGuests
from tests.fakes.hub_clock import T0, StillClock


class FakeTokens:
    """Tokens in a list."""

    def __init__(self) -> None:
        self.records: list[TokenRecord] = []

    async def create(
        self, role: Role, name: str, venue: str | None, guest: str | None, now: datetime
    ) -> tuple[TokenRecord, str]:
        made = TokenRecord(id=f"t-{len(self.records)}", name=name, role=role, venue=venue, guest=guest, created_at=now)
        self.records.append(made)
        return made, "ik_secret"

    async def list(self) -> Sequence[TokenRecord]:
        return tuple(self.records)

    async def revoke(self, id: str, now: datetime) -> bool:  # noqa: A002  the port's
        found = [record for record in self.records if record.id == id and record.revoked_at is None]
        for record in found:
            self.records[self.records.index(record)] = replace(record, revoked_at=now)
        return bool(found)


class Desk:
    """The commands, on fakes."""

    def __init__(self) -> None:
        self.tokens = FakeTokens()
        self.messages = FakeMessages()
        self.guests = FakeGuests()
        self.told = 0  # how often the gateways were told of a change
        self.imported: list[tuple[str, str, str]] = []
        deps = ControlDeps(
            clock=StillClock(),
            tokens=self.tokens,
            messages=self.messages,
            guests=self.guests,
            enrolment_changed=self._enrolment_changed,
            gateways=self._gateways,
            import_csv=self._import,
            venues=lambda: ["marlton", "sands"],
            about=lambda: {"version": "0.1.0"},
        )
        self.commands = Commands(deps).table()

    async def run(self, command: str, **args: Any) -> Mapping[str, Any]:  # noqa: ANN401  any argument
        return await self.commands[command](args)

    async def _enrolment_changed(self) -> None:
        self.told += 1

    async def _gateways(self, venue: str | None) -> Sequence[SeenGateway]:
        return [
            SeenGateway(venue=one, gateway="lobby-1", zone="lobby", last_heard=T0, online=True)
            for one in ("marlton", "sands")
            if venue in {None, one}
        ]

    async def _import(self, kind: str, text: str, file: str) -> Mapping[str, int]:
        self.imported.append((kind, text, file))
        return {"new": text.count("\n")}


async def test_a_token_is_shown_once_listed_without_its_secret_and_revoked() -> None:
    desk = Desk()

    made = await desk.run("token create", role="pms", name="opera", venue="marlton")
    listed = await desk.run("token list")
    await desk.run("token revoke", id=made["id"])
    after = await desk.run("token list")

    assert made["secret"] == "ik_secret"
    assert [(one["name"], one["role"], one["venue"], one["revoked_at"]) for one in listed["tokens"]] == [
        ("opera", "pms", "marlton", None)
    ]
    assert "secret" not in str(listed)
    assert after["tokens"][0]["revoked_at"] == "2026-01-05T09:00:00Z"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"role": "king", "name": "x"}, "role"),
        ({"role": "pms"}, "name"),
        ({"role": "pms", "name": " "}, "name: found nothing"),
        ({"role": "pms", "name": "x", "venue": "ritz"}, "venue: found ritz; right would be one of marlton, sands"),
        ({"role": "pms", "name": "x", "guest": "ana"}, "guest: found role pms"),
        ({"role": "pms", "name": "x", "colour": "red"}, "colour"),
    ],
)
async def test_a_token_that_makes_no_sense_is_not_made(args: dict[str, Any], words: str) -> None:
    desk = Desk()

    with pytest.raises(BadRequest, match=words):
        await desk.run("token create", **args)

    assert desk.tokens.records == []


async def test_revoking_what_is_not_there_says_so() -> None:
    with pytest.raises(NotFound, match="token: found t-9"):
        await Desk().run("token revoke", id="t-9")


@pytest.mark.parametrize("kind", ["guests", "tags", "reservations"])
async def test_an_import_hands_the_file_over_whole_with_its_name(kind: str) -> None:
    desk = Desk()

    answer = await desk.run(f"import {kind}", text="id\nana\n", file="list.csv")

    assert answer == {"new": 2}
    assert desk.imported == [(kind, "id\nana\n", "list.csv")]


async def test_why_is_answered_about_a_message_or_about_a_guest() -> None:
    desk = Desk()
    desk.messages.stories = [a_story("m-1")]
    desk.messages.decisions = [a_decision(guest="ana")]

    message = await desk.run("why", id="m-1")
    guest = await desk.run("why", id="ana")

    assert message["message"]["row"]["state"] == "SENT"
    assert message["message"]["decisions"][0]["saw"] == {"guest.reservation": True, "guest.member": True}
    assert [one["reason"] for one in guest["decisions"]] == ["matched"]
    with pytest.raises(NotFound, match="why: found nobody"):
        await desk.run("why", id="nobody")


async def test_the_outbox_is_listed_and_shown() -> None:
    desk = Desk()
    desk.messages.stories = [a_story("m-2", venue="sands"), a_story("m-1")]

    listed = await desk.run("outbox list", venue="marlton", state="SENT")
    shown = await desk.run("outbox show", id="m-1")

    assert [one["id"] for one in listed["messages"]] == ["m-1"]
    assert shown["message"]["attempts"][0]["outcome"] == "accepted"
    with pytest.raises(NotFound):
        await desk.run("outbox show", id="m-9")
    with pytest.raises(BadRequest, match="limit"):
        await desk.run("outbox list", limit=0)


async def test_gateways_and_a_ping_are_answered() -> None:
    desk = Desk()

    gateways = await desk.run("gateway list", venue="sands")

    assert [(one["venue"], one["last_heard"]) for one in gateways["gateways"]] == [("sands", "2026-01-05T09:00:00Z")]
    assert await desk.run("ping") == {"version": "0.1.0"}


async def test_an_erasure_says_that_bytes_are_left_while_somebody_else_reads_the_database() -> None:
    desk = Desk()
    desk.guests.is_read_elsewhere = True
    await desk.guests.put_guest(GuestId("ana"), Profile(), T0)

    assert await desk.run("guest erase", id="ana") == {"id": "ana", "done": False}


async def test_a_guest_is_exported_and_erased_and_then_there_is_nobody() -> None:
    desk = Desk()
    await desk.guests.put_guest(GuestId("ana"), Profile(first_name="Ana"), T0)

    exported = await desk.run("guest export", id="ana")
    erased = await desk.run("guest erase", id="ana")

    assert erased == {"id": "ana", "done": True}
    assert exported["guest"]["first_name"] == "Ana"
    assert desk.told == 1
    for command in ("guest export", "guest erase"):
        with pytest.raises(NotFound):
            await desk.run(command, id="ana")
