from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.identity import resume, unsubscribe
from hub.identity.resume import LASTS
from tests.fakes.hub_clock import T0

SECRET = b"s" * 32


def test_a_link_says_who_comes_back_until_it_ends() -> None:
    token = resume.make(SECRET, "ana", "marlton", "run-1", sent=T0)

    found = resume.read(SECRET, token, now=T0 + LASTS - timedelta(seconds=1))
    assert found == ("ana", "marlton", "run-1", T0 + LASTS)
    assert resume.read(SECRET, token, now=T0 + LASTS) is None
    assert "ana" not in token


@pytest.mark.parametrize("token", ["", "x", "a" * 100, "\xe9", unsubscribe.make(SECRET, "ana", "marlton", "email")])
def test_what_we_did_not_make_is_nobody(token: str) -> None:
    assert resume.read(SECRET, token, now=T0) is None


def test_another_hub_does_not_read_ours() -> None:
    token = resume.make(SECRET, "ana", "marlton", "run-1", sent=T0)

    assert resume.read(b"t" * 32, token, now=T0) is None
    assert unsubscribe.read(SECRET, token) is None


@given(st.text(), st.text(), st.text())
def test_whatever_the_ids_are_they_come_back(guest: str, venue: str, run: str) -> None:
    found = resume.read(SECRET, resume.make(SECRET, guest, venue, run, sent=T0), now=T0)

    assert found is not None
    assert found[:3] == (guest, venue, run)
