from __future__ import annotations

from datetime import timedelta

import pytest

from hub.api.app import build_api
from hub.api.guesses import MOST, WITHIN, Guesses
from tests.fakes.api import FakeHub, a_coupon, client
from tests.fakes.hub_clock import T0


def a_hub() -> FakeHub:
    hub = FakeHub()
    hub.coupons.coupons = {
        "AB12CD34": a_coupon(),
        "0S4ND501": a_coupon("0S4ND501", venue="sands", guest=None),
    }
    return hub


async def test_a_code_is_redeemed_once() -> None:
    async with client(build_api(a_hub().deps()), "pms") as till:
        first = await till.post("/v1/coupons/AB12CD34/redeem")
        again = await till.post("/v1/coupons/AB12CD34/redeem")

    assert first.status_code == 200
    assert first.json() == {
        "code": "AB12CD34",
        "venue": "marlton",
        "guest": "ana",
        "journey": "welcome",
        "message": "meal-discount",
        "issued": "2026-01-05T09:00:00Z",
        "redeemed": "2026-01-05T09:00:00Z",
        "redeemed_by": "pms",
    }
    assert (again.status_code, again.json()["detail"]) == (409, "this code was used before")


@pytest.mark.parametrize("typed", ["ab12cd34", "AB12-CD34", "ab12%20cd34", "ABL2CD34", "abi2cd34"])
async def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    async with client(build_api(a_hub().deps()), "pms") as till:
        answer = await till.post(f"/v1/coupons/{typed}/redeem")

    assert answer.status_code == 200
    assert answer.json()["code"] == "AB12CD34"


@pytest.mark.parametrize("code", ["AB12CD35", "nonsense!", "U0000000", "AB12CD345", "0S4ND501"])
async def test_a_code_that_nobody_was_given_or_another_venue_gave_is_not_there(code: str) -> None:
    async with client(build_api(a_hub().deps()), "pms-of-marlton") as till:
        answer = await till.post(f"/v1/coupons/{code}/redeem")

    assert answer.status_code == 404
    assert answer.json()["detail"] == "no such thing, or none that you may see"


async def test_the_page_says_whether_a_code_is_good_and_names_nobody() -> None:
    hub = a_hub()
    async with client(build_api(hub.deps())) as guest:
        good = await guest.get("/c/AB12CD34")
        await hub.coupons.redeem("AB12CD34", venue=None, by="till", now=T0)
        used = await guest.get("/c/AB12CD34")
        wrong = await guest.get("/c/AB12CD35")

    assert [good.status_code, used.status_code, wrong.status_code] == [200, 200, 404]
    assert "Good for one use" in good.text
    assert "AB12 CD34" in good.text
    assert "The Marlton" in good.text
    assert "It was used on 5 January 2026." in used.text
    assert "No such code" in wrong.text
    assert all("ana" not in page.text for page in (good, used, wrong))
    assert "script-src" not in good.headers["content-security-policy"]


async def test_whoever_tries_codes_is_soon_asked_to_wait_and_then_nobody_is_told_anything() -> None:
    hub = a_hub()
    app = build_api(hub.deps())
    async with client(app) as guesser:
        for n in range(MOST):
            assert (await guesser.get(f"/c/ZZZZ{n:04}")).status_code == 404
        waiting = await guesser.get("/c/AB12CD34")
        hub.clock.pass_(WITHIN)
        later = await guesser.get("/c/AB12CD34")

    assert (waiting.status_code, waiting.headers["retry-after"]) == (429, "60")
    assert later.status_code == 200


def test_right_codes_are_not_counted_and_a_clock_that_went_back_keeps_nobody_out() -> None:
    guesses = Guesses()
    for n in range(MOST):
        guesses.wrong(T0 + timedelta(seconds=n))

    assert guesses.wait(T0 + timedelta(seconds=30)) == 30
    assert guesses.wait(T0 + WITHIN) is None
    assert guesses.wait(T0 - timedelta(days=1)) is None
