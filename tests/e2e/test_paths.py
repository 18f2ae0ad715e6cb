"""A person's paths through the pages, one walk per situation; every stop is photographed and looked over.

The pictures lie in artifacts/screenshots, at desktop and phone width, light and dark.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, expect
from sqlalchemy import create_engine, text

from tests.conftest import ROOT, Server
from tests.e2e.conftest import PHONE, ROOMY, Visit
from tests.e2e.test_analyse_page import long_clip
from webapp.texts import LANGUAGES
from webapp.texts.addresses import address
from webapp.ui.pages.analyse.layout import EXAMPLES

PICTURES = ROOT / "artifacts" / "screenshots"
ENGLISH, CHINESE = LANGUAGES["en"], LANGUAGES["zh"]
WIDER = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"


class Walk(Visit):
    """Visit with screenshots in both widths and both colour modes.

    axe-core checks two of the four screenshots, or all four with `every`.
    """

    def stop(self, name: str, *, wait: str = "", every: bool = False) -> None:
        """Take screenshots. Fail if the page is wider than the screen or has accessibility violations."""
        if wait:
            self.page.wait_for_selector(wait, timeout=120_000)
        for shown, size in (("desktop", ROOMY), ("phone", PHONE)):
            self.page.set_viewport_size({"width": size["width"], "height": size["height"]})
            for theme in ("light", "dark"):
                self.page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
                # Colours fade
                self.page.wait_for_timeout(250)
                self.page.screenshot(path=PICTURES / f"{name}-{shown}-{theme}.png", full_page=True)
                if every or (shown, theme) in (("desktop", "light"), ("phone", "dark")):
                    assert self.violations() == [], f"{name}, {shown}, {theme}"
            widths = self.page.evaluate(WIDER)
            assert widths[0] <= widths[1], f"{name}, {shown}"
        self.page.evaluate("document.body.classList.remove('dark')")
        self.page.set_viewport_size({"width": ROOMY["width"], "height": ROOMY["height"]})

    def violations(self) -> list[str]:
        """Return the violations of every level, each with the first affected element."""
        violations = Axe().run(self.page).response["violations"]
        return [f"{v['id']}: {v['nodes'][0]['html'][:300]}" for v in violations]

    def link(self) -> str:
        return self.page.locator("#link input, #link textarea").first.input_value()


@pytest.fixture
def walk(browser: Browser, server: Server) -> Iterator[Walk]:
    PICTURES.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(viewport=ROOMY)
    walking = Walk(context.new_page(), server)
    yield walking.open()
    context.close()
    assert walking.complaints == []
    assert walking.foreign == []


def test_a_photo_from_the_file_to_the_deletion(walk: Walk) -> None:
    page = walk.page
    walk.stop("welcome")
    walk.analyse(EXAMPLES / "astronaut-self-blended.jpg")
    page.get_by_label(ENGLISH.vulnerable_points).check()
    walk.stop("photo", wait="#faces .lens-strip", every=True)
    page.get_by_role("button", name=ENGLISH.consistency).click()
    page.get_by_role("button", name=ENGLISH.limits_title).click()
    page.get_by_role("button", name=ENGLISH.model_title).click()
    page.get_by_role("button", name=ENGLISH.region).click()
    page.get_by_label("Disagree").check()
    page.get_by_label("Eyes", exact=True).check()
    page.locator("#note textarea").fill("It is my own picture; nothing was changed.")
    page.get_by_role("button", name=ENGLISH.region_box).click()
    expect(page.locator("#region [role=status]")).to_contain_text(ENGLISH.region_some)
    walk.stop("photo-opened", wait="#consistency img")
    page.click("#send")
    expect(page.locator("#thanks")).to_contain_text(ENGLISH.thanks, timeout=30_000)
    page.click("#delete")
    expect(page.locator("#delete-sure")).to_be_visible()
    walk.stop("photo-voted")
    page.goto(walk.link())
    walk.stop("receipt", wait="#stored-head .lens-head", every=True)
    page.click("#delete")
    page.click("#delete-sure")
    expect(page.locator("#stored-result")).to_contain_text(ENGLISH.deleted)
    walk.stop("receipt-deleted")


def test_several_photos_one_of_which_is_deleted(walk: Walk, samples: Path, tmp_path: Path) -> None:
    page = walk.page
    words = tmp_path / "holiday in Kraków, the third day (edited, final version 2).jpg"
    words.write_text("no picture")
    walk.analyse(samples / "two_people.jpg", samples / "astronaut.png", words)
    walk.stop("several", wait="#faces .lens-strip")
    first = walk.link()
    page.locator("#chooser label").nth(1).click()
    page.wait_for_function("first => document.querySelector('#link textarea').value !== first", arg=first)
    page.wait_for_selector("#faces .lens-strip", timeout=60_000)
    page.get_by_label("Not sure").check()
    page.locator("#note textarea").fill("said before the other one went")
    page.click("#send")
    expect(page.locator("#thanks")).to_contain_text(ENGLISH.thanks)
    second, strip = walk.link(), page.inner_text("#faces")
    page.locator("#chooser label").nth(0).click()
    expect(page.locator("#faces tbody tr")).to_have_count(2)
    page.click("#delete")
    page.click("#delete-sure")
    expect(page.locator("#deleted")).to_contain_text(ENGLISH.deleted_next, timeout=30_000)
    expect(page.locator("#file .filename")).to_have_count(2)
    walk.stop("several-one-deleted", wait="#faces .lens-strip")
    assert walk.link() == second
    assert page.inner_text("#faces") == strip
    assert page.locator("#note textarea").input_value() == "said before the other one went"
    assert page.get_by_label("Not sure").is_checked()
    page.goto(first)
    expect(page.locator("#stored-result")).to_contain_text(
        ENGLISH.refusals["unknown_receipt"], timeout=30_000
    )


def test_a_clip(walk: Walk) -> None:
    walk.analyse(EXAMPLES / "clip.mp4")
    walk.page.click("#make-clip")
    walk.page.wait_for_function(
        "(document.querySelector('#clip video') || {}).readyState >= 2", timeout=120_000
    )
    walk.stop("clip", wait="#faces .lens-strip")


def test_what_cannot_be_judged(walk: Walk, tmp_path: Path) -> None:
    grey, words = tmp_path / "grey.png", tmp_path / "words.jpg"
    Image.new("RGB", (640, 400), "grey").save(grey)
    words.write_text("no picture")
    assert ENGLISH.outcomes["no_face"][0] in walk.analyse(grey)
    walk.stop("no-face")
    assert "Code: unsupported_type" in walk.analyse(words)
    walk.stop("rejected")


def test_clips_that_are_stopped_on_the_way(walk: Walk, samples: Path, tmp_path: Path) -> None:
    page, before = walk.page, analyses(walk.server)
    first = long_clip(samples, tmp_path / "1.mp4", count=60, side=256)
    walk.choose(first, *(shutil.copy(first, tmp_path / f"{number}.mp4") for number in range(2, 11)))
    page.click("#analyse")
    expect(page.locator("#headline .progress-level")).to_contain_text(
        re.compile(r"File \d+ of 10: .+, about \d+ s left"), timeout=60_000
    )
    page.screenshot(path=PICTURES / "under-way-desktop-light.png", full_page=True)
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    expect(page.locator("#under-way .progress-level")).to_be_visible()
    page.screenshot(path=PICTURES / "under-way-phone-light.png")
    page.click("#stop")
    expect(page.locator("#headline .html-container")).to_contain_text(ENGLISH.stopped, timeout=60_000)
    walk.stop("stopped")
    assert analyses(walk.server) == before  # nothing is kept of the clips that were answered already


def analyses(server: Server) -> int:
    engine = create_engine(f"sqlite:///{server.database}")
    with engine.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM analysis")).scalar()
    engine.dispose()
    return int(count or 0)


def test_the_chinese_pages(walk: Walk, samples: Path) -> None:
    page = walk.page
    walk.open(place=address(CHINESE, ""))
    walk.stop("chinese-welcome")
    walk.analyse(samples / "two_people.jpg")
    walk.stop("chinese-photo", wait="#faces .lens-strip")
    with page.expect_download() as pdf:
        page.click("#report-pdf")
    report = PICTURES.parent / "report-zh.pdf"
    pdf.value.save_as(report)
    assert "照片报告" in "".join(
        part.extract_text() for part in pypdf.PdfReader(io.BytesIO(report.read_bytes())).pages
    )
    page.get_by_label(CHINESE.votes["not_sure"]).check()
    page.locator("#note textarea").fill("我不知道。")
    page.click("#send")
    expect(page.locator("#thanks")).to_contain_text(CHINESE.thanks, timeout=30_000)
    page.goto(walk.link())
    walk.stop("chinese-receipt", wait="#stored-head .lens-head")
    assert not re.search("[A-Za-z]{12,}", page.inner_text("#stored-result"))
