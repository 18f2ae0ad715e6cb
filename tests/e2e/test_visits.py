"""Browser test of two visitors with the same file under the same name."""

from __future__ import annotations

import io
from pathlib import Path

import pypdf
from playwright.sync_api import Browser, expect

from tests.conftest import Server
from tests.e2e.conftest import Visit
from webapp.services.storage.uploads import visits_folder


def test_a_deletion_affects_only_the_visitor_who_deletes(
    browser: Browser, server: Server, samples: Path
) -> None:
    contexts = [browser.new_context() for _ in range(2)]
    mine, theirs = (Visit(context.new_page(), server).open() for context in contexts)
    uploads_before = set(visits_folder(server.cache).rglob("upload"))
    reports_before = set(server.cache.rglob("report.pdf"))
    # Earlier tests uploaded the file without an analysis
    arrived = set(server.cache.glob("*/astronaut.png"))
    for visit in (mine, theirs):
        visit.analyse(samples / "astronaut.png")
        visit.page.wait_for_selector("#faces .lens-strip", timeout=60_000)
    assert len(set(visits_folder(server.cache).rglob("upload")) - uploads_before) == 2
    # An analysis moves an upload to a folder that only its visit knows
    assert set(server.cache.glob("*/astronaut.png")) <= arrived
    mine.page.click("#delete")
    mine.page.click("#delete-sure")
    expect(mine.page.locator("#deleted")).to_contain_text("Deleted", timeout=30_000)
    expect(mine.page.locator("#file .filename")).to_have_count(0)
    assert len(set(visits_folder(server.cache).rglob("upload")) - uploads_before) == 1
    with theirs.page.expect_download() as pdf:
        theirs.page.click("#report-pdf")
    assert pypdf.PdfReader(io.BytesIO(Path(pdf.value.path()).read_bytes())).pages[0].images
    # A second analysis finds the moved upload
    theirs.press()
    assert theirs.page.locator("#faces tbody tr").count() == 1
    theirs.page.click("#delete")
    theirs.page.click("#delete-sure")
    expect(theirs.page.locator("#deleted")).to_contain_text("Deleted", timeout=30_000)
    assert set(visits_folder(server.cache).rglob("upload")) <= uploads_before
    assert set(server.cache.rglob("report.pdf")) <= reports_before
    for context in contexts:
        context.close()
