from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.errors import BadRequest
from hub.identity.guest import GuestId
from hub.store.guests import GuestStore
from hub.store.imports import ImportStore
from hub.store.sqlite import Store
from tests.fakes.store import a_store, rows_of

T0 = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
TAG = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"


async def take(store: Store, kind: str, text: str, file: str) -> Mapping[str, int]:
    return await ImportStore(store).take(kind, text, file=file, venues=["marlton"], now=T0)


async def test_guests_tags_and_reservations_are_taken_and_counted(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        assert await take(store, "guests", "guest,first_name\nana,Ana\nbob,Bob\n", "g.csv") == {"new": 2}
        assert await take(store, "guests", "guest,first_name\nana,Anna\neve,Eve\n", "g.csv") == {"known": 1, "new": 1}
        assert await take(store, "tags", f"tag,guest\n{TAG},ana\n", "t.csv") == {"bound": 1}
        reservations = "id,guest,venue,arrival,departure\nR1,ana,marlton,2026-07-01,2026-07-03\n"
        assert await take(store, "reservations", reservations, "r.csv") == {"stored": 1}

        ana = await GuestStore(store).guest(GuestId("ana"))
        assert ana.profile.first_name == "Anna"
        assert [binding.tag for binding in ana.bindings] == [TAG]
        assert [reservation.id for reservation in ana.reservations] == ["R1"]


async def test_one_line_about_somebody_unknown_refuses_the_whole_file(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await take(store, "guests", "guest\nana\n", "g.csv")

        with pytest.raises(BadRequest) as raised:
            await take(store, "tags", f"tag,guest\n{TAG},ana\naltbeacon:{'00' * 20},bob\n", "t.csv")

        assert str(raised.value) == "t.csv:3: guest: found bob; right would be one who is known: import guests first"
    assert rows_of(tmp_path / "innkeeper.db", "SELECT count(*) FROM bindings") == [(0,)]


async def test_a_kind_that_cannot_be_imported_is_refused(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        with pytest.raises(BadRequest, match="found rooms; right would be one of guests, tags, reservations"):
            await take(store, "rooms", "", "r.csv")
