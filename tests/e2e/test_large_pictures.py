"""A photo of 60 megapixels over HTTP, in the report and at the desk: places are those of the original."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from laanet_core.inference.detector import Detector
from laanet_core.media.images import MAX_PIXELS
from tests.conftest import Server
from tests.desks import close_all, keep, open_on, session_of
from tests.e2e.conftest import ROOMY, Visit
from webapp.ui.auth import cookies
from webapp.ui.desk import DESK

WIDTH, HEIGHT = 7000, 8600


@pytest.fixture(scope="module")
def photo(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert WIDTH * HEIGHT > MAX_PIXELS
    path = tmp_path_factory.mktemp("large") / "photo.jpg"
    with Image.open(samples / "official_portrait_2012.jpg") as portrait:
        portrait.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR).save(path, quality=60)
    return path


@pytest.fixture(scope="module")
def expected_box(detector: Detector, samples: Path) -> list[float]:
    """Return the box of the sample's face in shares of its width and height."""
    result = detector.analyse_file(samples / "official_portrait_2012.jpg")
    assert result.size is not None
    return [place / side for place, side in zip(result.faces[0].box, 2 * result.size, strict=True)]


def test_places_over_http_are_those_of_the_original(
    desk_server: Server, photo: Path, expected_box: list[float]
) -> None:
    response = httpx.post(f"{desk_server.url}/api/v1/analyse", content=photo.read_bytes(), timeout=120)
    result = response.json()
    assert (response.status_code, result["outcome"]) == (200, "verdict")
    box = [place / side for place, side in zip(result["faces"][0]["box"], [WIDTH, HEIGHT] * 2, strict=True)]
    assert box == pytest.approx(expected_box, abs=0.03)


def test_report_shows_the_face(browser: Browser, desk_server: Server, photo: Path) -> None:
    context = browser.new_context(viewport=ROOMY)
    visit = Visit(context.new_page(), desk_server).open()
    visit.analyse(photo)
    with visit.page.expect_download() as handed:
        visit.page.click("#report-pdf")
    report = Path(handed.value.path()).read_bytes()
    pages = PdfReader(io.BytesIO(report)).pages
    # The picture is shrunk for the report.
    assert any(page.images for page in pages)
    assert len(report) < 5_000_000
    context.close()


def test_desk_places_the_box_over_the_face(
    browser: Browser, desk_server: Server, photo: Path, expected_box: list[float]
) -> None:
    close_all(desk_server)
    open_on(desk_server, keep(desk_server, photo))
    context = browser.new_context(viewport=ROOMY)
    context.add_cookies(
        [{"name": cookies.SESSION, "value": session_of(desk_server, "mia"), "url": desk_server.url}]
    )
    page = context.new_page()
    page.goto(f"{desk_server.url}{DESK}/")
    page.wait_for_selector(".desk-view[data-shown]:not(.desk-loading)", timeout=60_000)
    page.wait_for_selector(".desk-boxes span")
    assert shown_box(page) == pytest.approx(expected_box, abs=0.03)
    context.close()


def shown_box(page: Page) -> list[float]:
    """Return the box (x1, y1, x2, y2) that is drawn over the picture, in shares of its width and height."""
    places: Any = page.evaluate(
        """() => {
            const picture = document.querySelector(".desk-picture").getBoundingClientRect();
            const box = document.querySelector(".desk-boxes span").getBoundingClientRect();
            return [
                (box.left - picture.left) / picture.width,
                (box.top - picture.top) / picture.height,
                (box.right - picture.left) / picture.width,
                (box.bottom - picture.top) / picture.height,
            ];
        }"""
    )
    return list(places)
