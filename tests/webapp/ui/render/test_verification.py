"""Tests of the answers to reports as the page shows them, in every language."""

from __future__ import annotations

from datetime import UTC

import pytest

from laanet_core.documents import FileProvenanceDocument
from tests.webapp.sample_results import STORED_AT
from tests.webapp.services.reports.pdf import CREATED, SHA256
from tests.webapp.services.reports.signed import KEYS, signed_json
from webapp.domain.clock import now
from webapp.services.reports.verification import FINDINGS, check_report
from webapp.services.results.documents import DecidedFace, DecisionDocument
from webapp.services.results.verification import (
    LaterFindings,
    ResultState,
    VerifiedReport,
    offline_verification,
)
from webapp.texts import LANGUAGES, Texts
from webapp.texts.formats import number_text, share_text, time_text
from webapp.ui.render.verification import result_state, verified_report

ALL_LANGUAGES = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
FACE = DecidedFace(face=1, value="real", how="agreement", decided_at=STORED_AT, exact=False)
LATER = LaterFindings(scores=[], decision=DecisionDocument(faces=[FACE]), waiting=[2])


@ALL_LANGUAGES
def test_every_finding_has_a_headline(texts: Texts) -> None:
    assert set(texts.verification.findings) == set(FINDINGS)
    for finding in FINDINGS:
        answer = VerifiedReport(
            authentic=finding == "authentic",
            finding=finding,
            from_this_site=False,
            key=None,
            report=None,
            media=None,
            receipt="unknown",
            later=None,
        )
        html = verified_report(answer, texts)
        title, explanation = texts.verification.findings[finding]
        assert f"<h2>{title}</h2>" in html
        assert explanation in html
        assert ("lens-real" in html) == (finding == "authentic")
        assert f"<code>{finding}</code>" in html


@ALL_LANGUAGES
def test_an_authentic_report_shows_its_facts_and_what_is_known_today(texts: Texts) -> None:
    words = texts.verification
    check = check_report(signed_json(), KEYS.rotated(now()).public)
    answer = offline_verification(check, SHA256)
    html = verified_report(answer.model_copy(update={"receipt": "stands", "later": LATER}), texts)
    probability = texts.with_note.format(text=share_text(0.88, texts), note=number_text(0.8765, texts))
    created = f"{time_text(CREATED.astimezone(UTC), texts, seconds=True)} UTC"
    for text in (SHA256, probability, created, words.media_same, words.stands, words.decision_of_copy):
        assert text in html
    assert words.keys["retired"].split("{")[0] in html
    assert texts.decision_waiting.split("{")[0] in html
    other = verified_report(offline_verification(check, "0" * 64), texts)
    assert words.media_other in other
    assert words.media_not_given in verified_report(offline_verification(check), texts)


@pytest.mark.parametrize("created", ["yesterday", "0001-01-01T00:00:00+14:00"])
def test_a_changed_report_may_have_any_time(created: str) -> None:
    answer = offline_verification(check_report(signed_json(), KEYS.public))
    assert answer.report is not None
    changed = answer.report.model_copy(update={"created": created})
    assert created in verified_report(answer.model_copy(update={"report": changed}), LANGUAGES["en"])


@ALL_LANGUAGES
def test_an_authentic_report_repeats_what_the_file_said_of_its_origin(texts: Texts) -> None:
    provenance = FileProvenanceDocument(
        status="valid_trusted",
        issuer="Test Newspaper",
        generator=None,
        digital_source_type="trainedAlgorithmicMedia",
        ai_generated=True,
        captured_by_camera=False,
        sources=[],
    )
    answer = offline_verification(check_report(signed_json(), KEYS.public))
    assert answer.report is not None
    stated = {"provenance": provenance, "conflict": "signature_invalid"}
    html = verified_report(
        answer.model_copy(update={"report": answer.report.model_copy(update=stated)}), texts
    )
    words = texts.provenance
    assert words.ai_titles["made"] in html
    assert words.conflicts["signature_invalid"] in html
    assert "Test Newspaper" in html
    assert words.ai_titles["made"] not in verified_report(answer, texts)


@ALL_LANGUAGES
def test_an_unknown_number_is_said_to_be_unknown_and_escaped(texts: Texts) -> None:
    state = ResultState(report_id="<b>", stands=False, result=None, later=None)
    html = result_state(state, texts)
    assert texts.verification.unknown_number in html
    assert "<b>" not in html
