"""Two visitors with the same picture under the same name."""

from __future__ import annotations

import io
from pathlib import Path

import pypdf
from playwright.sync_api import Browser, expect

from tests.conftest import Server
from tests.e2e.conftest import Visit
from webapp.services.storage.uploads import visits_folder


def test_one_deletes_his_result_and_the_other_loses_nothing(
    browser: Browser, server: Server, samples: Path
) -> None:
    contexts = [browser.new_context() for _ in range(2)]
    mine, theirs = (Visit(context.new_page(), server).open() for context in contexts)
    held, reports = set(visits_folder(server.cache).rglob("upload")), set(server.cache.rglob("report.pdf"))
    arrived = set(server.cache.glob("*/astronaut.png"))  # others chose it too, and did not press the button
    for visit in (mine, theirs):
        visit.analyse(samples / "astronaut.png")
        visit.page.wait_for_selector("#stability .lens-strip", timeout=60_000)
    assert len(set(visits_folder(server.cache).rglob("upload")) - held) == 2
    assert set(server.cache.glob("*/astronaut.png")) <= arrived  # what arrived is where only a visit finds it
    mine.page.click("#delete")
    mine.page.click("#delete-sure")
    expect(mine.page.locator("#deleted")).to_contain_text("Deleted", timeout=30_000)
    expect(mine.page.locator("#file .filename")).to_have_count(0)
    assert len(set(visits_folder(server.cache).rglob("upload")) - held) == 1
    with theirs.page.expect_download() as pdf:
        theirs.page.click("#report-pdf")
    assert pypdf.PdfReader(io.BytesIO(Path(pdf.value.path()).read_bytes())).pages[0].images
    theirs.press()  # again, though the upload is no longer where it arrived
    assert theirs.page.locator("#faces tbody tr").count() == 1
    theirs.page.click("#delete")
    theirs.page.click("#delete-sure")
    expect(theirs.page.locator("#deleted")).to_contain_text("Deleted", timeout=30_000)
    assert set(visits_folder(server.cache).rglob("upload")) <= held
    assert set(server.cache.rglob("report.pdf")) <= reports
    for context in contexts:
        context.close()
