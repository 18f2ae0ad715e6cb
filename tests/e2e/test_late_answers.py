"""Browser tests of answers that arrive when the page shows other files."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.conftest import Server
from tests.e2e.conftest import Visit
from tests.e2e.test_analyse_page import long_clip
from tests.waiting import wait_for
from webapp.texts import LANGUAGES

TEXTS = LANGUAGES["en"]
# Milliseconds in which an answer that the server has given reaches the page.
ARRIVAL = 2000


def wait_until_idle(server: Server) -> None:
    wait_for(lambda: not httpx.get(f"{server.url}/healthz", timeout=30).json()["running"])


def test_the_result_of_an_earlier_file_is_not_shown_but_kept(
    visit: Visit, server: Server, samples: Path, tmp_path: Path
) -> None:
    page = visit.page
    visit.choose(long_clip(samples, tmp_path / "clip.mp4", count=90, side=720))
    page.click("#analyse")
    expect(page.locator("#headline .progress-level")).to_be_visible(timeout=30_000)
    visit.choose(samples / "astronaut.png")
    wait_until_idle(server)
    page.wait_for_selector("#analyse:not([disabled])", timeout=60_000)
    page.wait_for_timeout(ARRIVAL)
    assert page.locator("#faces .lens-face").count() == 0
    expect(page.locator("#next")).to_be_hidden()
    [entry] = json.loads(page.evaluate("localStorage.getItem('lens-results')"))
    assert entry["kind"] == "video"
    assert httpx.get(f"{server.url}/api/v1/results/{entry['receipt']}").status_code == 200


def test_the_overlay_of_an_earlier_clip_is_not_shown(
    visit: Visit, server: Server, samples: Path, tmp_path: Path
) -> None:
    page = visit.page
    clip = long_clip(samples, tmp_path / "clip.mp4", count=90, side=720)
    visit.analyse(clip)
    page.click("#make-clip")
    visit.choose(samples / "astronaut.png")
    visit.press()
    page.wait_for_timeout(2 * ARRIVAL)
    expect(page.locator("#clip video")).to_have_count(0)
    expect(page.locator("#make-clip")).to_be_hidden()
