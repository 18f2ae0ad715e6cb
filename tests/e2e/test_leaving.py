"""Browser tests of pages that the visitor closes, and of pages that outlive their server."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine, text

from tests.conftest import Server, fork_server, free_port, wait_until_served
from tests.e2e.conftest import ROOMY, Visit
from tests.e2e.test_analyse_page import long_clip
from webapp.texts import LANGUAGES

TEXTS = LANGUAGES["en"]
TABLES = ("analysis", "consent", "media")
WAYS_OUT: dict[str, Callable[[Page], object]] = {
    "closed": lambda page: page.close(),
    "reloaded": lambda page: page.reload(),
}


def counts(server: Server) -> tuple[int, ...]:
    engine = create_engine(f"sqlite:///{server.database}")
    with engine.connect() as connection:
        found = tuple(
            int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() or 0)
            for table in ("analysis", "consent", "media")
        )
    engine.dispose()
    return found


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)


@pytest.mark.parametrize("leave", WAYS_OUT.values(), ids=list(WAYS_OUT))
def test_results_of_a_closed_page_are_not_kept(
    browser: Browser, server: Server, samples: Path, tmp_path: Path, leave: Callable[[Page], object]
) -> None:
    before = counts(server)
    context = browser.new_context(viewport=ROOMY)
    visit = Visit(context.new_page(), server).open()
    visit.page.check("#consent input")
    first = long_clip(samples, tmp_path / "1.mp4", count=60)
    visit.choose(first, *(shutil.copy(first, tmp_path / f"{number}.mp4") for number in range(2, 8)))
    visit.page.click("#analyse")
    expect(visit.page.locator("#headline .progress-level")).to_contain_text("File 3 of 7", timeout=60_000)
    assert counts(server) != before
    leave(visit.page)
    until(lambda: not httpx.get(f"{server.url}/healthz").json()["running"] and counts(server) == before)
    time.sleep(1)
    context.close()
    assert counts(server) == before


def test_a_page_that_outlives_its_server_votes_and_deletes_by_its_link(
    browser: Browser, samples: Path, tmp_path: Path
) -> None:
    port = free_port()
    url, first = f"http://127.0.0.1:{port}", fork_server(tmp_path, LENS_PORT=str(port))
    context = browser.new_context(viewport=ROOMY)
    try:
        wait_until_served(url, first, tmp_path / "log")
        server = Server(url, tmp_path / "data" / "lens.sqlite3", tmp_path / "cache", tmp_path / "log")
        page = Visit(context.new_page(), server).open().page
        page.set_input_files("#file input[type=file]", str(samples / "astronaut.png"))
        page.wait_for_selector("#file .file-preview")
        page.click("#analyse")
        page.wait_for_selector("#faces .lens-strip", timeout=60_000)
        receipt = page.locator("#link :is(input, textarea)").first.input_value().partition("#")[2]
    finally:
        first.terminate()
        first.wait(timeout=30)
    second = fork_server(tmp_path, LENS_PORT=str(port))
    try:
        wait_until_served(url, second, tmp_path / "log")
        page.check("#vote input[value=agree]")
        page.click("#send")
        expect(page.locator("#thanks")).to_contain_text(TEXTS.thanks, timeout=30_000)
        page.click("#report-json")
        expect(page.locator(".toast-body")).to_contain_text(TEXTS.file_gone, timeout=30_000)
        assert httpx.get(f"{url}/api/v1/results/{receipt}").json()["feedback"][0]["vote"] == "agree"
        page.click("#delete")
        page.click("#delete-sure")
        expect(page.locator("#deleted")).to_contain_text("Deleted", timeout=30_000)
        # The files stay in the list, and so does the confirmation.
        page.wait_for_timeout(2000)
        expect(page.locator("#deleted")).to_contain_text("Deleted")
        assert httpx.get(f"{url}/api/v1/results/{receipt}").status_code == 404
    finally:
        second.terminate()
        second.wait(timeout=30)
        context.close()


def test_deletion_elsewhere_leaves_no_file_behind(visit: Visit, samples: Path, server: Server) -> None:
    visit.analyse(samples / "astronaut.png")
    page = visit.page
    with page.expect_download() as handed:
        page.click("#report-pdf")
    assert Path(handed.value.path()).read_bytes().startswith(b"%PDF")
    receipt = page.locator("#link :is(input, textarea)").first.input_value().partition("#")[2]
    kept = {path for path in server.cache.rglob("*") if path.name in ("upload", "report.pdf")}
    assert httpx.delete(f"{server.url}/api/v1/results/{receipt}").status_code == 200
    gone = {path for path in kept if not path.exists()}
    assert {path.name for path in gone} == {"upload", "report.pdf"}
    page.click("#report-pdf")
    expect(page.locator(".toast-body")).to_contain_text(TEXTS.file_gone, timeout=30_000)
    assert not set(server.cache.rglob("report.pdf")) - kept
