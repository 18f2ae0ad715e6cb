"""Browser tests of outages: the server is killed and restarted, or the network is cut."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import ROOMY, Visit
from tests.e2e.restarts import RestartableServer
from tests.e2e.test_analyse_page import long_clip
from webapp.texts import LANGUAGES

TEXTS = LANGUAGES["en"]


@pytest.fixture(scope="module")
def restartable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableServer]:
    with RestartableServer(tmp_path_factory.mktemp("restarts")) as running:
        yield running


@pytest.fixture
def visitor(browser: Browser, restartable: RestartableServer) -> Iterator[Visit]:
    context = browser.new_context(viewport=ROOMY)
    visit = Visit(context.new_page(), restartable.server).open()
    # A navigation would lose this mark.
    visit.page.evaluate("window.isFirstPage = true")
    yield visit
    context.close()


def receipt_of(page: Page) -> str:
    return page.locator("#link :is(input, textarea)").first.input_value().partition("#")[2]


def stored(page: Page) -> list[dict[str, str]]:
    """Return the results that the browser stores."""
    entries: list[dict[str, str]] = json.loads(page.evaluate("localStorage.getItem('lens-results') || '[]'"))
    return entries


def expect_first_page(page: Page) -> None:
    assert page.evaluate("window.isFirstPage === true")


def is_on_server(visit: Visit, receipt: str) -> bool:
    return httpx.get(f"{visit.server.url}/api/v1/results/{receipt}").status_code == 200


def test_a_click_while_the_server_is_away_is_answered_after_its_restart(
    visitor: Visit, restartable: RestartableServer, samples: Path
) -> None:
    visitor.analyse(samples / "astronaut.png")
    page = visitor.page
    headline = page.inner_text("#headline .lens-head")
    receipt = receipt_of(page)
    restartable.stop()
    page.check("#vote input[value=disagree]")
    page.click("#send")
    expect(page.locator("#lens-notice")).to_contain_text(TEXTS.device.lost, timeout=20_000)
    restartable.start()
    expect(page.locator("#thanks")).to_contain_text(TEXTS.thanks, timeout=60_000)
    expect_first_page(page)
    assert page.inner_text("#headline .lens-head") == headline
    feedback = httpx.get(f"{visitor.server.url}/api/v1/results/{receipt}").json()["feedback"]
    assert [vote["vote"] for vote in feedback] == ["disagree"]


def test_an_analysis_survives_a_restart(
    visitor: Visit, restartable: RestartableServer, samples: Path, tmp_path: Path
) -> None:
    page = visitor.page
    visitor.choose(long_clip(samples, tmp_path / "clip.mp4", count=90, side=720))
    page.click("#analyse")
    expect(page.locator("#headline .progress-level")).to_be_visible(timeout=30_000)
    [pending] = stored(page)
    assert pending["state"] == "pending"
    restartable.stop()
    restartable.start()
    page.wait_for_selector("#faces .lens-face", timeout=120_000)
    expect_first_page(page)
    [entry] = stored(page)
    assert entry["receipt"] == pending["receipt"] == receipt_of(page)
    assert entry["state"] in ("fake", "real", "inconclusive")
    assert entry["thumbnail"].startswith("data:image/jpeg")
    assert is_on_server(visitor, entry["receipt"])


def test_an_analysis_survives_a_lost_network(visitor: Visit, samples: Path, tmp_path: Path) -> None:
    page = visitor.page
    visitor.choose(long_clip(samples, tmp_path / "clip.mp4", count=90, side=720))
    page.click("#analyse")
    expect(page.locator("#headline .progress-level")).to_be_visible(timeout=30_000)
    page.context.set_offline(True)
    expect(page.locator("#lens-notice")).to_contain_text(TEXTS.device.lost, timeout=20_000)
    time.sleep(6)
    page.context.set_offline(False)
    page.wait_for_selector("#faces .lens-face", timeout=120_000)
    expect_first_page(page)
    assert [entry["receipt"] for entry in stored(page)] == [receipt_of(page)]
    # The page is as alive as before: the check follows, and the overlay too.
    page.wait_for_selector("#faces .lens-strip", timeout=60_000)


def test_the_answer_of_a_stored_result_that_was_lost_is_asked_for_again(
    visitor: Visit, restartable: RestartableServer, samples: Path
) -> None:
    """The server stores the result, and the network breaks before the answer arrives."""
    page = visitor.page
    page.context.route("**/gradio_api/queue/data**", lambda route: route.abort())
    visitor.choose(samples / "astronaut.png")
    page.click("#analyse")
    page.wait_for_function("JSON.parse(localStorage.getItem('lens-results') || '[]').length === 1")
    [pending] = stored(page)
    deadline = time.monotonic() + 60
    while not is_on_server(visitor, pending["receipt"]) and time.monotonic() < deadline:
        time.sleep(0.2)
    page.context.unroute("**/gradio_api/queue/data**")
    page.wait_for_selector("#faces .lens-face", timeout=60_000)
    assert receipt_of(page) == pending["receipt"]
    expect_first_page(page)


def test_an_upload_waits_for_the_network(visitor: Visit, samples: Path) -> None:
    page = visitor.page
    page.context.set_offline(True)
    page.set_input_files("#file input[type=file]", str(samples / "astronaut.png"))
    expect(page.locator("#lens-notice")).to_contain_text(TEXTS.device.lost, timeout=20_000)
    page.context.set_offline(False)
    page.wait_for_selector("#file .file-preview", timeout=30_000)
    visitor.press()
    expect_first_page(page)
    assert len(stored(page)) == 1


def test_a_repeated_deletion_deletes_one_result(
    visitor: Visit, restartable: RestartableServer, samples: Path
) -> None:
    visitor.analyse(samples / "two_people.jpg", samples / "astronaut.png")
    page = visitor.page
    first, second = (entry["receipt"] for entry in stored(page))
    assert receipt_of(page) == first
    page.click("#delete")
    page.context.set_offline(True)
    page.click("#delete-sure")
    expect(page.locator("#lens-notice")).to_contain_text(TEXTS.device.lost, timeout=20_000)
    page.context.set_offline(False)
    expect(page.locator("#deleted")).to_contain_text("Deleted", timeout=30_000)
    assert (is_on_server(visitor, first), is_on_server(visitor, second)) == (False, True)
    assert [entry["receipt"] for entry in stored(page)] == [second]
