"""Browser tests of what the browser keeps, and of messages that were missing."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.conftest import Server
from tests.e2e.conftest import ROOMY, Visit
from tests.e2e.test_analyse_page import long_clip
from webapp.texts import LANGUAGES
from webapp.ui.page_descriptions import page_descriptions

TEXTS = LANGUAGES["en"]
WORDS = TEXTS.device


def entries(page: Page) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(page.evaluate("localStorage.getItem('lens-results') || '[]'"))
    return found


@pytest.fixture
def listed(browser: Browser, server: Server, samples: Path) -> Iterator[Visit]:
    """Yield the page with the list of two results, the later one first."""
    context = browser.new_context(viewport=ROOMY)
    visit = Visit(context.new_page(), server).open()
    visit.analyse(samples / "two_people.jpg", samples / "astronaut.png")
    visit.page.goto(f"{server.url}/receipt")
    visit.page.wait_for_selector("#my-results li")
    yield visit
    context.close()


def test_results_of_this_device_are_listed_opened_deleted_and_cleared(listed: Visit, server: Server) -> None:
    page = listed.page
    first, second = (entry["receipt"] for entry in entries(page))
    items = page.locator("#my-results li")
    expect(items).to_have_count(2)
    expect(items.first.locator("img")).to_be_visible()
    violations = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations] == []
    with page.expect_download() as saved:
        page.click("#my-results [data-do=save]")
    rows = json.loads(Path(saved.value.path()).read_text())
    assert [row["receipt"] for row in rows] == [first, second]
    assert rows[0]["link"] == f"{server.url}/receipt#{first}"
    # The question has a way out, which is a no
    items.first.get_by_text(WORDS.delete).click()
    page.keyboard.press("Escape")
    expect(items).to_have_count(2)
    items.first.get_by_text(WORDS.delete).click()
    page.locator("#my-results [data-do=sure]").click()
    expect(page.locator("#my-results .lens-done")).to_have_text(WORDS.deleted)
    expect(items).to_have_count(1)
    assert httpx.get(f"{server.url}/api/v1/results/{first}").status_code == 404
    items.first.get_by_text(WORDS.open, exact=True).click()
    page.wait_for_selector("#stored-head .lens-head", timeout=30_000)
    # A page that shows a result has no field for another link
    expect(page.locator("#receipt")).to_be_hidden()
    expect(page.locator("#my-results")).to_be_hidden()
    page.goto(f"{server.url}/receipt")
    items.first.get_by_text(WORDS.remove).click()
    expect(page.locator("#my-results .lens-none")).to_have_text(WORDS.empty)
    assert httpx.get(f"{server.url}/api/v1/results/{second}").status_code == 200
    assert listed.complaints == []
    assert listed.foreign == []


def expect_centred_dialog(page: Page) -> None:
    """Check that the open dialog is in the middle of the window and accessible."""
    box = page.locator("#my-results dialog").bounding_box()
    window = page.viewport_size
    assert box is not None
    assert window is not None
    assert box["x"] + box["width"] / 2 == pytest.approx(window["width"] / 2, abs=10)
    assert box["y"] + box["height"] / 2 == pytest.approx(window["height"] / 2, abs=10)
    # Colours fade
    page.wait_for_timeout(300)
    violations = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations] == []


def test_a_removed_result_does_not_come_back_with_a_late_answer(listed: Visit) -> None:
    """A stability check may end after the visitor has deleted the result."""
    page = listed.page
    removed, kept = entries(page)
    page.evaluate("receipt => window.lens.results.remove(receipt)", removed["receipt"])
    late = {"job": removed["job"], "results": [removed, {**kept, "state": "unstable"}], "deleted": ""}
    page.evaluate("late => window.lens.results.settle(late)", late)
    assert [(entry["receipt"], entry["state"]) for entry in entries(page)] == [(kept["receipt"], "unstable")]


def test_the_switch_clears_the_list_and_nothing_is_kept_afterwards(
    listed: Visit, server: Server, samples: Path
) -> None:
    page = listed.page
    page.uncheck("#my-results-on")
    for theme in ("light", "dark"):
        page.evaluate(f"document.body.classList.toggle('dark', {str(theme == 'dark').lower()})")
        expect_centred_dialog(page)
    page.locator("#my-results [data-do=cancel]").click()
    expect(page.locator("#my-results-on")).to_be_checked()
    page.locator("#my-results-on").click()
    page.locator("#my-results [data-do=sure]").click()
    expect(page.locator("#my-results .lens-none")).to_have_text(WORDS.off)
    assert entries(page) == []
    listed.open()
    listed.analyse(samples / "astronaut.png")
    assert entries(page) == []
    assert page.locator("#link :is(input, textarea)").first.input_value()


def test_an_empty_field_is_answered(browser: Browser, server: Server) -> None:
    context = browser.new_context()
    page = Visit(context.new_page(), server).page
    page.goto(f"{server.url}/receipt")
    page.click("#show")
    expect(page.locator("#stored-result")).to_contain_text(WORDS.no_link, timeout=30_000)
    context.close()


def test_a_deletion_can_be_called_off_and_is_announced_once(visit: Visit, samples: Path) -> None:
    visit.analyse(samples / "astronaut.png")
    page = visit.page
    page.click("#delete")
    page.click("#delete-cancel")
    expect(page.locator("#delete-sure")).to_be_hidden()
    page.wait_for_function("document.activeElement.id === 'delete'")
    page.click("#delete")
    page.click("#delete-sure")
    expect(page.locator("#deleted")).to_contain_text(TEXTS.deleted)
    assert page.locator("body").inner_text().count(TEXTS.deleted) == 1
    assert entries(page) == []


def test_an_answer_that_overtakes_the_id_of_its_call_is_kept(
    visit: Visit, samples: Path, tmp_path: Path
) -> None:
    """The id comes with the answer to the request, the result on an open stream: either may be first."""

    def delay(route: Route) -> None:
        answer = route.fetch()
        time.sleep(1)
        route.fulfill(response=answer)

    visit.analyse(long_clip(samples, tmp_path / "clip.mp4", count=200))
    page = visit.page
    assert len(entries(page)) == 1
    page.click("#delete")
    # The overlay keeps the stream open.
    page.click("#make-clip")
    page.wait_for_selector("#make-clip[disabled]")
    page.route("**/queue/join*", delay)
    page.click("#delete-sure")
    expect(page.locator("#deleted")).to_contain_text(TEXTS.deleted)
    assert entries(page) == []


def test_paper_has_the_result_without_the_form(visit: Visit, samples: Path) -> None:
    visit.analyse(samples / "astronaut.png")
    visit.page.emulate_media(media="print")
    for selector in ("#headline .lens-head", "#picture .lens-stage", "#link", "#faces .lens-face"):
        expect(visit.page.locator(selector).first).to_be_visible()
    for selector in ("#file", "#analyse", "#delete", "#feedback"):
        expect(visit.page.locator(selector)).to_be_hidden()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("NotAllowedError", WORDS.camera_refused),
        ("NotFoundError", WORDS.camera_missing),
        ("NotReadableError", WORDS.camera_busy),
    ],
)
def test_a_camera_that_cannot_be_used_is_explained(
    browser: Browser, server: Server, error: str, message: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    # The machine of the tests has no camera, so the browser's own answer is given by hand.
    page.add_init_script(
        "MediaDevices.prototype.getUserMedia = () => "
        f"Promise.reject(new DOMException('no camera', '{error}'));"
    )
    page.goto(server.url)
    page.get_by_role("tab", name=TEXTS.camera).click()
    page.locator("#camera [title='grant webcam access'] button").click()
    expect(page.locator("#camera-message")).to_have_text(message, timeout=10_000)
    context.close()


@pytest.mark.parametrize(("code", "locale"), [("zh", "zh-CN"), ("de", "de-AT")])
def test_a_browser_gets_its_language_until_its_visitor_chooses(
    browser: Browser, server: Server, code: str, locale: str
) -> None:
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.goto(server.url)
    page.wait_for_selector("#analyse")
    assert page.url == f"{server.url}/{code}"
    assert str(page.locator("html").get_attribute("lang")).startswith(code)
    page.get_by_role("link", name="English").click()
    page.wait_for_selector(f"#analyse:has-text('{TEXTS.analyse}')")
    page.reload()
    page.wait_for_selector(f"#analyse:has-text('{TEXTS.analyse}')")
    context.close()


def test_shared_links_name_the_page_and_show_its_icon(server: Server) -> None:
    with httpx.Client(base_url=server.url, timeout=60) as http:
        for path, page in page_descriptions().items():
            source = http.get(f"/{path}").text
            head = source.partition("</head>")[0]
            tags = re.findall(r"<meta [^>]*>", head)
            assert not [tag for tag in tags if "Gradio" in tag or "{url}" in tag]
            shared = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', head))
            texts = [html.unescape(shared[name]) for name in ("title", "description")]
            assert texts == [page.title, page.description]
            assert shared["url"] == f"{server.url}/{path}"
            assert re.search(rf'<html\s+lang="{page.code}"', source)
            assert head.count("og:title") == 1
            alternates = re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', head)
            assert alternates == [(code, f"{server.url}{place}") for code, place in page.alternates]
            own = next(place for code, place in alternates if code == page.code)
            assert http.get(own).text.partition("og:title")[2][:120] == source.partition("og:title")[2][:120]
    icon = httpx.get(f"{server.url}/icon.png")
    assert icon.headers["content-type"] == "image/png"
    assert f'content="{server.url}/icon.png"' in httpx.get(server.url).text


def test_unknown_addresses_show_people_a_page(server: Server) -> None:
    page = httpx.get(f"{server.url}/nowhere", headers={"accept": "text/html"})
    assert (page.status_code, WORDS.not_found in page.text) == (404, True)
    assert httpx.get(f"{server.url}/nowhere").json() == {"detail": "Not Found"}
