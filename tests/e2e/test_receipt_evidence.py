"""Browser tests of the evidence on the receipt page: as far as the file is kept, it is the result page's."""

from __future__ import annotations

import io
import json
from pathlib import Path

import httpx
import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, ROOMY, Visit
from webapp.texts import LANGUAGES
from webapp.ui.pages.analyse.layout import EXAMPLES
from webapp.ui.pages.receipt_evidence import kept_file_address

ENGLISH = LANGUAGES["en"]
WORDS = ENGLISH.device
BOTH_SIZES = pytest.mark.parametrize("visit", [ROOMY, PHONE], indirect=True, ids=["desktop", "phone"])


def open_receipt(visit: Visit, path: Path, *, consent: bool) -> str:
    """Analyse a file, open the page of its receipt and return the receipt."""
    page = visit.page
    if consent:
        page.get_by_label(ENGLISH.consent).check()
    visit.analyse(path)
    page.wait_for_selector("#faces .lens-strip", timeout=120_000)
    link = page.locator("#link :is(input, textarea)").first.input_value()
    page.goto(link)
    page.wait_for_selector("#stored-head .lens-head", timeout=60_000)
    return link.partition("#")[2]


def expect_accessible(page: Page) -> None:
    violations = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations] == []


def expect_no_sideways_scroll(page: Page) -> None:
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


@BOTH_SIZES
def test_a_kept_photo_has_all_of_its_evidence_until_it_is_deleted(
    visit: Visit, samples: Path, tmp_path: Path
) -> None:
    page = visit.page
    receipt = open_receipt(visit, samples / "two_people.jpg", consent=True)
    expect(page.locator("#receipt")).to_be_hidden()
    expect(page.get_by_text(ENGLISH.receipt_open)).to_be_visible()
    expect(page.get_by_text(ENGLISH.receipt_help)).to_be_hidden()
    page.wait_for_selector("#picture .lens-stage", timeout=60_000)
    expect(page.locator("#picture .lens-box")).to_have_count(2)
    expect(page.locator("#faces .lens-gauge")).to_have_count(2)
    # A close-up and the same one with its heatmap
    expect(page.locator("#faces .lens-close-ups img")).to_have_count(4)
    expect(page.locator("#faces .lens-why")).to_have_count(2)
    # The stability check of every face, which unfolds
    strips = page.locator("#faces .lens-strip")
    expect(strips).to_have_count(2)
    strips.first.locator("summary").click()
    expect(strips.first).to_contain_text(ENGLISH.stability_names["half_size"])
    # A box leads to its card
    page.locator("#picture .lens-box").first.click()
    page.wait_for_function("document.activeElement.id === 'face-1'")
    assert page.locator("#picture img, #faces img").evaluate_all(
        "images => images.every((image) => image.src.startsWith('data:'))"
    )
    expect_no_sideways_scroll(page)
    expect_accessible(page)
    with page.expect_download(timeout=120_000) as saved:
        page.click("#report-pdf")
    report = pypdf.PdfReader(io.BytesIO(Path(saved.value.path()).read_bytes()))
    assert ENGLISH.stability_names["half_size"] in " ".join(part.extract_text() for part in report.pages)
    with page.expect_download(timeout=120_000) as saved:
        page.click("#report-json")
    assert len(json.loads(Path(saved.value.path()).read_text())["faces"]) == 2
    address = f"{visit.server.url}{kept_file_address(receipt)}"
    assert httpx.get(address).headers["x-robots-tag"] == "noindex"
    page.click("#delete")
    page.click("#delete-sure")
    expect(page.locator("#stored-head")).to_contain_text(ENGLISH.deleted, timeout=30_000)
    expect(page.locator("#stored-result img")).to_have_count(0)
    expect(page.locator("#report-pdf")).to_be_hidden()
    # Nothing is open, and there is no field for a link
    for sentence in (ENGLISH.receipt_open, ENGLISH.receipt_help):
        expect(page.get_by_text(sentence)).to_be_hidden()
    assert httpx.get(address).status_code == 404
    page.reload()
    expect(page.locator("#stored-head")).to_contain_text(ENGLISH.refusals["unknown_receipt"], timeout=30_000)
    expect(page.locator("#stored-result img")).to_have_count(0)
    expect_accessible(page)
    page.goto(f"{visit.server.url}/receipt")
    expect(page.get_by_text(ENGLISH.receipt_help)).to_be_visible()
    expect(page.get_by_text(ENGLISH.receipt_open)).to_be_hidden()
    assert visit.complaints == []
    assert visit.foreign == []


@BOTH_SIZES
def test_a_photo_that_is_not_kept_has_its_gauges_and_says_why_there_is_no_more(
    visit: Visit, samples: Path
) -> None:
    page = visit.page
    receipt = open_receipt(visit, samples / "two_people.jpg", consent=False)
    expect(page.get_by_text(WORDS.evidence_not_kept)).to_be_visible()
    expect(page.locator("#faces .lens-gauge")).to_have_count(2)
    expect(page.locator("#stored-details")).to_contain_text(ENGLISH.file_not_kept)
    expect(page.locator("#stored-details")).to_contain_text(ENGLISH.stability_of_file["title"])
    expect(page.locator("#stored-result img")).to_have_count(0)
    expect(page.locator("#report-pdf")).to_be_hidden()
    expect_no_sideways_scroll(page)
    expect_accessible(page)
    answer = httpx.get(f"{visit.server.url}{kept_file_address(receipt)}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_kept")
    assert visit.complaints == []


@BOTH_SIZES
def test_a_kept_clip_has_its_player_timeline_and_moments(visit: Visit) -> None:
    page = visit.page
    open_receipt(visit, EXAMPLES / "clip.mp4", consent=True)
    page.wait_for_selector("#moments .lens-stage", timeout=60_000)
    expect(page.locator("#timeline svg[role=img]")).to_be_visible()
    expect(page.locator("#faces .lens-strip")).to_have_count(1)
    page.wait_for_function("document.querySelector('.lens-player video').readyState >= 1", timeout=30_000)
    tour = page.locator("#moments .lens-tour").last
    seconds = float(tour.get_attribute("data-seek") or -1)
    tour.click()
    now = page.evaluate("document.querySelector('.lens-player video').currentTime")
    assert now == pytest.approx(seconds, abs=0.05)
    expect_no_sideways_scroll(page)
    expect_accessible(page)
    assert visit.complaints == []
    assert visit.foreign == []


def test_a_late_answer_about_another_result_is_not_shown(visit: Visit, samples: Path) -> None:
    page = visit.page
    open_receipt(visit, samples / "two_people.jpg", consent=True)
    page.wait_for_selector("#picture .lens-stage", timeout=60_000)
    page.click("#delete")
    # The evidence is asked for again, and the result is deleted before the answer arrives.
    page.reload()
    page.wait_for_selector("#stored-head .lens-head", timeout=60_000)
    page.click("#delete")
    page.click("#delete-sure")
    expect(page.locator("#stored-head")).to_contain_text(ENGLISH.deleted, timeout=60_000)
    page.wait_for_timeout(3000)
    expect(page.locator("#stored-result img")).to_have_count(0)
