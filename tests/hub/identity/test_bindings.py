from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.identity.bindings import Enrolment
from hub.identity.guest import Binding, GuestId, VenueId
from wire.advert.frame import TagId
from wire.errors import Malformed
from wire.mqtt.topics import bucket_of
from wire.pseudonym import Pseudonym, pseudonym
from wire.tag import parse_tag

T0 = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MARLTON, ASTORIA = VenueId("marlton"), VenueId("astoria")
KEYS = {MARLTON: b"m" * 32, ASTORIA: b"a" * 32}
TAG = TagId("altbeacon:" + "00" * 20)
OTHER_TAG = TagId("altbeacon:" + "01" * 20)
ANA, BOB = GuestId("ana"), GuestId("bob")


def a_binding(guest: GuestId = ANA, *, tag: TagId = TAG, hours: tuple[int, int | None] = (0, None)) -> Binding:
    begins, ends = hours
    return Binding(tag=tag, guest=guest, from_=T0 + begins * HOUR, until=None if ends is None else T0 + ends * HOUR)


def test_a_tag_is_its_guests_under_each_venues_own_name() -> None:
    enrolment = Enrolment(KEYS, [a_binding()])

    assert enrolment.whose("marlton", pseudonym(KEYS[MARLTON], TAG), T0) == ANA
    assert enrolment.whose("astoria", pseudonym(KEYS[ASTORIA], TAG), T0) == ANA
    assert enrolment.whose("astoria", pseudonym(KEYS[MARLTON], TAG), T0) is None


def test_a_tag_that_nobody_enrolled_is_nobodys() -> None:
    assert Enrolment().whose("marlton", Pseudonym("Wxyc7f0aKq2m_9Zt"), T0) is None
    assert Enrolment(KEYS, [a_binding()]).whose("marlton", pseudonym(KEYS[MARLTON], OTHER_TAG), T0) is None
    assert Enrolment(KEYS, [a_binding()]).whose("nowhere", pseudonym(KEYS[MARLTON], TAG), T0) is None


def test_a_tag_that_changed_hands_is_whoevers_it_was_then() -> None:
    enrolment = Enrolment(KEYS, [a_binding(ANA, hours=(0, 2)), a_binding(BOB, hours=(2, 4))])
    tag = pseudonym(KEYS[MARLTON], TAG)

    carried = {hours: enrolment.whose("marlton", tag, T0 + hours * HOUR) for hours in (-1, 0, 1, 2, 3, 4)}

    assert carried == {-1: None, 0: ANA, 1: ANA, 2: BOB, 3: BOB, 4: None}


def test_it_is_known_since_when_somebody_has_a_tag_or_a_phone() -> None:
    enrolment = Enrolment(KEYS, [a_binding(ANA, hours=(0, 2)), a_binding(BOB, hours=(2, 4))], {BOB: T0 + HOUR})
    tag, phone = pseudonym(KEYS[MARLTON], TAG), enrolment.phone("marlton", BOB)
    assert phone is not None

    carried = [enrolment.all_carried("marlton", T0 + hours * HOUR) for hours in (-1, 0, 1, 3, 4)]

    anas, bobs, bobs_phone = (ANA, T0), (BOB, T0 + 2 * HOUR), (BOB, T0 + HOUR)
    assert carried == [
        {},
        {tag: anas},
        {tag: anas, phone: bobs_phone},
        {tag: bobs, phone: bobs_phone},
        {phone: bobs_phone},
    ]
    assert enrolment.carried("marlton", tag, T0 + HOUR) == anas
    assert enrolment.all_carried("nowhere", T0) == {}


def test_gateways_listen_only_for_tags_that_are_bound_at_that_moment() -> None:
    enrolment = Enrolment(
        KEYS, [a_binding(ANA, hours=(0, 2)), a_binding(BOB, tag=OTHER_TAG, hours=(1, None))], buckets=8
    )
    first, second = pseudonym(KEYS[MARLTON], TAG), pseudonym(KEYS[MARLTON], OTHER_TAG)

    assert enrolment.pseudonyms("marlton", T0) == {first: bucket_of("marlton", TAG, 8)}
    assert set(enrolment.pseudonyms("marlton", T0 + HOUR)) == {first, second}
    assert set(enrolment.pseudonyms("marlton", T0 + 2 * HOUR)) == {second}
    assert enrolment.pseudonyms("nowhere", T0) == {}


def test_the_next_change_is_when_a_binding_begins_or_ends() -> None:
    enrolment = Enrolment(KEYS, [a_binding(ANA, hours=(0, 3)), a_binding(BOB, tag=OTHER_TAG, hours=(1, None))])

    assert enrolment.next_change(T0) == T0 + HOUR
    assert enrolment.next_change(T0 + HOUR) == T0 + 3 * HOUR
    assert enrolment.next_change(T0 + 3 * HOUR) is None
    assert Enrolment().next_change(T0) is None


def test_a_phone_is_its_guests_since_she_agreed_under_each_venues_own_name() -> None:
    enrolment = Enrolment(KEYS, [a_binding(ANA)], {ANA: T0, BOB: T0 + HOUR})
    phone = enrolment.phone("marlton", BOB)
    assert phone is not None

    carried = {hours: enrolment.whose("marlton", phone, T0 + hours * HOUR) for hours in (0, 1, 2)}

    assert carried == {0: None, 1: BOB, 2: BOB}
    assert phone not in {enrolment.phone("astoria", BOB), enrolment.phone("marlton", ANA)}
    assert enrolment.is_phone("marlton", phone)
    assert not enrolment.is_phone("astoria", phone)
    assert not enrolment.is_phone("marlton", pseudonym(KEYS[MARLTON], TAG))


def test_who_did_not_agree_has_no_phone_and_no_gateway_listens_for_one() -> None:
    enrolment = Enrolment(KEYS, [a_binding(ANA)], {ANA: T0})

    assert enrolment.phone("marlton", BOB) is None
    assert enrolment.phone("nowhere", ANA) is None
    assert set(enrolment.pseudonyms("marlton", T0)) == {pseudonym(KEYS[MARLTON], TAG)}
    with pytest.raises(Malformed):
        parse_tag("phone:ana")


@given(st.lists(st.integers(0, 20), min_size=2, max_size=8, unique=True).map(sorted), st.integers(-1, 21))
def test_a_tag_is_listened_for_exactly_while_it_is_somebodys(turns: list[int], hour: int) -> None:
    spans = pairwise(turns)
    enrolment = Enrolment(KEYS, [a_binding(GuestId(f"g{begins}"), hours=(begins, ends)) for begins, ends in spans])
    tag, at = pseudonym(KEYS[MARLTON], TAG), T0 + hour * HOUR

    owner = enrolment.whose("marlton", tag, at)

    assert (owner is not None) == (turns[0] <= hour < turns[-1])
    assert (tag in enrolment.pseudonyms("marlton", at)) == (owner is not None)
    assert owner is None or owner == f"g{max(turn for turn in turns if turn <= hour)}"
