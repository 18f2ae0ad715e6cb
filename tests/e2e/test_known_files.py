"""Earlier decisions on a file that others bring: over HTTP, on the page, and only after enough days."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from sqlalchemy import update

from tests.conftest import ROOT, Server
from tests.desks import close_all, open_on, records_of
from tests.e2e.conftest import Visit
from tests.e2e.signed_site import SignedSite
from tests.e2e.test_provenance_pages import problems
from webapp.db.tables import Analysis, Decision
from webapp.domain.clock import now
from webapp.security.tokens import receipt_hash
from webapp.services.analysis_records.known_files import KnownFileRules, KnownFiles
from webapp.texts import LANGUAGES
from webapp.texts.addresses import address
from webapp.texts.formats import date_text
from webapp.texts.sentences import subject_name


class Viral:
    """A picture that many visitors bring, in files of their own or in the very same one."""

    def __init__(self, site: SignedSite) -> None:
        self._site = site
        with Image.open(ROOT / "tests/samples/official_portrait_2012.jpg") as image:
            self._picture = image.convert("RGB").resize((600, 750))
        self.file = self.saved(92)

    def saved(self, quality: int) -> bytes:
        """Return a near copy: the same picture, compressed again."""
        written = io.BytesIO()
        self._picture.save(written, "JPEG", quality=quality)
        return written.getvalue()

    def bring(self, content: bytes, *, days_ago: int = 0, consent: bool = False) -> dict[str, Any]:
        """Upload a file, and move the receipt to an earlier day."""
        answer = self._site.analyse(content, **({"consent": "true"} if consent else {}))
        with records_of(self._site.server) as sessions, sessions.begin() as session:
            session.execute(
                update(Analysis)
                .where(Analysis.receipt_hash == receipt_hash(answer["receipt"]))
                .values(created_at=now() - timedelta(days=days_ago))
            )
        return answer


@pytest.fixture
def viral(site: SignedSite) -> Iterator[Viral]:
    close_all(site.server)
    yield Viral(site)
    close_all(site.server)


def test_decision_is_shown_once_receipts_of_three_other_days_exist(
    site: SignedSite, viral: Viral, browser: Browser
) -> None:
    decided = viral.bring(viral.file, days_ago=9, consent=True)
    open_on(site.server, decided["receipt"])
    site.decide("real")
    # One visitor may bring the file as often as they like.
    for _ in range(4):
        assert "known" not in viral.bring(viral.file)
    assert "known" not in viral.bring(viral.saved(80), days_ago=5)
    viral.bring(viral.file, days_ago=5)
    assert "known" not in viral.bring(viral.file)
    viral.bring(viral.file, days_ago=3)
    today = now().date().isoformat()
    expected = {"face": 1, "value": "real", "decided_on": today, "moderators": 2, "exact": True}
    same = viral.bring(viral.file)
    assert same["known"] == {"faces": [expected]}
    copy = viral.bring(viral.saved(85))
    assert copy["known"] == {"faces": [{**expected, "exact": False}]}
    assert same["kept"] is False
    stored = site.http.get(f"/results/{same['receipt']}").json()
    assert stored["known"] == same["known"]
    _check_pages(site.server, browser, same["receipt"], copy["receipt"], now().date())
    # The decision goes with the last receipt of the case.
    assert site.http.delete(f"/results/{decided['receipt']}").status_code == 200
    assert "known" not in site.http.get(f"/results/{same['receipt']}").json()
    assert "known" not in viral.bring(viral.file)


def _check_pages(server: Server, browser: Browser, same: str, copy: str, today: date) -> None:
    """Check the sentences on the receipt page in every language."""
    context = browser.new_context()
    visit = Visit(context.new_page(), server)
    page = visit.page
    for texts in LANGUAGES.values():
        for receipt, sentence in ((same, texts.known_same), (copy, texts.known_copy)):
            page.goto("about:blank")
            page.goto(f"{server.url}{address(texts, 'receipt')}#{receipt}")
            subject = subject_name(1, "image", texts)
            expected = sentence.format(
                subject=subject, value=texts.labels["real"], date=date_text(today, texts), count=2
            )
            shown = page.locator("#stored-result .lens-known")
            expect(shown).to_contain_text(texts.known_title, timeout=30_000)
            expect(shown).to_contain_text(expected)
        assert problems(page) == []
    context.close()
    assert visit.complaints == []


def test_nothing_is_said_unless_the_host_allows_it(desk_server: Server) -> None:
    """The server of the desk's tests has the default settings."""
    close_all(desk_server)
    with httpx.Client(base_url=f"{desk_server.url}/api/v1", timeout=120) as http:
        site = SignedSite(desk_server, http)
        viral = Viral(site)
        open_on(desk_server, viral.bring(viral.file, days_ago=9, consent=True)["receipt"])
        site.decide("real")
        with records_of(desk_server) as sessions, sessions.begin() as session:
            session.execute(update(Decision).values(decided_at=now() - timedelta(days=1)))
        receipts = [viral.bring(viral.file, days_ago=days_ago)["receipt"] for days_ago in (5, 4, 3, 0)]
        for receipt in receipts:
            assert "known" not in http.get(f"/results/{receipt}").json()
        # The same rows are enough where the setting is on.
        with records_of(desk_server) as sessions:
            rules = KnownFileRules(days=3, undo_period=timedelta(minutes=10))
            assert KnownFiles(sessions, rules).find(receipts[-1]) is not None
    close_all(desk_server)
