"""Browser tests of the layout: no clipped text, no number on a face, visible checkboxes, no jumps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import Server
from tests.e2e.conftest import PHONE, ROOMY, Visit
from tests.e2e.test_analyse_page import luminance
from webapp.ui.pages.analyse.layout import EXAMPLES

TABLET = {"width": 800, "height": 1000}
CROWD = EXAMPLES / "crowd.jpg"

# Texts of the result that reach past their table, card or column, where they would be clipped
TEXTS = "#result :is(h2, h3, p, b, span, strong, th, td)"
CLIPPED = """(texts) => [...document.querySelectorAll(texts)].filter((element) => {
    if (!element.offsetParent || !element.textContent.trim()) return false;
    if (element.closest('.lens-unseen, thead, .lens-stage, #data')) return false;
    const words = document.createRange();
    words.selectNodeContents(element);
    const frame = element.closest('.lens-table, .lens-card, #result').getBoundingClientRect();
    return words.getBoundingClientRect().right > Math.min(frame.right, innerWidth) + 1;
}).map((element) => element.textContent.slice(0, 60))"""
COVERED = """() => [...document.querySelectorAll('#picture .lens-box')].map((box) => {
    const face = box.getBoundingClientRect(), label = box.querySelector('b').getBoundingClientRect();
    const stage = box.closest('.lens-stage').getBoundingClientRect();
    const width = Math.min(face.right, label.right) - Math.max(face.left, label.left);
    const height = Math.min(face.bottom, label.bottom) - Math.max(face.top, label.top);
    const seen = label.top > stage.top - 1 && label.bottom < stage.bottom + 1;
    return { seen, share: Math.max(width, 0) * Math.max(height, 0) / (face.width * face.height) };
})"""
INSIDE = """() => {
    const place = document.querySelector('#deleted p').getBoundingClientRect();
    return place.top >= 0 && place.bottom <= innerHeight;
}"""


@pytest.fixture
def crowd(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Visit]:
    context = browser.new_context(viewport=request.param, reduced_motion="reduce")
    visit = Visit(context.new_page(), server).open()
    visit.analyse(CROWD)
    visit.page.wait_for_selector(".lens-strip", timeout=60_000)
    yield visit
    context.close()


def sizes(*found: Any) -> Any:
    return pytest.mark.parametrize(
        "crowd", found, indirect=True, ids=[f"{size['width']} wide" for size in found]
    )


@sizes(ROOMY, TABLET, PHONE)
def test_no_text_is_clipped_and_no_number_covers_a_face(crowd: Visit) -> None:
    assert crowd.page.locator(".lens-strip > summary > .lens-pill").count() == 4
    assert crowd.page.evaluate(CLIPPED, TEXTS) == []
    crowd.page.click("#faces .lens-exact > summary")
    table = crowd.page.locator("#faces .lens-table")
    assert table.evaluate("e => e.scrollWidth <= e.clientWidth")
    numbers = crowd.page.evaluate(COVERED)
    assert len(numbers) == 4
    assert all(number["seen"] and number["share"] < 0.25 for number in numbers), numbers


@sizes(ROOMY, PHONE)
def test_the_message_of_a_deletion_is_in_sight(crowd: Visit) -> None:
    crowd.page.click("#delete")
    crowd.page.click("#delete-sure")
    expect(crowd.page.locator("#deleted")).to_contain_text("Deleted")
    crowd.page.wait_for_function(INSIDE, timeout=10_000)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_edge_of_an_unticked_checkbox_is_visible(browser: Browser, server: Server, theme: str) -> None:
    context = browser.new_context()
    page = Visit(context.new_page(), server).open(theme).page
    box = page.locator("#consent input")
    expect(box).not_to_be_checked()
    edge, ground = (
        luminance(box.evaluate(f"e => getComputedStyle(e).{name}"))
        for name in ("borderTopColor", "backgroundColor")
    )
    # WCAG 1.4.11
    assert (max(edge, ground) + 0.05) / (min(edge, ground) + 0.05) >= 3
    context.close()


@sizes(ROOMY)
def test_the_receipt_page_does_not_jump(crowd: Visit) -> None:
    link = crowd.page.locator("#link :is(input, textarea)").input_value()
    places = []
    crowd.page.goto(re.sub("#.*", "", link))
    main = crowd.page.locator("main.contain")
    crowd.page.wait_for_selector("#show")
    places.append(main.evaluate("e => [e.getBoundingClientRect().left, e.getBoundingClientRect().right]"))
    crowd.page.fill("#receipt :is(input, textarea)", link)
    crowd.page.click("#show")
    crowd.page.wait_for_selector("#stored-head .lens-head")
    places.append(main.evaluate("e => [e.getBoundingClientRect().left, e.getBoundingClientRect().right]"))
    assert places[0] == places[1]
    left, right = places[0]
    assert left == pytest.approx(crowd.page.evaluate("document.documentElement.clientWidth") - right, abs=2)
