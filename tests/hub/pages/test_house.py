from __future__ import annotations

import json
from asyncio import create_task, sleep, wait_for
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from hub.api.auth import Guarded
from hub.identity.guest import GuestId, Profile
from hub.identity.present import PresentGuest
from hub.ingest.seen import SeenGateway
from hub.outbox.message import State
from hub.pages.guard import SignedIn
from tests.fakes.api import a_story
from tests.fakes.hub_clock import T0
from tests.fakes.pages import FakeSite, sign_in

WITHOUT_A_SESSION = {"/signin", "/signout", "/static/{name}"}
PARTS = (
    "/pages/marlton/gateways",
    "/pages/marlton/presence",
    "/pages/marlton/messages",
    "/pages/marlton/messages/m-1",
    "/pages/marlton/news",
    "/pages/marlton/stream",
)


def _ana(zone: str, **changes: str | None) -> PresentGuest:
    names = {"first_name": "Ana", "last_name": "Sá"} | changes
    return PresentGuest(
        guest="ana", zone=zone, since=T0 - timedelta(minutes=5), confidence=0.934,
        first_name=names["first_name"], last_name=names["last_name"],
    )  # fmt: skip


def test_every_page_asks_who_is_there_save_those_that_let_her_in() -> None:
    routes = [context.original_route for context in iter_route_contexts(FakeSite().app().routes)]
    pages = [one for one in routes if isinstance(one, APIRoute) and not isinstance(one, Guarded)]

    open_ones = {one.path for one in pages if not isinstance(one, SignedIn)}
    assert open_ones == WITHOUT_A_SESSION | {"/healthz", "/readyz", "/u/{token}", "/c/{code}"}


@pytest.mark.parametrize("path", PARTS)
async def test_a_part_of_the_page_is_shown_to_nobody_without_a_session(path: str) -> None:
    async with FakeSite().browser() as browser:
        bare = await browser.get(path)
        with_a_token = await browser.get(path, headers={"Authorization": "Bearer secret-admin"})

    assert (bare.status_code, with_a_token.status_code) == (401, 401)


@pytest.mark.parametrize("path", [*PARTS, "/?venue=marlton"])
async def test_a_session_of_one_venue_sees_no_other(path: str) -> None:
    site = FakeSite()
    site.hub.messages.stories = [a_story("m-1", venue="sands")]
    async with site.browser() as browser:
        await sign_in(browser, "viewer-of-marlton")
        answer = await browser.get(path.replace("marlton", "sands"))
        under_ones_own = await browser.get("/pages/marlton/messages/m-1")

    assert (answer.status_code, under_ones_own.status_code) == (404, 404)
    assert "Sands Beach" not in answer.text


async def test_the_house_is_drawn_with_its_floors_and_its_gateways() -> None:
    site = FakeSite()
    site.hub.live.heard = [
        SeenGateway(venue="marlton", gateway="lobby-1", zone="lobby", last_heard=T0, online=True),
        SeenGateway(venue="marlton", gateway="bar-1", zone="bar", last_heard=None, online=False),
    ]
    async with site.browser() as browser:
        await sign_in(browser, "viewer")
        page = (await browser.get("/")).text

    assert page.index("Ground floor") < page.index("First floor")
    assert "Le &lt;Bistro&gt;" in page
    assert "<Bistro>" not in page
    assert "online, heard 10:00" in page
    assert "never heard" in page


async def test_a_gateway_that_fell_silent_is_shown_so_without_a_new_page() -> None:
    site = FakeSite()
    async with site.browser() as browser:
        await sign_in(browser, "viewer")
        before = (await browser.get("/pages/marlton/gateways")).text
        site.hub.live.heard = [
            SeenGateway(venue="marlton", gateway="lobby-1", zone="lobby", last_heard=T0, online=False)
        ]
        after = (await browser.get("/pages/marlton/gateways")).text

    assert "No gateway is named" in before
    assert "offline, heard 10:00" in after


