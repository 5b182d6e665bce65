from __future__ import annotations

from collections import Counter, defaultdict

from firmware_sim.clock import RealClock, VirtualClock, monotonic
from firmware_sim.floorplan import Floorplan
from firmware_sim.guest import Walk
from firmware_sim.world import Heard, World, on_a_walk
from wire.advert.formats import decode
from wire.advert.frame import IBeacon

TAG = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"
OTHER = "altbeacon:2f234454cf6d4a0fadf2f4911ba9ffa600010002"


def a_world(plan: Floorplan, *stops: tuple[float, str | None], seed: int = 7) -> World:
    walk = Walk(stops, pace_m_per_s=6.0)
    return World(plan, [on_a_walk(plan, TAG, walk, seed), on_a_walk(plan, OTHER, Walk([(0, "pool")]), seed)], seed=seed)


def test_the_gateway_of_the_room_hears_a_guest_most_and_loudest(plan: Floorplan) -> None:
    heard = [h for h in a_world(plan, (0, "lobby"), (120, "restaurant")).heard(240) if h.tag == TAG]

    for span, gateway in (((20, 115), "lobby-1"), ((140, 240), "restaurant-1")):
        levels = defaultdict(list)
        for each in heard:
            if span[0] <= each.t < span[1]:
                levels[each.gateway].append(each.advertisement.rssi_dbm)
        means = {name: sum(values) / len(values) for name, values in levels.items()}
        assert max(means, key=means.__getitem__) == gateway
        assert len(levels[gateway]) >= 0.8 * (span[1] - span[0])


def test_nobody_hears_who_is_outside(plan: Floorplan) -> None:
    heard = Counter(h.gateway for h in a_world(plan, (600, "lobby")).heard(60) if h.tag == TAG)

    assert sum(heard.values()) <= 3


def test_adverts_come_in_the_order_of_time_and_carry_their_tag(plan: Floorplan) -> None:
    heard = list(a_world(plan, (0, "lobby")).heard(60))

    assert [h.t for h in heard] == sorted(h.t for h in heard)
    frames = [decode(h.advertisement) for h in heard if h.tag == TAG]
    assert frames
    assert all(isinstance(frame, IBeacon) and frame.tag == TAG for frame in frames)


def test_the_same_seed_makes_the_same_world_and_another_another(plan: Floorplan) -> None:
    first, again, other = (list(a_world(plan, (0, "gym"), seed=seed).heard(40)) for seed in (1, 1, 2))

    assert first == again
    assert first != other


async def test_a_live_world_keeps_time(plan: Floorplan) -> None:
    world = a_world(plan, (0, "lobby"))
    start = monotonic()
    live: list[Heard] = [heard async for heard in world.live(RealClock(speed=200), 40.0)]
    took_s = monotonic() - start

    assert live == [heard async for heard in world.live(VirtualClock(), 40.0)]
    assert 0.15 <= took_s < 2
