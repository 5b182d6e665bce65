from __future__ import annotations

from datetime import timedelta

import pytest

from hub.pages.sessions import LASTS, SESSIONS_MAX, Sessions
from tests.fakes.api import FakeHub, FakeTokens, a_token
from tests.fakes.hub_clock import T0
from tests.fakes.pages import FakeSite, sign_in


async def test_a_viewer_signs_in_with_a_cookie_that_no_script_and_no_other_site_can_use() -> None:
    async with FakeSite().browser() as browser:
        before = await browser.get("/")
        answer = await sign_in(browser, "viewer")
        after = await browser.get("/")

    assert (before.status_code, before.headers["location"]) == (303, "/signin")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    [cookie] = answer.headers.get_list("set-cookie")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "secret" not in cookie
    assert after.status_code == 200
    assert "The Marlton" in after.text


async def test_over_https_the_cookie_belongs_to_this_host_alone() -> None:
    async with FakeSite(secure=True).browser() as browser:
        asked = await browser.get("https://hub.test/signin")

    assert "Secure" in asked.headers["set-cookie"]


@pytest.mark.parametrize("token", ["nobody", "pms", "app", "app-of-ana"])
async def test_who_may_not_read_is_not_signed_in(token: str) -> None:
    async with FakeSite().browser() as browser:
        answer = await sign_in(browser, token)
        after = await browser.get("/")

    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert after.status_code == 303


@pytest.mark.parametrize("word", ["", "0" * 64, "\xe9"])
async def test_a_form_of_another_site_signs_nobody_in(word: str) -> None:
    async with FakeSite().browser() as browser:
        await browser.get("/signin")
        answer = await browser.post("/signin", data={"word": word, "token": "secret-viewer"})
        after = await browser.get("/")

    assert (answer.status_code, after.status_code) == (403, 303)


async def test_a_form_sent_from_another_site_is_refused_with_the_right_word_too() -> None:
    async with FakeSite().browser() as browser:
        browser.headers["sec-fetch-site"] = "cross-site"
        answer = await sign_in(browser, "viewer")

    assert answer.status_code == 403


async def test_signing_out_ends_the_session_for_whoever_kept_the_cookie() -> None:
    site = FakeSite()
    app = site.app()
    sessions: Sessions = app.state.pages.sessions
    cookie = await sessions.begin("secret-viewer", T0)
    assert isinstance(cookie, str)
    assert await sessions.find(cookie, T0) is not None

    sessions.end(cookie)

    assert await sessions.find(cookie, T0) is None


async def test_another_site_cannot_sign_somebody_out() -> None:
    async with FakeSite().browser() as browser:
        await sign_in(browser, "viewer")
        refused = await browser.post("/signout", data={"word": "x"})
        still = await browser.get("/")
        word = still.text.split('name="word" value="')[1].split('"')[0]
        done = await browser.post("/signout", data={"word": word})
        after = await browser.get("/")

    assert (refused.status_code, still.status_code) == (403, 200)
    assert (done.status_code, after.status_code) == (303, 303)


async def test_a_session_ends_with_its_time_or_its_token() -> None:
    site = FakeSite()
    async with site.browser() as browser:
        await sign_in(browser, "viewer")
        site.hub.clock.pass_(LASTS - timedelta(seconds=1))
        shortly_before = await browser.get("/pages/marlton/presence")
        site.hub.clock.pass_(timedelta(seconds=1))
        after = await browser.get("/pages/marlton/presence")
        await sign_in(browser, "viewer")
        site.hub.tokens.revoke("viewer")
        revoked = await browser.get("/pages/marlton/presence")

    assert [answer.status_code for answer in (shortly_before, after, revoked)] == [200, 401, 401]


async def test_a_loop_of_sign_ins_does_not_eat_the_memory() -> None:
    numbers = iter(range(10**6))
    sessions = Sessions(FakeTokens(a_token("viewer")), lambda size: next(numbers).to_bytes(size, "big"))
    first = await sessions.begin("secret-viewer", T0)
    assert isinstance(first, str)

    for _ in range(SESSIONS_MAX):
        await sessions.begin("secret-viewer", T0)

    assert await sessions.find(first, T0) is None
    assert len(sessions._sessions) == SESSIONS_MAX


async def test_a_form_that_is_too_large_is_not_read_to_its_end() -> None:
    async with FakeSite().browser() as browser:
        answer = await browser.post("/signin", content=b"token=" + b"x" * 10_000)

    assert answer.status_code == 413


async def test_a_session_does_not_open_the_api() -> None:
    async with FakeSite(hub=FakeHub()).browser() as browser:
        await sign_in(browser, "admin")
        answer = await browser.get("/v1/messages")

    assert answer.status_code == 401
