"""add, rotate, revoke: each does what it says, and says what would be right where it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.control.credentials import Credentials, HubUser, matches
from hub.control.gateways import GatewayCommands, GatewayDeps
from hub.errors import BadRequest, NotFound


class Door:
    """The commands over one folder, and whom the hub hears."""

    def __init__(self, folder: Path, *venues: str) -> None:
        self.revoked: set[tuple[str, str]] = set()
        self.files = Credentials(folder, HubUser())
        named = {venue: {"lobby-1", "bar-1"} for venue in venues or ("marlton",)}
        deps = GatewayDeps(credentials=self.files, doorkeeper=self, named=lambda: named, revoked=self._revoked)
        self.commands = GatewayCommands(deps).table()

    async def _revoked(self) -> set[tuple[str, str]]:
        return self.revoked

    async def revoke(self, venue: str, gateway: str) -> None:
        self.revoked.add((venue, gateway))

    async def admit(self, venue: str, gateway: str) -> None:
        self.revoked.discard((venue, gateway))

    async def run(self, command: str, gateway: str) -> Mapping[str, Any]:
        return await self.commands[f"gateway {command}"]({"gateway": gateway})


async def test_a_gateway_that_is_added_has_a_password(tmp_path: Path) -> None:
    door = Door(tmp_path)

    told = await door.run("add", "marlton/lobby-1")

    assert told["user"] == "marlton/lobby-1"
    assert matches(told["secret"], door.files.users()["marlton/lobby-1"])


async def test_where_there_is_one_venue_its_name_need_not_be_said(tmp_path: Path) -> None:
    assert (await Door(tmp_path).run("add", "lobby-1"))["user"] == "marlton/lobby-1"
    with pytest.raises(BadRequest, match=r"right would be VENUE/GATEWAY"):
        await Door(tmp_path, "marlton", "sands").run("add", "lobby-1")


async def test_a_revoked_one_has_no_password_and_is_not_heard_until_it_is_added_again(tmp_path: Path) -> None:
    door = Door(tmp_path)
    first = await door.run("add", "lobby-1")

    await door.run("revoke", "lobby-1")
    heard_no_more = ("marlton", "lobby-1") in door.revoked
    no_password = "marlton/lobby-1" not in door.files.users()
    second = await door.run("add", "lobby-1")

    assert (heard_no_more, no_password, door.revoked) == (True, True, set())
    assert first["secret"] != second["secret"]


async def test_one_that_never_had_a_password_can_be_revoked(tmp_path: Path) -> None:
    door = Door(tmp_path)

    await door.run("revoke", "bar-1")

    assert door.revoked == {("marlton", "bar-1")}


async def test_rotating_makes_another_password(tmp_path: Path) -> None:
    door = Door(tmp_path)
    first = await door.run("add", "lobby-1")

    second = await door.run("rotate", "lobby-1")

    assert matches(second["secret"], door.files.users()["marlton/lobby-1"])
    assert first["secret"] != second["secret"]


@pytest.mark.parametrize(
    ("command", "gateway", "fault"),
    [
        ("add", "marlton/attic-1", "right would be one that marlton's file names: bar-1, lobby-1"),
        ("add", "sands/lobby-1", "venue: found sands; right would be one of marlton"),
        ("add", "marlton/Lobby 1", "right would be VENUE/GATEWAY"),
        ("rotate", "lobby-1", "which has no password; right would be `gateway add`"),
        ("revoke", "attic-1", "right would be one that marlton's file names"),
    ],
)
async def test_what_cannot_be_is_said_in_one_line(tmp_path: Path, command: str, gateway: str, fault: str) -> None:
    with pytest.raises((BadRequest, NotFound), match=fault) as caught:
        await Door(tmp_path).run(command, gateway)

    assert "\n" not in str(caught.value)


async def test_adding_twice_is_refused_so_that_no_gateway_is_locked_out_by_mistake(tmp_path: Path) -> None:
    door = Door(tmp_path)
    await door.run("add", "lobby-1")

    with pytest.raises(BadRequest, match="right would be `gateway rotate`"):
        await door.run("add", "lobby-1")
