"""The same thing is called the same, and no two things alike."""

from __future__ import annotations

from uuid import UUID

from rules.ids import COUPON_LETTERS, coupon, decision_id, dedupe_key, message_id, run_id


def test_a_message_is_a_uuid_that_providers_take() -> None:
    key = dedupe_key(journey="welcome", guest="ana", run="r", step="steps.0")
    found = UUID(message_id(key))

    assert (found.version, found.variant) == (8, "specified in RFC 4122")
    assert message_id(key) == str(found)
    assert len(key) == 64


def test_parts_are_told_apart() -> None:
    assert run_id(venue="a", journey="bc", guest="g", event="e") != run_id(
        venue="ab", journey="c", guest="g", event="e"
    )
    whole = ("v", "g", "c", "j", "r")
    apart = [("vg", "", "c", "j", "r"), ("v", "gc", "", "j", "r"), ("v", "g", "cj", "", "r"), ("v", "g", "c", "jr", "")]
    assert decision_id(*whole) not in {decision_id(*about) for about in apart}


def test_decisions_of_one_cause_lie_side_by_side() -> None:
    of_one = {decision_id("marlton", "ana", "arrived", "welcome", "", "", kind, "none") for kind in ("sent", "ended")}
    of_another = decision_id("marlton", "ana", "left", "welcome", "", "", "sent", "none")

    assert len(of_one) == 2
    assert len({made[:16] for made in of_one}) == 1
    assert of_another[:16] not in {made[:16] for made in of_one}


def test_a_coupon_can_be_read_out() -> None:
    codes = {coupon(f"run-{n}") for n in range(1_000)}

    assert len(codes) == 1_000
    assert all(len(code) == 8 and set(code) <= set(COUPON_LETTERS) for code in codes)
    assert not set("ILOU") & set(COUPON_LETTERS)
