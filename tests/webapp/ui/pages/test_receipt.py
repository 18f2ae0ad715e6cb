"""Tests of the receipt page's helpers; the browser tests cover the page."""

from __future__ import annotations

from tests.webapp.sample_results import PHOTO, STORED_AT, stored
from webapp.services.results.documents import DecidedFace, DecisionDocument
from webapp.texts import LANGUAGES
from webapp.ui.pages.receipt import decisions, export_link


def test_decisions_change_with_every_new_one() -> None:
    face = DecidedFace(face=1, value="fake", how="agreed", decided_at=STORED_AT, exact=True)
    decided = stored(PHOTO, decision=DecisionDocument(faces=[face]))
    assert decisions(stored(PHOTO)) == []
    assert decisions(decided) == [(1, "fake", STORED_AT)]


def test_the_link_escapes_the_receipt() -> None:
    html = export_link("a/'b\"", LANGUAGES["en"])
    assert 'href="/api/v1/results/a%2F%27b%22/export"' in html
    assert LANGUAGES["en"].export in html