async def test_a_message_of_an_erased_guest_says_that_no_reason_is_kept() -> None:
    site = FakeSite()
    bare = a_story(guest="", body=None)
    site.hub.messages.stories = [replace(bare, decisions=(), events=(), visit=None, attempts=())]
    async with site.browser() as browser:
        await sign_in(browser, "viewer")
        listed = (await browser.get("/pages/marlton/messages")).text
        why = (await browser.get("/pages/marlton/messages/m-1")).text

    assert "an erased guest" in listed
    assert "No reason is kept" in why


async def test_a_venue_without_a_plan_says_what_would_bring_one() -> None:
    async with FakeSite().browser() as browser:
        await sign_in(browser, "viewer")
        page = (await browser.get("/?venue=sands")).text

    assert "No floor plan" in page
    assert "floorplan.yaml" in page


async def test_presence_has_a_place_on_the_plan_and_words_for_each_guest() -> None:
    site = FakeSite()
    site.hub.live.guests["marlton"] = [_ana("lobby")]
    async with site.browser() as browser:
        await sign_in(browser, "viewer")
        zones = (await browser.get("/pages/marlton/presence")).json()["zones"]

    lobby, *others = zones
    assert (lobby["name"], [one["guests"] for one in others]) == ("Lobby", [[], []])
    [guest] = lobby["guests"]
    assert (guest["name"], guest["initials"], guest["since"], guest["sure"]) == ("Ana", "AS", "09:55", 93)
    assert lobby["spots"][0]["floor"] == 0
    assert "ana" not in guest["key"]


@pytest.mark.parametrize(
    ("zone", "first_name", "initials"), [("spa", "Ana", "AS"), ("lobby", None, "S"), ("lobby", "", "S")]
)
async def test_a_zone_that_is_gone_and_a_guest_without_a_name_are_shown_all_the_same(
    zone: str, first_name: str | None, initials: str
) -> None:
    site = FakeSite()
    site.hub.live.guests["marlton"] = [_ana(zone, first_name=first_name)]
    async with site.browser() as browser:
        await sign_in(browser, "viewer")
        zones = (await browser.get("/pages/marlton/presence")).json()["zones"]

    assert [one["guests"][0]["initials"] for one in zones if one["guests"]] == [initials]


