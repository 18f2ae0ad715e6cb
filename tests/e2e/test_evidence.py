"""Browser tests of the cards of faces and of the picture: boxes, zoom, divider, stability, keyboard."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ROOT, Server
from tests.e2e.conftest import ROOMY, Visit
from webapp.ui.pages.analyse.layout import EXAMPLES

# A page of 1280 x 900 at 200 %
DOUBLE = {"width": 640, "height": 450}
FOCUSED = "document.activeElement.id || document.activeElement.dataset.face || ''"
# Number of cells in each row of an open stability check
ROWS = """() => {
    const counts = {};
    for (const cell of document.querySelectorAll("#faces .lens-strip[open] li")) {
        const top = Math.round(cell.getBoundingClientRect().top);
        counts[top] = (counts[top] || 0) + 1;
    }
    return Object.values(counts);
}"""


@pytest.fixture(scope="module")
def visit_of_crowd(browser: Browser, server: Server) -> Iterator[Visit]:
    """One result with four faces for all tests of this module."""
    context = browser.new_context(viewport=ROOMY, reduced_motion="reduce")
    visit = Visit(context.new_page(), server).open()
    visit.analyse(EXAMPLES / "crowd.jpg")
    visit.page.wait_for_selector("#faces .lens-strip", timeout=60_000)
    yield visit
    context.close()


@pytest.fixture
def page(visit_of_crowd: Visit) -> Page:
    page = visit_of_crowd.page
    page.set_viewport_size(ROOMY)
    page.locator("[data-zoom='0']").click()
    return page


def zoom(page: Page) -> float:
    """Return the factor by which the picture is larger than its frame."""
    factor: float = page.locator("#picture .lens-viewport").evaluate(
        "e => e.querySelector('.lens-stage').getBoundingClientRect().width / e.clientWidth"
    )
    return factor


def test_one_screenshot_says_which_face_how_sure_why_and_what_it_does_not_mean(visit: Visit) -> None:
    visit.analyse(EXAMPLES / "astronaut-self-blended.jpg")
    page = visit.page
    page.evaluate("window.scrollTo(0, 0)")
    for place in (
        "#headline .lens-caveat",
        "#faces .lens-close-ups figure:nth-child(2) img",
        "#faces .lens-gauge",
        "#faces .lens-why",
    ):
        box = page.locator(place).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= ROOMY["height"], place
    decision = json.loads((ROOT / "laanet_core/starter/config.json").read_text())["decision"]
    for threshold in (decision["real_below"], decision["fake_above"]):
        expect(page.locator("#faces .lens-gauge-scale")).to_contain_text(f"{threshold:.0%}")
    expect(page.locator("#headline")).not_to_contain_text("0.9")


def test_a_box_leads_to_its_card_and_back(page: Page) -> None:
    page.locator("#picture .lens-box[data-face='3']").click()
    assert page.evaluate(FOCUSED) == "face-3"
    card = page.locator("#face-3").bounding_box()
    assert card is not None
    assert 0 <= card["y"] < ROOMY["height"] - 100
    page.locator("#face-3 .lens-to-box").click()
    assert page.evaluate(FOCUSED) == "3"
    box = page.locator("#picture .lens-box[data-face='3']").bounding_box()
    assert box is not None
    # A small box is enlarged
    assert box["width"] >= 72
    assert 0 <= box["y"] < ROOMY["height"]


def test_boxes_and_zoom_work_by_keyboard(page: Page) -> None:
    page.locator("#picture .lens-viewport").focus()
    page.keyboard.press("Tab")
    first = int(page.evaluate(FOCUSED))
    page.keyboard.press("ArrowRight")
    assert int(page.evaluate(FOCUSED)) == first % 4 + 1
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUSED) == f"face-{first}"
    viewport = page.locator("#picture .lens-viewport")
    viewport.focus()
    assert zoom(page) == pytest.approx(1, abs=0.01)
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert zoom(page) == pytest.approx(2, abs=0.05)
    before = viewport.evaluate("e => e.scrollLeft")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        f"document.querySelector('#picture .lens-viewport').scrollLeft > {before}", timeout=3000
    )
    page.keyboard.press("0")
    assert zoom(page) == pytest.approx(1, abs=0.01)


def test_the_picture_is_panned_with_the_mouse(page: Page) -> None:
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    viewport = page.locator("#picture .lens-viewport")
    viewport.scroll_into_view_if_needed()
    box = viewport.bounding_box()
    assert box is not None
    before = viewport.evaluate("e => [e.scrollLeft, e.scrollTop]")
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 60, middle[1] + 30)
    page.mouse.up()
    after = viewport.evaluate("e => [e.scrollLeft, e.scrollTop]")
    assert after == pytest.approx([before[0] + 60, before[1] - 30], abs=2)


def test_the_divider_is_visible_and_can_be_dragged(page: Page) -> None:
    handle = page.locator("#picture .lens-divider i")
    expect(handle).to_be_visible()
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    stage = page.locator("#picture .lens-stage").bounding_box()
    assert box is not None
    assert stage is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(stage["x"] + stage["width"] * 0.4, y)
    page.mouse.up()
    assert page.get_by_label("Original and heatmap").input_value() == "40"
    line = page.locator("#picture .lens-divider").bounding_box()
    assert line is not None
    assert line["x"] == pytest.approx(stage["x"] + stage["width"] * 0.4, abs=2)


@pytest.mark.parametrize("size", [ROOMY, DOUBLE, {"width": 360, "height": 700}], ids=["100", "200", "phone"])
def test_stability_unfolds_to_full_rows(page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    strip = page.locator("#faces .lens-strip").first
    assert strip.evaluate("e => e.querySelector('summary').getClientRects().length > 0 && !e.open")
    strip.locator("summary").click()
    rows = page.evaluate(ROWS)
    strip.locator("summary").click()
    assert sum(rows) == 6
    assert len(set(rows)) == 1, rows


def test_what_is_open_stays_open_when_the_check_arrives(visit: Visit) -> None:
    page = visit.page
    # The check is slow enough to open something before
    page.evaluate(
        """() => {
            window.originalArrive ??= window.lensArrive;
            const open = () => {
                const summary = document.querySelector('#faces .lens-exact > summary');
                if (!summary || !document.querySelector('#faces .lens-checking')) return;
                observer.disconnect();
                summary.click();
                summary.focus();
                window.wasChecking = true;
            };
            const observer = new MutationObserver(open);
            observer.observe(document.body, {childList: true, subtree: true});
        }"""
    )
    visit.analyse(EXAMPLES / "crowd.jpg")
    page.wait_for_selector("#faces .lens-strip", timeout=60_000)
    assert page.evaluate("window.wasChecking") is True
    assert page.locator("#faces .lens-exact").evaluate("e => e.open")
    page.wait_for_function(
        "document.activeElement.closest('.lens-exact') !== null && document.activeElement.matches('summary')",
        timeout=5000,
    )
