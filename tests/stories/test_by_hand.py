"""As someone outside would: set up a hotel, put a guest, publish batches with mosquitto_pub, and read why.

Nothing here is ours but the programs that an operator runs; the batches are written as wire/README.md says.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import pytest

from tests.fakes.mosquitto import program as distribution
from tests.fakes.ports import free_ports
from tests.fakes.programs import VENUE, Api, Hotel, a_hotel, programs, until

pytestmark = [pytest.mark.needs("mosquitto", "mosquitto_pub"), pytest.mark.timeout(120)]

LIVE: Final = f"ik/1/{VENUE}/lobby-1/live/0"
ENOUGH: Final = 12  # seconds of batches; the venue asks for a stay of three
ROSA, MILO, NORA = (pair * 32 for pair in ("a1", "b2", "c3"))  # their phones' addresses
GENEROUS_S: Final = 5.0  # a busy machine; the promise is one second


@pytest.fixture(scope="module")
def hand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hand]:
    folder = tmp_path_factory.mktemp("by-hand")
    with programs(folder) as run:
        port = free_ports(1)[0]
        config = folder / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        run.start("mosquitto", distribution("mosquitto"), "-c", config)
        hotel = a_hotel(run, folder, broker=f"mqtt://127.0.0.1:{port}")
        hub = run.start("hub", "innkeeper", "hub", "--config", hotel.config)
        with hotel.api(hub) as api:
            hub.says("Connected to the broker")
            yield Hand(hotel, api, port)


class Hand:
    """Somebody at a shell."""

    def __init__(self, hotel: Hotel, api: Api, port: int) -> None:
        self.hotel = hotel
        self.api = api
        self._port = port

    def publish(self, payload: str, topic: str = LIVE) -> None:
        subprocess.run(
            [distribution("mosquitto_pub"), "-p", str(self._port), "-q", "1", "-t", topic, "-m", payload], check=True
        )

    def walk_in(self, address: str, batch: Callable[[int], str]) -> dict[str, Any]:
        """One batch a second until a push came to this address: what the provider accepted."""
        for n in range(ENOUGH):
            self.publish(batch(n))
            time.sleep(1)
            pushes = [one for one in self.hotel.accepted() if one["to"] == address]
            if pushes:
                (push,) = pushes
                return push
        raise AssertionError(f"{ENOUGH} batches, and the providers accepted only {self.hotel.accepted()}")


def by_hand(pseudonym: str, n: int) -> str:
    """wire/README.md's batch by hand: a fresh epoch and boot in each, `sent` always 0, ages 0."""
    return (
        f'{{"v":1,"gw":"lobby-1","epoch":"by-hand-{n}","boot":"by-hand-{n}","seq":1,"sent":0,'
        f'"rows":[["{pseudonym}",0,0,5,-60,-55,-60]]}}'
    )


def as_a_gateway(pseudonym: str, n: int) -> str:
    """wire/README.md's batch, one spool, with a monotonic clock, and the wall's."""
    sent = int(time.monotonic() * 1000)
    return (
        f'{{"v":1,"gw":"lobby-1","epoch":"f3a1c2","boot":"9c41d7","seq":{n + 1},"low":1,"sent":{sent},'
        f'"wall":{time.time_ns() // 1_000_000},"wall_ok":true,"rows":[["{pseudonym}",840,12,5,-61.2,-56,-60]]}}'
    )


