"""The pages on fakes, with one venue that is drawn and one that is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from hub.api.app import build_api
from hub.pages.app import add_pages
from hub.pages.deps import PagesDeps
from hub.pages.floorplan import read_floorplan
from hub.pages.sessions import form_word
from hub.pages.venue import venue_page
from tests.fakes.api import FakeHub, client

PLAN: Final = """
venue: marlton
floors:
  0: {name: Ground floor, w: 30, h: 20}
  1: {name: First floor, w: 30, h: 20}
rooms:
  - {zone: lobby, floor: 0, x: 0, y: 10, w: 12, h: 10, name: Lobby}
  - {zone: restaurant, floor: 0, x: 18, y: 10, w: 12, h: 10, name: "Le <Bistro>"}
  - {zone: floor-1, floor: 1, x: 0, y: 0, w: 8, h: 4, name: Rooms 101 to 104}
  - {zone: floor-1, floor: 1, x: 0, y: 8, w: 16, h: 8, name: Rooms 105 to 112}
corridors:
  - {floor: 0, x: 12, y: 10, w: 6, h: 10, name: Passage}
  - {floor: 1, x: 0, y: 4, w: 8, h: 4, zone: floor-1}
walls:
  - {floor: 0, x1: 12, y1: 10, x2: 12, y2: 20, material: concrete}
doors:
  - {floor: 0, x: 12, y: 15}
stairs:
  - {x: 14, y: 12, from: 0, to: 1}
entrance: {floor: 0, x: 4, y: 20}
gateways:
  lobby-1: {zone: lobby, floor: 0, x: 6, y: 15}
"""
ZONES: Final = ("lobby", "restaurant", "floor-1")


@dataclass(kw_only=True)
class FakeSite:
    """A hub with its pages."""

    hub: FakeHub = field(default_factory=FakeHub)
    secure: bool = False

    def __post_init__(self) -> None:
        plan = read_floorplan(PLAN, file="floorplan.yaml")
        marlton = venue_page(venue="marlton", name="The Marlton", timezone="Europe/Berlin", zones=ZONES, plan=plan)
        sands = venue_page(venue="sands", name="Sands Beach", timezone="UTC", zones=["lobby"], plan=None)
        self.venues = {"marlton": marlton, "sands": sands}

    def app(self) -> FastAPI:
        hub = self.hub
        app = build_api(hub.deps())
        deps = PagesDeps(
            clock=hub.clock,
            tokens=hub.tokens,
            guests=hub.guests,
            messages=hub.messages,
            live=hub.live,
            tasks=hub.tasks,
            ack_task=hub.tasks.ack,
            feed=hub.feed,
            venues=lambda: self.venues,
            secure=self.secure,
        )
        add_pages(app, deps)
        return app

    def browser(self) -> AsyncClient:
        return client(self.app())


async def sign_in(browser: AsyncClient, token: str) -> Response:
    """As a person does: ask for the form, fill it in, send it."""
    await browser.get("/signin")
    word = form_word(browser.cookies["innkeeper-form"])
    return await browser.post("/signin", data={"word": word, "token": f"secret-{token}"})
