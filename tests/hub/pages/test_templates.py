"""What the pages promise about scripts and escaping, read from the files themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hub.pages
from hub.pages.assets import read_assets
from hub.pages.deps import make_site
from tests.fakes.pages import FakeSite, sign_in

FOLDER = Path(hub.pages.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").iterdir())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_a_script_a_style_or_a_way_round_escaping(template: Path) -> None:
    text = template.read_text(encoding="utf-8")

    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+\s*=|javascript:", text)
    assert not re.search(r"\|\s*safe|autoescape|Markup", text)
    assert not re.search(r"(src|href)=\"(https?:)?//", text)


def test_every_template_is_escaped_by_itself() -> None:
    site = FakeSite()
    templates = make_site(site.app().state.pages.deps).templates

    assert templates.autoescape is True
    assert templates.from_string("{{ name }}").render(name="<b>") == "&lt;b&gt;"


def test_the_script_reads_no_words_of_a_guest_as_markup() -> None:
    script = (FOLDER / "static" / "page.js").read_text(encoding="utf-8")

    assert not re.search(r"eval\(|new Function|document\.write|insertAdjacentHTML", script)
    assert re.findall(r"(?:inner|outer)HTML = (.+);", script) == [
        "list",
        "rows",
        "await answer.text()",
        "await answer.text()",
    ]


@pytest.mark.parametrize("path", ["/", "/signin", "/pages/marlton/messages"])
async def test_a_page_runs_our_scripts_alone_in_no_frame(path: str) -> None:
    async with FakeSite().browser() as browser:
        await sign_in(browser, "viewer")
        answer = await browser.get(path)

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


async def test_static_files_stand_under_an_address_of_their_bytes_and_may_be_kept() -> None:
    async with FakeSite().browser() as browser:
        found = [(asset, await browser.get(asset.url)) for asset in read_assets().values()]
        page = (await browser.get("/signin")).text
        missing = await browser.get("/static/page.css")

    assert all(answer.content == asset.content for asset, answer in found)
    assert all("immutable" in answer.headers["cache-control"] for _, answer in found)
    assert read_assets()["page.css"].url in page
    assert missing.status_code == 404
