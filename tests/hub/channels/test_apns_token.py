from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hub.channels.apns_token import ProviderToken, read_key
from hub.errors import BadConfig
from tests.fakes.hub_clock import T0, StillClock

KEY = ec.generate_private_key(ec.SECP256R1())


def a_token(clock: StillClock) -> ProviderToken:
    return ProviderToken(key=KEY, key_id="KEY1234567", team_id="TEAM123456", clock=clock)


def test_token_says_key_team_and_time_and_is_signed_with_the_key() -> None:
    token = a_token(StillClock()).current()

    assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": "KEY1234567", "typ": "JWT"}
    claims = jwt.decode(token, KEY.public_key(), algorithms=["ES256"], options={"verify_iat": False})
    assert claims == {"iss": "TEAM123456", "iat": int(T0.timestamp())}


def test_token_is_shared_for_50_minutes_and_then_signed_anew() -> None:
    clock = StillClock()
    token = a_token(clock)
    first = token.current()

    clock.pass_(timedelta(minutes=49, seconds=59))
    assert token.current() == first
    clock.pass_(timedelta(seconds=1))
    assert token.current() != first


def test_token_is_signed_anew_when_the_clock_was_set_back() -> None:
    clock = StillClock()
    token = a_token(clock)
    first = token.current()

    clock.pass_(timedelta(hours=-1))

    assert token.current() != first


def test_many_calls_that_were_refused_at_once_share_one_new_token() -> None:
    clock = StillClock()
    token = a_token(clock)
    refused = token.current()
    clock.pass_(timedelta(seconds=1))

    first, second = token.renewed(instead_of=refused), token.renewed(instead_of=refused)

    assert first != refused
    assert first == second == token.current()


def test_a_key_file_that_is_missing_says_so_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"apns\.p8: cannot be read, no such file.*right would be the \.p8") as bad:
        read_key(tmp_path / "apns.p8")

    assert "\n" not in str(bad.value)


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff\xfe"])
def test_a_key_file_with_something_else_says_so_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "apns.p8").write_bytes(content)

    with pytest.raises(BadConfig, match=r"right would be the \.p8") as bad:
        read_key(tmp_path / "apns.p8")

    assert "\n" not in str(bad.value)


def test_a_key_of_another_kind_says_which_was_found(tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "apns.p8").write_bytes(pem)

    with pytest.raises(BadConfig, match="found RSAPrivateKey"):
        read_key(tmp_path / "apns.p8")
