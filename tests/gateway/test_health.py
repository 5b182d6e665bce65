"""What tags say of themselves, joined by address, and the share of their adverts that arrives."""

from __future__ import annotations

from gateway.health import ENOUGH, FRESH_S, Health
from wire.advert.frame import EddystoneTlm, VendorBeacon
from wire.mqtt.messages import TagHealth
from wire.pseudonym import Pseudonym

TAG = Pseudonym("Wxyc7f0aKq2m_9Zt")


def a_frame(adverts: int, battery_mv: int | None = 2960) -> EddystoneTlm:
    return EddystoneTlm(battery_mv=battery_mv, temperature_c=21.53, adverts=adverts, uptime_s=1.0)


def test_the_share_is_what_was_heard_of_what_was_sent() -> None:
    health = Health()

    health.hear(TAG, a_frame(1000), 10, now=0.0)
    health.hear(TAG, a_frame(1000 + ENOUGH * 2), 10 + ENOUGH, now=40.0)

    assert health.told(45.0) == {TAG: TagHealth(battery_mv=2960, temperature_c=21.5, reception=0.5, age_s=5)}


def test_a_repeated_frame_is_no_news() -> None:
    health = Health()
    health.hear(TAG, a_frame(1000), 10, now=0.0)

    health.hear(TAG, a_frame(1000), 20, now=30.0)

    assert health.told(30.0)[TAG].age_s == 30
    assert health.told(30.0)[TAG].reception is None


def test_a_tag_with_a_new_battery_counts_from_nought() -> None:
    health = Health()
    health.hear(TAG, a_frame(100_000, battery_mv=2100), 500, now=0.0)

    health.hear(TAG, a_frame(3, battery_mv=3050), 510, now=60.0)
    health.hear(TAG, a_frame(3 + ENOUGH, battery_mv=3050), 510 + ENOUGH, now=120.0)

    assert health.told(120.0)[TAG] == TagHealth(battery_mv=3050, temperature_c=21.5, reception=1.0, age_s=0)


def test_what_is_old_is_not_told_and_who_is_withdrawn_is_forgotten() -> None:
    health = Health()
    health.hear(TAG, a_frame(1), 1, now=0.0)

    assert health.told(FRESH_S + 1) == {}
    health.keep_only(())
    assert health.told(0.0) == {}


def test_memory_is_bounded() -> None:
    health = Health()

    for number in range(10_000):
        health.hear(Pseudonym(f"{number:016d}"), a_frame(1), 1, now=float(number))

    assert len(health._known) <= 4096
    assert len(health.told(10_000.0)) <= 1000


def test_a_vendor_s_battery_is_told_and_stays_fresh_while_it_is_heard() -> None:
    health = Health()
    frame = VendorBeacon(kind="card", id=b"\x01", battery_mv=2500)

    health.hear(TAG, frame, 1, now=0.0)
    health.hear(TAG, frame, 2, now=FRESH_S + 1)

    assert health.told(FRESH_S + 5) == {TAG: TagHealth(battery_mv=2500, age_s=4)}
