from __future__ import annotations

import pytest
from httpx2 import AsyncClient

from hub.pages.sessions import form_word
from tests.fakes.api import a_task
from tests.fakes.hub_clock import T0
from tests.fakes.pages import FakeSite, sign_in

PAGE = "/pages/marlton/tasks"
ACK = "/pages/marlton/tasks/t-1/ack"


def a_site() -> FakeSite:
    site = FakeSite()
    site.hub.tasks.rows = [
        a_task("t-3", venue="sands", text="Of another house."),
        a_task("t-2", text="A <b>bold</b> guest waits.", escalated=True, acked=T0, acked_by="Rui"),
        a_task("t-1"),
    ]
    return site


def word_of(browser: AsyncClient) -> str:
    return form_word(browser.cookies["innkeeper"])


async def test_the_page_shows_what_waits_and_what_was_taken_and_by_whom() -> None:
    async with a_site().browser() as browser:
        await sign_in(browser, "admin")
        page = (await browser.get(PAGE)).text

    assert "Ana is at the desk, with an open complaint." in page
    assert "wanted by 10:03" in page  # Berlin's clock
    assert "A &lt;b&gt;bold&lt;/b&gt; guest waits." in page
    assert "because nobody took it before" not in page.split("Taken")[0]
    assert "taken by Rui" in page
    assert "Of another house." not in page
    assert page.count("I take it") == 1


async def test_pressing_the_button_takes_the_task_and_leads_back() -> None:
    site = a_site()
    async with site.browser() as browser:
        await sign_in(browser, "admin")
        answer = await browser.post(ACK, data={"word": word_of(browser)})
        again = await browser.post(ACK, data={"word": word_of(browser)})

    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert again.status_code == 303
    assert site.hub.tasks.rows[2].acked_by == "admin"


@pytest.mark.parametrize("word", ["", "0" * 64, "\xe9"])
async def test_a_button_on_another_site_takes_nothing(word: str) -> None:
    site = a_site()
    async with site.browser() as browser:
        await sign_in(browser, "admin")
        answer = await browser.post(ACK, data={"word": word})

    assert answer.status_code == 403
    assert site.hub.tasks.rows[2].acked is None


async def test_a_form_that_the_browser_says_came_from_elsewhere_takes_nothing_with_the_right_word_too() -> None:
    site = a_site()
    async with site.browser() as browser:
        await sign_in(browser, "admin")
        browser.headers["sec-fetch-site"] = "cross-site"
        answer = await browser.post(ACK, data={"word": word_of(browser)})

    assert answer.status_code == 403
    assert site.hub.tasks.rows[2].acked is None


async def test_a_viewer_reads_and_takes_nothing() -> None:
    site = a_site()
    async with site.browser() as browser:
        await sign_in(browser, "viewer")
        page = await browser.get(PAGE)
        answer = await browser.post(ACK, data={"word": word_of(browser)})

    assert "I take it" not in page.text
    assert answer.status_code == 403
    assert site.hub.tasks.rows[2].acked is None


@pytest.mark.parametrize("path", ["/pages/marlton/tasks/t-3/ack", "/pages/marlton/tasks/t-9/ack"])
async def test_a_task_of_another_venue_is_none_of_this_page(path: str) -> None:
    site = a_site()
    async with site.browser() as browser:
        await sign_in(browser, "admin")
        answer = await browser.post(path, data={"word": word_of(browser)})

    assert answer.status_code == 404
    assert [row.acked is None for row in site.hub.tasks.rows] == [True, False, True]


async def test_nobody_sees_or_takes_a_task_without_a_session() -> None:
    site = a_site()
    async with site.browser() as browser:
        answers = [await browser.get(PAGE), await browser.post(ACK, data={"word": ""})]

    assert [answer.status_code for answer in answers] == [401, 401]
