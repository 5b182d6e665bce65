"""A file of tags and the secrets in it: all of it is taken, or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

import pytest

from hub.app.beacons import KeptBeacons, take_file
from hub.app.standing import Standing
from hub.errors import BadRequest
from tests.fakes.hub_clock import T0
from wire.advert.frame import TagId

SPA = TagId("eid:spa-7")
HEADER = "tag,guest,eid_key,eid_exponent,eid_count\n"
TOLD = f"{HEADER}eid:spa-7,ana,00112233445566778899aabbccddeeff,10,65280\n"


class Imports:
    """Takes what it is given, or refuses it."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses

    async def take(
        self, kind: str, text: str, *, file: str, venues: Collection[str], now: datetime
    ) -> Mapping[str, int]:
        assert (venues, now) == ({}, T0)
        if self.refuses:
            raise BadRequest(f"{file}:2: guest: found ana")
        return {kind: len(text.splitlines()) - 1}


async def test_a_file_s_secrets_are_kept_and_need_not_be_told_again(tmp_path: Path) -> None:
    standing = Standing(tmp_path, {})

    taken = await take_file(Imports(), standing, "tags", TOLD, file="tags.csv", now=T0)
    again = await take_file(Imports(), standing, "tags", f"{HEADER}eid:spa-7,ben,,,\n", file="tags.csv", now=T0)

    assert (taken, again) == ({"tags": 1}, {"tags": 1})
    assert KeptBeacons(Standing(tmp_path, {})).knows(SPA)


async def test_nothing_is_kept_of_a_file_that_is_refused(tmp_path: Path) -> None:
    standing = Standing(tmp_path, {})

    with pytest.raises(BadRequest):
        await take_file(Imports(refuses=True), standing, "tags", TOLD, file="tags.csv", now=T0)

    assert not KeptBeacons(standing).knows(SPA)


async def test_a_beacon_whose_secret_nobody_told_is_refused_with_its_line(tmp_path: Path) -> None:
    text = f"{HEADER}eid:spa-7,ana,,,\n"

    with pytest.raises(BadRequest, match=r"tags\.csv:2: eid_key: found nothing; right would be eid_key"):
        await take_file(Imports(), Standing(tmp_path, {}), "tags", text, file="tags.csv", now=T0)


async def test_a_forgotten_beacon_is_gone_after_a_restart_too(tmp_path: Path) -> None:
    standing = Standing(tmp_path, {})
    await take_file(Imports(), standing, "tags", TOLD, file="tags.csv", now=T0)

    await KeptBeacons(standing).forget(SPA)

    assert not KeptBeacons(standing).knows(SPA)
    assert not KeptBeacons(Standing(tmp_path, {})).knows(SPA)
