from __future__ import annotations

from hub.ingest.age import STALE_AFTER_S
from hub.ingest.phones import Heard, sightings_of
from hub.ingest.sighting import Sighting
from wire.advert.frame import TagId
from wire.pseudonym import Pseudonym

NOW = 1_795_335_600.0
LAMP = TagId("ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:1:1")
PHONE = Pseudonym("Wxyc7f0aKq2m_9Zt")


def test_a_beacon_stands_in_the_gateways_place_and_the_phone_in_the_tags() -> None:
    [sighting] = sightings_of("marlton", PHONE, [Heard(NOW - 2, LAMP, -61)], NOW)

    assert sighting == Sighting("marlton", LAMP, PHONE, NOW - 2, NOW - 2, 1, -61, -61, -61, live=True)


def test_sightings_come_in_the_order_of_their_time_and_once_each() -> None:
    heard = [Heard(NOW - 1, LAMP, -61), Heard(NOW - 3, LAMP, -64), Heard(NOW - 1, LAMP, -61)]

    assert [one.at for one in sightings_of("marlton", PHONE, heard, NOW)] == [NOW - 3, NOW - 1]


def test_what_is_older_than_live_word_may_be_is_not_live() -> None:
    heard = [Heard(NOW - STALE_AFTER_S - age, LAMP, -61) for age in (0, 0.001)]

    assert [one.live for one in sightings_of("marlton", PHONE, heard, NOW)] == [False, True]
