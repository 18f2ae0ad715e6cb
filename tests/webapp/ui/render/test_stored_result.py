"""Tests of the stored result on the receipt page."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from laanet_core.documents import ModelDocument
from laanet_core.results import CAUTIONS
from tests.webapp.sample_results import PHOTO, VIDEO, kept_media, stored, stored_page, without_faces
from webapp.services.results.documents import (
    DecidedFace,
    DecisionDocument,
    FaceReliability,
    FeedbackDocument,
    LaterScore,
)
from webapp.texts import LANGUAGES, Texts
from webapp.ui.render.stored_result import exact

ENGLISH = LANGUAGES["en"]
ALL_LANGUAGES = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
NOTE = "<img src=x onerror=alert(1)> \u202e 名前\n  second line"
LATER = datetime(2026, 11, 25, 3, 5, tzinfo=UTC)
VOTE = FeedbackDocument(created_at=LATER, face=1, vote="disagree", note=NOTE, tags=["eyes"], region=None)


def test_carriage_returns_survive_the_browser() -> None:
    assert exact("a\r\n<b>\r") == "a&#13;\n&lt;b&gt;&#13;"


def test_notes_are_escaped_and_old_votes_are_marked() -> None:
    result = stored(
        PHOTO, feedback=[VOTE.model_copy(update={"note": ""}), VOTE.model_copy(update={"region": "iVBO"})]
    )
    html = stored_page(result, ENGLISH)
    assert "&lt;img src=x onerror=alert(1)&gt; \u202e 名前\n  second line" in html
    assert "<img" not in html
    assert "Face 1 · 2026-11-25 03:05 · Eyes · replaced by a later vote" in html
    assert "Face 1 · 2026-11-25 03:05 · Eyes · a region is marked" in html


def test_the_next_backup_is_announced() -> None:
    assert ENGLISH.receipt_backed_up in stored_page(stored(PHOTO), ENGLISH)
    assert ENGLISH.receipt_not_backed_up in stored_page(stored(PHOTO, durable=False), ENGLISH)


@ALL_LANGUAGES
def test_the_decision_is_shown_or_why_there_is_none(texts: Texts) -> None:
    kept = kept_media()
    assert texts.decision_impossible in stored_page(stored(PHOTO), texts)
    assert texts.decision_pending in stored_page(stored(PHOTO, media=kept), texts)
    face = DecidedFace(face=1, value="cannot_tell", how="agreed", decided_at=LATER, exact=False)
    decision = DecisionDocument(faces=[face])
    html = stored_page(stored(PHOTO, media=kept, decision=decision, waiting=[2]), texts)
    assert f'lens-inconclusive">{texts.labels["cannot_tell"]}</span> {texts.decision_of_copy}' in html
    assert texts.decision_waiting.format(faces=texts.face_number.format(number=2)) in html


def test_unstable_verdicts_are_inconclusive() -> None:
    assert "Looks manipulated: 1 of 2 faces" in stored_page(stored(PHOTO), ENGLISH)
    html = stored_page(stored(PHOTO, is_stable=False, unstable_faces=[1]), ENGLISH)
    assert "<h2>Inconclusive: 1 of 2 faces</h2>" in html
    assert "unstable_verdict" in html
    assert "looks manipulated" not in html.lower()


@ALL_LANGUAGES
def test_the_stability_of_the_file_is_told_apart_from_that_of_its_faces(texts: Texts) -> None:
    words = texts.stability_of_file
    holds = stored_page(stored(PHOTO, is_stable=True), texts)
    assert f"<p>{words['holds']}</p>" in holds
    assert words["faces"].partition("{")[0] not in holds
    mixed = stored_page(stored(PHOTO, is_stable=True, unstable_faces=[2]), texts)
    assert f"<p>{words['holds']}</p>" in mixed
    assert words["faces"].format(faces=texts.face_number.format(number=2)) in mixed
    changed = stored_page(stored(PHOTO, is_stable=False, unstable_faces=[1, 2]), texts)
    assert words["holds"] not in changed
    assert texts.outcomes["unstable"][1] in changed
    clip = stored_page(stored(VIDEO, is_stable=True), texts)
    assert words["clip"] in clip
    assert words["holds"] not in clip
    # No sentence about a face can be read as one about the file.
    assert words["holds"] not in texts.stability_findings.values()
    assert "unstable_verdict" not in stored_page(stored(PHOTO), texts)
    assert words["title"] not in stored_page(stored(PHOTO), texts)


@ALL_LANGUAGES
def test_partly_judged_files_get_a_caution(texts: Texts) -> None:
    for result in (PHOTO, VIDEO, without_faces(VIDEO)):
        for caution in CAUTIONS:
            html = stored_page(stored(dataclasses.replace(result, cautions=(caution,))), texts)
            shown = [f"<p>{texts.cautions[code]}</p>" in html for code in CAUTIONS]
            assert shown == [code == caution for code in CAUTIONS]


def test_later_models_and_reliability_have_rows() -> None:
    model = ModelDocument(name="lite", version="2", sha256="0" * 64)
    score = LaterScore(created_at=LATER, model=model, fake_prob=0.1, verdict="real")
    interval, scores = (0.5981, 0.8581), (0.82, 0.92)
    known = FaceReliability(face=1, count=40, fakes=30, share=0.75, interval=interval, scores=scores)
    html = stored_page(stored(PHOTO, later_scores=[score], reliability=[known]), ENGLISH)
    assert "lite 2" in html
    assert "75% were fake" in html
    assert ENGLISH.no_later_models not in html
