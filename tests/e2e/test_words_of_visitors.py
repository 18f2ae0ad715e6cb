"""Browser tests of file names and notes: they stay text to the last character and never run as code."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import httpx
import pytest
from gradio_client import Client
from playwright.sync_api import Browser, Dialog, expect
from sqlalchemy import create_engine, text

from tests.conftest import Server
from tests.e2e.conftest import ROOMY, Visit
from tests.webapp.filenames import NAMES
from tests.webapp.naughty import MANY, NOTES
from webapp.domain.limits import MAX_NOTE
from webapp.security.tokens import new_key
from webapp.texts import LANGUAGES
from webapp.ui.pages.analyse.layout import EXAMPLES

TEXTS = LANGUAGES["en"]
INJECTED = """() => [...document.querySelectorAll("gradio-app *")].filter((element) => {
    const handlers = [...element.attributes].filter((one) => /^on/.test(one.name));
    return (element.tagName === "SCRIPT" && /pwned|alert/.test(element.textContent))
        || ["IFRAME", "MATH", "EMBED", "OBJECT"].includes(element.tagName)
        || handlers.some((one) => /pwned|alert/.test(one.value));
}).map((element) => element.outerHTML)"""


@pytest.fixture
def quiet(browser: Browser, server: Server) -> Iterator[Visit]:
    """Visit that fails if a dialog opens or text of a visitor becomes a script or element."""
    context = browser.new_context(viewport=ROOMY)
    visit, dialogs = Visit(context.new_page(), server), []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    visit.page.on("dialog", note)
    yield visit.open()
    assert dialogs == []
    assert visit.page.evaluate("window.pwned") is None
    assert visit.page.title() != "pwned"
    assert visit.page.evaluate(INJECTED) == []
    context.close()
    assert visit.foreign == []
    assert visit.complaints == []


def test_names_of_files_are_shown_as_they_are(quiet: Visit, server: Server) -> None:
    page = quiet.page
    for start in range(0, len(NAMES), 10):
        names = NAMES[start : start + 10]
        quiet.open()
        page.set_input_files(
            "#file input[type=file]",
            [{"name": name, "mimeType": "image/jpeg", "buffer": b"no picture"} for name in names],
        )
        expect(page.locator("#file .filename")).to_have_count(len(names))
        page.click("#analyse")
        page.wait_for_selector("#chooser label", timeout=60_000)
        shown = page.locator("#chooser label span").evaluate_all(
            "spans => spans.map((span) => span.textContent)"
        )
        shown = [
            words.replace("\u200b", "") for words in shown
        ]  # one name has Gradio's mark of a word to translate, which is broken up
        assert shown == [
            f"{number}. {TEXTS.outcomes['rejected'][0]}: {name}" for number, name in enumerate(names, start=1)
        ]
        assert page.evaluate(INJECTED) == []
        with page.expect_download() as report:
            page.click("#report-json")
        assert report.value.suggested_filename == "report.json"
    left = [
        path.name
        for path in server.cache.rglob("*")
        if path.is_file() and path.name not in ("upload", "report.json")
    ]
    assert not [name for name in left if name in NAMES]


def test_notes_come_back_through_every_door(quiet: Visit, server: Server) -> None:
    """Many in one note, through the page; then those that a text field would change, through plain HTTP."""
    page = quiet.page
    quiet.analyse(EXAMPLES / "astronaut.jpg")
    page.get_by_label(TEXTS.votes["not_sure"]).check()
    sent = list(together(note.replace("\r", "") for note in (*NOTES[:-1], *MANY)))
    for note in sent:
        page.locator("#note textarea").fill(note)
        page.click("#send")
        wait_until_kept(server, note)
    link = page.locator("#link textarea, #link input").first.input_value()
    receipt = link.rpartition("#")[2]
    with httpx.Client(timeout=60) as http:
        address = f"{server.url}/api/v1/results/{receipt}"
        for note in [note for note in (*NOTES, *MANY) if "\r" in note]:
            vote = {"face": 0, "vote": "agree", "note": note, "idempotency_key": new_key()}
            assert http.post(f"{address}/feedback", json=vote).json()["stored"]
            sent.append(note)
        assert [vote["note"] for vote in http.get(address).json()["feedback"]] == sent
    answer = Client(server.url, verbose=False).predict(receipt, api_name="/result")
    assert [vote["note"] for vote in answer["feedback"]] == sent
    page.goto(link)
    expect(page.locator("#stored-result .lens-note")).to_have_count(len(sent), timeout=60_000)
    assert (
        page.locator("#stored-result .lens-note").evaluate_all(
            "notes => notes.map((note) => note.textContent)"
        )
        == sent
    )


def together(notes: Iterable[str]) -> Iterator[str]:
    """Joined by lines into notes that are just short enough; a browser counts in units of UTF-16."""
    joined = ""
    for note in notes:
        if joined and len(f"{joined}\n{note}".encode("utf-16-le")) // 2 > MAX_NOTE:
            yield joined
            joined = ""
        joined = f"{joined}\n{note}" if joined else note
    yield joined


def wait_until_kept(server: Server, note: str) -> None:
    """Wait until the database has the note, to the last byte."""
    engine, deadline = create_engine(f"sqlite:///{server.database}"), time.monotonic() + 30
    query = text("SELECT count(*) FROM feedback WHERE CAST(note AS BLOB) = :note")
    found = 0
    while not found and time.monotonic() < deadline:
        with engine.connect() as connection:
            found = connection.execute(query, {"note": note.encode()}).scalar() or 0
        time.sleep(0.05)
    engine.dispose()
    assert found == 1, note
