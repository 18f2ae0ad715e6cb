"""Browser tests of the page that checks reports, in every language."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server, served
from tests.e2e.conftest import PHONE, ROOMY, Visit
from webapp.cli import main
from webapp.cli.verify_report import NOT_AUTHENTIC
from webapp.services.reports.signing import PDF_MARK
from webapp.texts import LANGUAGES
from webapp.ui.well_known import REPORT_KEYS

ENGLISH = LANGUAGES["en"]


def saved_report(page: Page, button: str, target: Path) -> Path:
    """Press a button below the result and save the report that it makes."""
    with page.expect_download() as download:
        page.click(button)
    download.value.save_as(target)
    return target


def upload(page: Page, field: str, path: Path) -> None:
    page.set_input_files(f"{field} input[type=file]", str(path))
    page.wait_for_selector(f"{field} .file-preview")


def problems(page: Page) -> list[tuple[str, str]]:
    """Return rule and element of everything that axe-core finds."""
    violations = Axe().run(page).response["violations"]
    return [(found["id"], node["html"]) for found in violations for node in found["nodes"]]


def check(page: Page, report: Path, media: Path | None = None) -> None:
    upload(page, "#verify-report", report)
    if media is not None:
        upload(page, "#verify-media", media)
    page.click("#verify-check")
    # The page forgets the files after the check.
    page.wait_for_selector("#verify-report .file-preview", state="detached")


@pytest.mark.parametrize("visit", [ROOMY, PHONE], indirect=True, ids=["desktop", "phone"])
def test_reports_from_the_page_are_checked(visit: Visit, samples: Path, tmp_path: Path) -> None:
    page, photo = visit.page, samples / "two_people.jpg"
    visit.analyse(photo)
    pdf = saved_report(page, "#report-pdf", tmp_path / "report.pdf")
    saved = saved_report(page, "#report-json", tmp_path / "report.json")
    altered = tmp_path / "altered.json"
    altered.write_bytes(saved.read_bytes().replace(b'"verdict": "', b'"verdict": "\\u0020', 1))
    for language, texts in LANGUAGES.items():
        words = texts.verification
        page.goto(f"{visit.server.url}/{'verify' if language == 'en' else f'verify-{language}'}")
        answer = page.locator("#verification")
        check(page, pdf, photo)
        expect(answer).to_contain_text(words.findings["authentic"][1])
        expect(answer).to_contain_text(words.media_same)
        expect(answer).to_contain_text(words.stands)
        check(page, saved, samples / "astronaut.png")
        expect(answer).to_contain_text(words.media_other)
        assert problems(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        check(page, altered)
        expect(answer).to_contain_text(words.findings["altered"][1])
        expect(answer).to_contain_text(words.keys["mismatch"].partition("{")[0])
        expect(answer.locator("h2")).to_have_text(words.findings["altered"][0])
    assert visit.complaints == []
    assert visit.foreign == []


def test_the_header_leads_to_the_page_and_an_address_with_a_number_shows_the_result(
    visit: Visit, samples: Path, tmp_path: Path
) -> None:
    page = visit.page
    visit.analyse(samples / "two_people.jpg")
    report = saved_report(page, "#report-json", tmp_path / "report.json").read_text()
    number = report.partition('"id": "')[2][:32]
    page.get_by_role("link", name=ENGLISH.verification.to_verify).click()
    page.wait_for_selector("#verify-check")
    page.goto(f"{visit.server.url}/verify?a#{number}")
    expect(page.locator("#verification")).to_contain_text(ENGLISH.verification.stands, timeout=30_000)
    expect(page.locator("#verification")).to_contain_text(number)


def test_reports_outlive_a_restart_and_a_rotation_of_keys(
    browser: Browser, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = samples / "astronaut.png"
    with served(tmp_path) as running:
        context = browser.new_context()
        visit = Visit(context.new_page(), running).open()
        visit.analyse(photo)
        pdf = saved_report(visit.page, "#report-pdf", tmp_path / "report.pdf")
        saved = saved_report(visit.page, "#report-json", tmp_path / "report.json")
        context.close()
    monkeypatch.setenv("LENS_DATA", str(running.database.parent))
    assert main(["rotate-report-key"]) == 0
    keys = tmp_path / "keys.json"
    with served(tmp_path) as again, httpx.Client(base_url=again.url, timeout=60) as http:
        keys.write_text(http.get(REPORT_KEYS).text)
        for report in (pdf, saved):
            content = report.read_bytes()
            files = {"report": ("r", content), "media": ("m", photo.read_bytes())}
            answer = http.post("/api/v1/verify", files=files).json()
            assert (answer["finding"], answer["key"]["status"]) == ("authentic", "retired")
            assert (answer["receipt"], answer["media"]["matches"]) == ("stands", True)
            state = http.get("/api/v1/verify", params={"report_id": answer["report"]["report"]["id"]}).json()
            assert (state["stands"], state["result"]["verdict"]) == (True, answer["report"]["verdict"])
            altered = content.replace(b"real", b"reel", 1) if report is saved else _flipped(content)
            refused = http.post("/api/v1/verify", files={"report": ("r", altered)}).json()
            assert (refused["authentic"], refused["finding"]) == (False, "altered")
            # The key is the host's, but it did not sign this.
            assert (refused["from_this_site"], refused["key"]["status"]) == (False, "retired")
        kid = answer["key"]["kid"]
        before_revocation = keys.read_text()
        assert main(["revoke-report-key", "--", kid]) == 0
        keys.write_text(http.get(REPORT_KEYS).text)
        check_revoked(browser, again, http, pdf, saved)
    for report in (pdf, saved):
        assert main(["verify-report", str(report), "--key", str(keys)]) == NOT_AUTHENTIC
        assert main(["verify-report", str(report)]) == NOT_AUTHENTIC
    # Both servers are gone, and the public keys are enough.
    keys.write_text(before_revocation)
    for report in (pdf, saved):
        offline = ["verify-report", str(report), "--key", str(keys), "--media"]
        assert main([*offline, str(photo)]) == 0
        assert main([*offline, str(samples / "two_people.jpg")]) == NOT_AUTHENTIC


def check_revoked(browser: Browser, server: Server, http: httpx.Client, *reports: Path) -> None:
    """Check what the site says over HTTP and on the page of reports whose key was revoked."""
    context = browser.new_context()
    page = context.new_page()
    for report in reports:
        answer = http.post("/api/v1/verify", files={"report": ("r", report.read_bytes())}).json()
        assert (answer["authentic"], answer["finding"]) == (False, "revoked_key")
        assert (answer["key"]["status"], answer["report"]) == ("revoked", None)
    for language, texts in LANGUAGES.items():
        words = texts.verification
        page.goto(f"{server.url}/{'verify' if language == 'en' else f'verify-{language}'}")
        check(page, reports[0])
        expect(page.locator("#verification")).to_contain_text(words.findings["revoked_key"][1])
        expect(page.locator("#verification")).to_contain_text(words.keys["revoked"].partition("{")[0])
        assert problems(page) == []
    context.close()


def _flipped(pdf: bytes) -> bytes:
    """Return a signed PDF with one bit of its statement changed."""
    changed = bytearray(pdf)
    changed[pdf.index(PDF_MARK) + 200] ^= 1
    return bytes(changed)
