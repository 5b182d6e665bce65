"""A guest without a tag: her own phone hears the lobby's beacon, and says so to the hub over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
import pytest

from tests.fakes.broker import running_broker
from tests.fakes.programs import VENUE, Api, Hotel, a_hotel, programs

pytestmark = pytest.mark.timeout(120)

BEACON: Final = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:1:1"
ENOUGH: Final = 12  # words, one a second; the venue asks for a stay of three
ANA, BEN = "a1" * 32, "b2" * 32  # their phones' addresses


@dataclass(frozen=True, slots=True)
class House:
    """A hotel with a beacon in its lobby, and the guests' app."""

    hotel: Hotel
    api: Api
    app: httpx2.Client

    def has(self, guest: str, address: str, *, noticed: bool) -> None:
        self.api.put(f"guests/{guest}", {"first_name": guest.title(), "member": True, "holdout": "never"})
        self.api.put(f"guests/{guest}/devices/phone", {"kind": "apns", "address": address})
        for purpose, channel, granted in (("presence", "tag", noticed), ("marketing", "push", True)):
            consent = {"granted": granted, "source": "app", "wording": "Greet me where I am."}
            self.api.put(f"guests/{guest}/consents/{purpose}/{channel}", consent)

    def said(self, body: Any) -> str:  # noqa: ANN401  JSON
        answer = self.app.post("/v1/app/sightings", json=body)
        assert answer.is_success, answer.text
        outcome: str = answer.json()["outcome"]
        return outcome

    def decided(self, guest: str) -> list[str]:
        return [one["id"] for one in self.api.get(f"guests/{guest}/timeline")["items"]]

    def pushes(self, address: str) -> list[dict[str, Any]]:
        return [one for one in self.hotel.accepted() if one["to"] == address]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("phone")
    with running_broker() as broker, programs(folder) as run:
        hotel = a_hotel(run, folder, broker=broker.url)
        venue = hotel.folder / f"venues/{VENUE}/venue.yaml"
        hung = f'gateways: [lobby-1], beacons: ["{BEACON}"]'
        venue.write_text(venue.read_text().replace("gateways: [lobby-1]", hung))
        hub = run.start("hub", "innkeeper", "hub", "--config", hotel.config)
        with hotel.api(hub) as api, httpx2.Client(base_url=hotel.hub_url, timeout=10, trust_env=False) as app:
            app.headers["authorization"] = f"Bearer {hotel.token('app')}"
            yield House(hotel, api, app)


def word_of(guest: str) -> dict[str, Any]:
    heard = {"beacon": BEACON, "rssi": -61, "at": datetime.now(UTC).isoformat()}
    return {"venue": VENUE, "guest": guest, "sightings": [heard]}


def test_she_walks_in_and_gets_her_message_and_her_phones_word_again_brings_no_other(house: House) -> None:
    house.has("ana", ANA, noticed=True)
    words: list[dict[str, Any]] = []

    while not house.pushes(ANA):
        assert len(words) < ENOUGH
        words.append(word_of("ana"))
        assert house.said(words[-1]) == "taken"
        time.sleep(1)
    decided = house.decided("ana")
    again = {house.said(word) for word in words}
    time.sleep(1)

    [push] = house.pushes(ANA)
    story = house.api.get(f"messages/{push['message']}")
    assert [(one["kind"], one["object"]) for one in story["why"]["events"]] == [("entered", "lobby")]
    assert {one["guest"]: one["zone"] for one in house.api.get(f"presence/{VENUE}")["guests"]}["ana"] == "lobby"
    assert again == {"repeated"}
    assert house.decided("ana") == decided


def test_of_who_does_not_agree_to_be_noticed_nothing_is_kept(house: House) -> None:
    house.has("ben", BEN, noticed=False)

    for _ in range(5):
        assert house.said(word_of("ben")) == "no_consent"
        time.sleep(1)

    held = house.api.get("guests/ben/export")
    assert (held["visits"], held["late"], held["events"], house.pushes(BEN)) == ([], [], [], [])
    assert house.decided("ben") == []
    assert "ben" not in {one["guest"] for one in house.api.get(f"presence/{VENUE}")["guests"]}
