"""Browser tests of answers that arrive when the page shows other files."""

from __future__ import annotations

import json
import re
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
# Answers to calls without the queue, such as that to a change of files, arrive late.
_SLOW_ANSWERS = """
const fetchAtOnce = window.fetch.bind(window);
window.fetch = async (address, options) => {
    const answer = await fetchAtOnce(address, options);
    if (String(address.url || address).includes("/gradio_api/run/"))
        await new Promise((resolve) => setTimeout(resolve, 1000));
    return answer;
};
"""
# Ids of the calls to which the queue has sent the answer.
_NOTE_ANSWERS = """() => {
    window.answered = new Set();
    const parse = JSON.parse;
    JSON.parse = (...inputs) => {
        const value = parse(...inputs);
        if (value?.msg === "process_completed") window.answered.add(value.event_id);
        return value;
    };
}"""


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


def test_nothing_of_an_earlier_job_appears_after_a_stop(
    visit: Visit, server: Server, samples: Path, tmp_path: Path
) -> None:
    page = visit.page
    visit.analyse(long_clip(samples, tmp_path / "clip.mp4", count=90, side=720))
    page.evaluate(_NOTE_ANSWERS)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "queue/join" in request.url else None)
    # The overlay of the first job is drawn while the second one begins and is stopped.
    page.click("#make-clip")
    page.click("#analyse")
    page.click("#stop:not([disabled])")
    expect(page.locator("#headline")).to_contain_text(TEXTS.stopped, timeout=60_000)
    page.wait_for_selector("#analyse:not([disabled])", timeout=60_000)
    wait_for(lambda: page.evaluate("window.answered.size") >= len(sent) >= 2)
    wait_until_idle(server)
    page.wait_for_timeout(ARRIVAL)
    expect(page.locator("#headline")).to_have_text(TEXTS.stopped)
    for late in ("#clip video", "#faces .lens-face", "#moments .lens-view", "#timeline svg", ".lens-player"):
        expect(page.locator(late)).to_have_count(0)
    for late in ("#make-clip", "#next", "#feedback"):
        expect(page.locator(late)).to_be_hidden()
    visit.choose(samples / "astronaut.png")
    expect(page.locator("#headline")).not_to_contain_text(TEXTS.stopped)
    assert re.search(r"\d%", visit.press())
    expect(page.locator("#faces .lens-face")).to_have_count(1)
    expect(page.locator("#picture .lens-view")).to_have_count(1)
    for late in ("#clip video", "#moments .lens-view", ".lens-player"):
        expect(page.locator(late)).to_have_count(0)
    expect(page.locator("#file .file-preview")).not_to_contain_text("clip")
    assert visit.complaints == []


def test_late_answers_about_a_change_of_files_do_not_swallow_the_next_analysis(
    visit: Visit, samples: Path
) -> None:
    page = visit.page
    page.add_init_script(_SLOW_ANSWERS)
    visit.open()
    visit.choose(samples / "two_people.jpg")
    # The removal of the old file and the arrival of the new one are two changes.
    visit.choose(samples / "astronaut.png")
    assert re.search(r"\d%", visit.press())
    page.wait_for_timeout(ARRIVAL)
    expect(page.locator("#faces .lens-face")).to_have_count(1)
    # The actions know the result too.
    expect(page.locator("#next")).to_be_visible()
    # An example is replaced by a file that is chosen before its answer arrives.
    page.click("#example-2")
    visit.choose(samples / "two_people.jpg")
    page.wait_for_timeout(2 * ARRIVAL)
    expect(page.locator("#headline .lens-notice")).to_have_count(0)
    expect(page.locator("#faces .lens-face")).to_have_count(0)
    assert visit.complaints == []