def test_push_arrives_within_a_second_of_entered_and_the_hub_tells_why(hand: Hand) -> None:
    tag = hand.api.enrol("rosa", "ibeacon:FDA50693-A4E2-4FB1-AFCF-C6EB07647825:10:7", address=ROSA)

    with following(hand, "rosa") as stream:
        push = hand.walk_in(ROSA, lambda n: by_hand(tag, n))
        until(lambda: "accepted" in stream.items, "the stream to tell of it")
    told = hand.api.get(f"messages/{push['message']}")

    (entered, entered_came), (accepted, accepted_came) = stream.items["entered"], stream.items["accepted"]
    by_stream = accepted_came - entered_came
    by_stamps = (moment(push["at"]) - moment(entered["at"])).total_seconds()
    sys.stdout.write(f"\nentered to push: {by_stamps * 1000:.0f} ms by `at`, {by_stream * 1000:.0f} ms by the stream\n")
    assert 0 <= by_stamps < GENEROUS_S
    assert by_stream < GENEROUS_S
    assert (entered["guest"], entered["zone"], accepted["guest"]) == ("rosa", "lobby", "rosa")
    assert (told["message"], told["state"], told["body"]) == ("room-rates", "SENT", push["body"])
    assert [one["kind"] for one in told["why"]["decisions"] if one["journey"] == "welcome"] == ["started", "sent"]
    assert [(one["kind"], one["object"]) for one in told["why"]["events"]] == [("entered", "lobby")]
    assert [(one["n"], one["provider"], one["outcome"]) for one in told["attempts"]] == [(1, "apns", "accepted")]


def test_timeline_presence_and_gateways_agree(hand: Hand) -> None:
    tag = hand.api.enrol("milo", "altbeacon:2f234454cf6d4a0fadf2f4911ba9ffa600010002", address=MILO)

    push = hand.walk_in(MILO, lambda n: as_a_gateway(tag, n))

    zones = {one["guest"]: one["zone"] for one in hand.api.get(f"presence/{VENUE}")["guests"]}
    timeline = [one for one in hand.api.get("guests/milo/timeline")["items"] if one["journey"] == "welcome"]
    heard = {one["gateway"]: one["online"] for one in hand.api.get("gateways")["items"] if one["last_heard"]}
    sent = {one["id"]: one["guest"] for one in hand.api.get("messages", state="SENT")["items"]}
    assert zones["milo"] == "lobby"
    assert sent[push["message"]] == "milo"
    assert sorted(one["kind"] for one in timeline) == ["ended", "sent", "started"]
    assert {one["message"] for one in timeline} == {None, push["message"]}
    assert heard == {"lobby-1": True}


def test_a_gateway_whose_clock_stands_still_is_heard_all_the_same(hand: Hand) -> None:
    tag = hand.api.enrol("nora", "eddystone:edd1ebeac04e5defa017:0b5c6d7e8f90", address=NORA)

    with following(hand, "nora") as stream:
        push = hand.walk_in(NORA, lambda n: by_hand(tag, n).replace(f'"boot":"by-hand-{n}"', '"boot":"one"'))
        until(lambda: "accepted" in stream.items, "the stream to tell of it")

    (entered, entered_came), (_, accepted_came) = stream.items["entered"], stream.items["accepted"]
    assert accepted_came - entered_came < GENEROUS_S
    # To the hub such a batch looks late by the time since the first: by a few seconds, which is far from stale.
    assert 0 <= (moment(push["at"]) - moment(entered["at"])).total_seconds() < GENEROUS_S + ENOUGH


class Stream:
    """What /v1/stream told: the first item of each kind, and when it came."""

    def __init__(self) -> None:
        self.items: dict[str, tuple[dict[str, Any], float]] = {}
        self.open = threading.Event()


@contextmanager
def following(hand: Hand, guest: str) -> Iterator[Stream]:
    """Listen to what the venue's stream tells of a guest while the block runs."""
    stream = Stream()

    def listen() -> None:
        with hand.api.client.stream("GET", "/v1/stream", params={"venue": VENUE}, timeout=60) as lines:
            stream.open.set()
            for line in lines.iter_lines():
                if line.startswith("data:"):
                    item = json.loads(line.removeprefix("data:"))
                    if item.get("guest") == guest:
                        stream.items.setdefault(item["kind"], (item, time.monotonic()))
                if "accepted" in stream.items:
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert stream.open.wait(10)
    yield stream
    listener.join(10)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