async def test_the_stream_tells_in_words_and_in_the_venues_time() -> None:
    site = FakeSite()
    await site.hub.guests.put_guest(GuestId("ana"), Profile(first_name="Ana", last_name="Sá"), T0)
    feed = site.hub.feed
    async with site.browser() as browser:
        await sign_in(browser, "viewer-of-marlton")
        asked = create_task(browser.get("/pages/marlton/stream"))
        while not feed.listeners:  # noqa: ASYNC110  the app subscribes in its own task
            await sleep(0)
        feed.publish(venue="sands", kind="entered", at=T0, guest="bob", zone="lobby")
        feed.publish(venue="marlton", kind="entered", at=T0, guest="ana", zone="restaurant")
        feed.publish(
            venue="marlton", kind="decision", at=T0, guest="ana", journey="welcome", decision="not_started",
            reason="guard", text="messaged in the last 24h",
        )  # fmt: skip
        feed.publish(venue="marlton", kind="message", at=T0, guest="ana", message="welcome", state="SENDING")
        feed.publish(venue="marlton", kind="accepted", at=T0, guest="gone", message="meal-discount", provider="fcm")
        await sleep(0.02)
        feed.close()
        answer = await wait_for(asked, 30)

    told = [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert [(one["time"], one["text"]) for one in told] == [
        ("10:00:00", "Ana Sá entered Le <Bistro>"),
        ("10:00:00", "Ana Sá: did not start in welcome: messaged in the last 24h"),
        ("10:00:00", None),
        ("10:00:00", "Google accepted meal discount for an erased guest"),
    ]


async def test_a_page_that_opens_is_told_what_happened_lately_but_not_of_a_guest_who_was_erased() -> None:
    site = FakeSite()
    await site.hub.guests.put_guest(GuestId("ana"), Profile(first_name="Ana"), T0)
    feed = site.hub.feed
    feed.publish(venue="sands", kind="entered", at=T0, guest="ana", zone="lobby")
    feed.publish(venue="marlton", kind="entered", at=T0, guest="ana", zone="lobby")
    feed.publish(venue="marlton", kind="message", at=T0, guest="ana", message="welcome", state="SENDING")
    feed.publish(venue="marlton", kind="entered", at=T0, guest="erased", zone="lobby")
    feed.publish(venue="marlton", kind="task", at=T0, guest="erased", team="desk", text="Bo is late", state="open")
    feed.publish(venue="marlton", kind="left", at=T0, guest="ana", zone="lobby")
    async with site.browser() as browser:
        await sign_in(browser, "viewer-of-marlton")
        lines = (await browser.get("/pages/marlton/news")).json()

    assert [(one["at"], one["time"], one["text"]) for one in lines] == [
        ("2026-01-05T09:00:00Z", "10:00:00", "Ana entered Lobby"),
        ("2026-01-05T09:00:00Z", "10:00:00", "Ana left Lobby"),
    ]


async def test_why_is_told_in_the_order_in_which_it_went() -> None:
    site = FakeSite()
    story = a_story()
    [came], [decided] = story.events, story.decisions
    later = replace(came, id="later", object="restaurant", at=came.at + timedelta(minutes=20))
    site.hub.messages.stories = [replace(story, events=(came, later), decisions=(decided._replace(at=came.at),))]
    async with site.browser() as browser:
        await sign_in(browser, "viewer")
        part = (await browser.get("/pages/marlton/messages/m-1")).text

    told = [part.index(words) for words in ("entered Lobby", decided.text, "entered Le &lt;Bistro&gt;")]
    assert told == sorted(told)


async def test_messages_are_listed_in_words_page_by_page_and_no_word_of_a_guest_is_markup() -> None:
    site = FakeSite()
    await site.hub.guests.put_guest(GuestId("ana"), Profile(first_name="<img src=x onerror=alert(1)>"), T0)
    site.hub.messages.stories = [a_story(f"m-{n}", state=state) for n, state in enumerate(3 * list(State))]
    async with site.browser() as browser:
        await sign_in(browser, "viewer")
        first = (await browser.get("/pages/marlton/messages")).text
        cursor = first.split('data-next="')[1].split('"')[0]
        rest = (await browser.get(f"/pages/marlton/messages?cursor={cursor}")).text
        wrong = await browser.get("/pages/marlton/messages?cursor=x")

    assert (first.count('<tr class="message"'), rest.count('<tr class="message"')) == (25, 3 * len(State) - 25)
    assert "Accepted by Apple" in first
    assert "Possibly delivered" in first
    assert "<img" not in first
    assert "&lt;img" in first
    assert "data-next" not in rest
    assert wrong.status_code == 404


async def test_an_empty_outbox_says_so_in_words() -> None:
    async with FakeSite().browser() as browser:
        await sign_in(browser, "viewer")
        part = (await browser.get("/pages/marlton/messages")).text

    assert "No messages yet" in part


@pytest.mark.parametrize("state", list(State))
async def test_a_message_of_any_state_tells_what_was_said_and_why(state: State) -> None:
    site = FakeSite()
    written = state not in {State.SCHEDULED, State.READY}
    site.hub.messages.stories = [
        a_story(state=state, body="<b>Hello</b>" if written else None, ghost=state is State.GHOST, reason="no_consent")
    ]
    async with site.browser() as browser:
        await sign_in(browser, "viewer")
        part = (await browser.get("/pages/marlton/messages/m-1")).text

    assert ("&lt;b&gt;Hello" in part) is written
    assert "entered Lobby" in part
    assert "93% sure" in part
    assert "a member with a reservation" in part
    assert "guest.reservation" in part
    assert "push by Apple: accepted" in part
    assert "no consent" in part
