"""Browser tests of a clip's result: player beside the chart, moments, headline and coverage."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server
from tests.e2e.conftest import PHONE, ROOMY, Visit
from webapp.ui.pages.analyse.layout import EXAMPLES

# A player that can seek
READY = "document.querySelector('.lens-player video')?.readyState >= 1"
NOW = "document.querySelector('.lens-player video').currentTime"
IN_VIEW = """() => {
    const box = document.querySelector('.lens-player video').getBoundingClientRect();
    return box.height > 60 && box.top >= -1 && box.bottom <= innerHeight + 1;
}"""


@pytest.fixture(scope="module")
def visit_of_clip(browser: Browser, server: Server) -> Iterator[Visit]:
    """One result of a clip for all tests of this module."""
    context = browser.new_context(viewport=ROOMY, reduced_motion="reduce")
    visit = Visit(context.new_page(), server).open()
    visit.analyse(EXAMPLES / "clip.mp4")
    visit.page.wait_for_function(READY, timeout=30_000)
    yield visit
    context.close()


@pytest.fixture
def page(visit_of_clip: Visit) -> Page:
    visit_of_clip.page.set_viewport_size(ROOMY)
    return visit_of_clip.page


def test_the_headline_says_which_part_and_how_much_was_looked_at(page: Page) -> None:
    title = page.inner_text("#headline h2")
    assert re.fullmatch(r"Part of this clip looks manipulated \(0:0[23] to 0:06\)", title)
    expect(page.locator("#headline")).to_contain_text(
        re.compile(r"6\.0 of 6\.0 s were looked at, on \d+ frames")
    )
    expect(page.locator("#moments h3")).to_have_text("Highest-scoring moments")


def test_the_visitors_own_file_plays_and_nothing_is_downloaded(visit_of_clip: Visit) -> None:
    address = visit_of_clip.page.locator(".lens-player video").get_attribute("src")
    assert address is not None
    assert address.startswith("blob:")
    assert visit_of_clip.foreign == []


@pytest.mark.parametrize("size", [ROOMY, PHONE], ids=["desktop", "phone"])
def test_every_way_to_seek_keeps_the_player_in_view(page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    for button in page.locator("#moments [data-seek]").all():
        button.click()
        time = float(button.get_attribute("data-seek") or 0)
        assert page.evaluate(NOW) == pytest.approx(time, abs=0.05)
        assert page.evaluate(IN_VIEW)
    chart = page.locator("#timeline svg[role=img]")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    # The sticky player may cover a part of the chart's upper half
    chart.click(position={"x": box["width"] * 0.5, "y": box["height"] * 0.8})
    assert page.evaluate(IN_VIEW)
    slider = page.get_by_label("Position in the video")
    slider.focus()
    page.keyboard.press("End")
    last = float(page.locator(".lens-timeline").get_attribute("data-last") or 0)
    assert page.evaluate(NOW) == pytest.approx(last, abs=0.1)
    page.keyboard.press("Home")
    assert page.evaluate(NOW) == 0
    assert page.evaluate(IN_VIEW)


def test_player_and_chart_stand_side_by_side(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    player = page.locator("#player-column").bounding_box()
    chart = page.locator("#timeline").bounding_box()
    assert player is not None
    assert chart is not None
    assert player["x"] + player["width"] <= chart["x"] + 1
    names = page.locator("#timeline .lens-band-name").all_text_contents()
    assert names == ["manipulated", "inconclusive", "no sign"]
