"""Browser tests of a file's statements on its origin: result page, receipt page and desk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.desks import close_all
from tests.e2e.conftest import PHONE, ROOMY, Visit
from tests.e2e.signed_site import SignedSite
from tests.e2e.test_desk import SHOTS, At
from tests.signed_files import ORGANISATION, altered, manifest, picture, signed
from webapp.texts import ENGLISH, LANGUAGES
from webapp.texts.addresses import CHOICE, address
from webapp.texts.desk import ENGLISH as DESK

# A program's name that a page must neither run nor turn around.
HOSTILE = "<img src=x onerror=alert(1)> \u202eegap"
CREATED = "trainedAlgorithmicMedia"


def problems(page: Page, place: str | None = None) -> list[tuple[str, str]]:
    """Return rule and element of everything that axe-core finds on a page or in an element."""
    violations = Axe().run(page, context=place).response["violations"]
    return [(found["id"], node["html"]) for found in violations for node in found["nodes"]]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.fixture
def stated(portrait: bytes, tmp_path: Path) -> Path:
    """Return a real face that a trusted signer says AI made, with a hostile name of a program."""
    definition = {**manifest(CREATED), "claim_generator_info": [{"name": HOSTILE}]}
    path = tmp_path / "stated.png"
    path.write_bytes(signed(portrait, "image/png", definition))
    return path


@pytest.mark.parametrize(
    ("language", "viewport", "theme"),
    [("en", ROOMY, "light"), ("en", PHONE, "dark"), ("zh", ROOMY, "dark"), ("zh", PHONE, "light")],
)
def test_result_page_and_receipt_page(
    site: SignedSite, browser: Browser, stated: Path, language: str, viewport: Any, theme: str
) -> None:
    texts = LANGUAGES[language]
    words = texts.provenance
    context = browser.new_context(viewport=viewport, reduced_motion="reduce")
    visit = Visit(context.new_page(), site.server)
    page = visit.page
    page.on("dialog", lambda dialog: visit.complaints.append(dialog.message))
    headline = visit.open(theme, address(texts, "")).analyse(stated)
    # The file's own statement comes first, and the verdict stays.
    assert headline.index(words.ai_titles["made"]) < headline.index(texts.outcomes["real"][0])
    _check_statements(page, "#headline", language)
    page.screenshot(path=_shot(f"provenance-result-{language}-{theme}"), full_page=True)
    link = page.locator("#link textarea, #link input").first.input_value()
    page.goto("about:blank")
    page.goto(link.replace("#", f"?__theme={theme}#"))
    expect(page.locator("#stored-result")).to_contain_text(words.title, timeout=30_000)
    _check_statements(page, "#stored-result", language)
    page.screenshot(path=_shot(f"provenance-receipt-{language}-{theme}"), full_page=True)
    assert visit.complaints == []
    assert visit.foreign == []
    context.close()


def _check_statements(page: Page, place: str, language: str) -> None:
    """Check headline, sentences and accessibility of the statements in an element."""
    words = LANGUAGES[language].provenance
    shown = page.locator(place)
    expect(shown.locator(".lens-stated h2")).to_have_text(words.ai_titles["made"])
    expect(shown).to_contain_text(words.ai_help)
    expect(shown).to_contain_text(words.statuses["valid_trusted"].format(issuer=ORGANISATION))
    expect(shown).to_contain_text("<img src=x onerror=alert(1)> egap")
    assert problems(page) == []
    assert fits(page)


def _shot(name: str) -> Path:
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS / f"{name}.png"


def test_desk_shows_the_statements_after_the_blind_label(
    site: SignedSite, browser: Browser, portrait: bytes
) -> None:
    """A contradiction in a kept picture without a face is a case too, and comes before other cases."""
    close_all(site.server)
    edited = manifest("compositeWithTrainedAlgorithmicMedia")
    blank = signed(picture(side=200), "image/jpeg")
    answers = [
        site.analyse(signed(portrait, "image/png", edited), consent="true"),
        site.analyse(altered(blank, len(blank) - 40), consent="true"),
    ]
    assert [(answer["kept"], answer["outcome"]) for answer in answers] == [
        (True, "verdict"),
        (True, "no_face"),
    ]
    words = ENGLISH.provenance
    context = browser.new_context(viewport=ROOMY)
    mia = At(context.new_page(), site.server).sign_in("mia")
    expected = [
        (answer["conflict"], ORGANISATION in str(answer["provenance"]["sources"])) for answer in answers
    ]
    assert expected == [
        ("edited_face_claimed_but_nothing_seen", True),
        ("content_changed_after_signing", True),
    ]
    # Without a score the case is as uncertain as can be.
    for answer, question in zip(reversed(answers), (DESK.value_of_file, DESK.value), strict=True):
        mia.ready()
        expect(mia.page.locator(".desk-values legend")).to_have_text(question)
        sentence = words.conflict.format(text=words.conflicts[answer["conflict"]])
        assert sentence not in mia.page.inner_text("body")
        mia.keys("2", "e", "Enter")
        mia.state("revealed")
        shown = mia.page.locator(".desk-answer")
        expect(shown).to_contain_text(DESK.provenance)
        expect(shown).to_contain_text(sentence)
        assert (DESK.no_answer in shown.inner_text()) == (answer["outcome"] == "no_face")
        assert problems(mia.page) == []
        mia.page.screenshot(path=_shot(f"provenance-desk-{answer['outcome']}"))
        mia.page.locator(".desk-primary").click()
    mia.state("empty")
    assert mia.complaints == []
    context.close()


@pytest.mark.parametrize(
    ("language", "locale", "foreign"), [("en", "zh-CN", "上传"), ("zh", "en-US", "Upload")]
)
def test_upload_boxes_are_in_the_language_of_the_page(
    site: SignedSite, browser: Browser, language: str, locale: str, foreign: str
) -> None:
    """Gradio would take the language of its own words from the browser."""
    context = browser.new_context(locale=locale)
    page = context.new_page()
    for name, boxes in (("", ["#file"]), ("verify", ["#verify-report", "#verify-media"])):
        page.goto(f"{site.server.url}{address(LANGUAGES[language], name)}?{CHOICE}={language}")
        for box in boxes:
            button = page.locator(f"{box} button").first
            button.wait_for()
            text = button.inner_text()
            assert text.strip()
            assert text.isascii() == (language == "en"), text
            assert foreign not in text
    context.close()
