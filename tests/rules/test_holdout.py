"""Who is held out: the same guests each time, as many as was said."""

from __future__ import annotations

import hashlib

from rules.holdout import drawn


def test_the_draw_is_the_published_one() -> None:
    digest = hashlib.sha256(b"marlton:1:ana").digest()
    share = int.from_bytes(digest[:8], "big") / 2**64

    assert not drawn(scope="marlton", guest="ana", share=share)
    assert drawn(scope="marlton", guest="ana", share=share + 1e-9)


def test_nobody_and_everybody() -> None:
    guests = [f"g{n}" for n in range(100)]

    assert not any(drawn(scope="x", guest=guest, share=0) for guest in guests)
    assert all(drawn(scope="x", guest=guest, share=1) for guest in guests)


def test_five_per_cent_are_about_five_per_cent_and_others_for_another_scope_or_epoch() -> None:
    guests = [f"g{n}" for n in range(20_000)]
    here = {guest for guest in guests if drawn(scope="a", guest=guest, share=0.05)}
    there = {guest for guest in guests if drawn(scope="b", guest=guest, share=0.05)}
    later = {guest for guest in guests if drawn(scope="a", guest=guest, share=0.05, epoch="2")}

    for group in (here, there, later):
        assert 900 < len(group) < 1_100
    assert len(here & there) < 100 > len(here & later)
