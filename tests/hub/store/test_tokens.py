from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.identity.token import Role, TokenRecord, hash_of
from hub.store.tokens import TokenStore
from tests.fakes.store import a_store, rows_of

T0 = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


async def test_a_token_is_found_by_the_hash_of_its_secret(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        tokens = TokenStore(store)

        made, secret = await tokens.create(Role.APP, "ana's phone", "marlton", "ana", T0)

        assert await tokens.find(hash_of(secret)) == made
        assert made.role is Role.APP
        assert (made.name, made.venue, made.guest, made.created_at) == ("ana's phone", "marlton", "ana", T0)
        assert await tokens.find(hash_of(secret + "x")) is None
        assert await tokens.find(secret) is None


async def test_a_secret_is_kept_nowhere(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        _, secret = await TokenStore(store).create(Role.ADMIN, "desk", None, None, T0)
        await store.checkpoint()

        assert secret.encode() not in (tmp_path / "innkeeper.db").read_bytes()
        assert rows_of(tmp_path / "innkeeper.db", "SELECT secret_hash FROM tokens") == [(hash_of(secret),)]


async def test_two_tokens_have_two_secrets(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        tokens = TokenStore(store)

        one, secret = await tokens.create(Role.PMS, "one", None, None, T0)
        two, other_secret = await tokens.create(Role.VIEWER, "two", None, None, T0 + timedelta(seconds=1))

        assert len({secret, other_secret, one.id, two.id}) == 4
        assert len(secret) > 40
        assert list(await tokens.list()) == [one, two]


async def test_a_revoked_token_is_shown_as_revoked_and_revoked_once(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        tokens = TokenStore(store, draw=lambda n: b"\x01" * n)
        made, secret = await tokens.create(Role.VIEWER, "desk", None, None, T0)

        assert await tokens.revoke(made.id, T0 + timedelta(hours=1)) is True
        assert await tokens.revoke(made.id, T0 + timedelta(hours=2)) is False
        assert await tokens.revoke("none", T0) is False

        revoked = TokenRecord(
            id="010101010101", name="desk", role=Role.VIEWER, venue=None, guest=None, created_at=T0,
            revoked_at=T0 + timedelta(hours=1),
        )  # fmt: skip
        assert await tokens.find(hash_of(secret)) == revoked
