"""Eddystone-EID: literal bytes, round trips, and identifiers that other implementations have published."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from wire.advert import eddystone, eid
from wire.advert.frame import EddystoneEid
from wire.errors import Malformed

KEY = bytes.fromhex("0102030405060708090a111213141516")  # RadiusNetworks/ephemeral_calc, spec/encryptor_spec.rb
FRAME = bytes.fromhex("30ee0123456789abcdef")


def aes(key: bytes, block: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)  # noqa: S305  one block, as specified


def test_reads_an_eid() -> None:
    frame = eddystone.decode(FRAME)

    assert frame == EddystoneEid(identifier=bytes.fromhex("0123456789abcdef"), power_dbm=-18)
    assert frame.tag == "eddystone-eid:0123456789abcdef"


@pytest.mark.parametrize("data", [FRAME[:-1], FRAME + b"\0", b"\x31" + FRAME[1:], b"\x30", b""])
def test_drops_what_has_another_length_or_kind(data: bytes) -> None:
    assert eddystone.decode(data) is None


@given(st.builds(EddystoneEid, identifier=st.binary(min_size=8, max_size=8), power_dbm=st.integers(-128, 127)))
def test_reads_what_it_writes(frame: EddystoneEid) -> None:
    assert eddystone.decode(eddystone.encode(frame)) == frame


@pytest.mark.parametrize(("identifier", "power"), [(b"1234567", 0), (b"123456789", 0), (b"12345678", 128)])
def test_refuses_to_write_what_does_not_fit(identifier: bytes, power: int) -> None:
    with pytest.raises(Malformed, match="eddystone eid"):
        eddystone.encode(EddystoneEid(identifier=identifier, power_dbm=power))


@pytest.mark.parametrize(("clock", "identifier"), [(0, "a9b76a71c5f89290"), (2000, "4144413e45fefa58")])
def test_computes_what_ephemeral_calc_publishes(clock: int, identifier: str) -> None:
    assert eid.identifier(KEY, 10, clock, encrypt=aes).hex() == identifier


def test_computes_what_node_eddystone_beacon_scanner_publishes() -> None:
    temporary = bytes.fromhex("b7c2d909d27d22df8343271162480210")  # its spec gives this in place of the identity key

    def second_step_alone(key: bytes, block: bytes) -> bytes:
        return temporary if block[11] == 0xFF else aes(key, block)

    assert eid.identifier(KEY, 12, 1518080946, encrypt=second_step_alone).hex() == "7dd8169dae94258c"


@given(exponent=st.integers(0, 15), clock=st.integers(0, 2**32 - 1))
def test_an_identifier_holds_for_its_period_and_no_longer(exponent: int, clock: int) -> None:
    begins = clock >> exponent << exponent
    ends = begins + 2**exponent

    now = eid.identifier(KEY, exponent, clock, encrypt=aes)

    assert now == eid.identifier(KEY, exponent, begins, encrypt=aes)
    assert now == eid.identifier(KEY, exponent, ends - 1, encrypt=aes)
    assert now != eid.identifier(KEY, exponent, ends, encrypt=aes)


def test_a_clock_that_has_wrapped_goes_on_from_zero() -> None:
    assert eid.identifier(KEY, 4, 2**32 + 5, encrypt=aes) == eid.identifier(KEY, 4, 5, encrypt=aes)
