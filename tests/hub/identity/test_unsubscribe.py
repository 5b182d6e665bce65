from __future__ import annotations

from base64 import urlsafe_b64decode

from hypothesis import given
from hypothesis import strategies as st

from hub.identity.unsubscribe import make, read

SECRET = b"0123456789abcdef0123456789abcdef"
WORDS = st.text(max_size=40).filter(lambda text: text.isprintable())


@given(guest=WORDS, purpose=WORDS, channel=WORDS)
def test_a_token_gives_back_what_it_was_made_of(guest: str, purpose: str, channel: str) -> None:
    token = make(SECRET, guest, purpose, channel)

    assert read(SECRET, token) == (guest, purpose, channel)


@given(junk=st.text(max_size=120))
def test_anything_that_we_did_not_make_is_nobody(junk: str) -> None:
    assert read(SECRET, junk) is None


def test_a_token_says_nothing_about_the_guest_and_fits_in_a_path() -> None:
    token = make(SECRET, "guest-ana", "marketing", "email")

    assert token.replace("-", "").replace("_", "").isalnum()
    assert b"ana" not in urlsafe_b64decode(token + "=" * (-len(token) % 4))


def test_a_token_of_another_hub_or_with_one_letter_changed_is_nobody() -> None:
    token = make(SECRET, "guest-ana", "marketing", "email")

    changed = ("B" if token[0] != "B" else "C") + token[1:]

    assert read(b"another secret", token) is None
    assert read(SECRET, changed) is None


def test_the_link_is_the_same_in_every_email() -> None:
    assert make(SECRET, "g", "marketing", "email") == make(SECRET, "g", "marketing", "email")
