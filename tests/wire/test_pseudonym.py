"""Pseudonyms: steady, short, and different for each venue's key."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wire.advert.frame import TagId
from wire.pseudonym import pseudonym

TAG = TagId("ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7")


def test_is_the_first_12_bytes_of_the_keyed_hash() -> None:
    # openssl dgst -sha256 -mac HMAC -macopt hexkey:00…00, the first 12 bytes, basenc --base64url
    assert pseudonym(bytes(32), TAG) == "wCK09oOWgZ1StLVh"


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_two_venues_know_a_tag_by_two_names(one: bytes, other: bytes) -> None:
    assert (pseudonym(one, TAG) == pseudonym(other, TAG)) == (one == other)
