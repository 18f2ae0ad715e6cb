"""Handlers of the buttons below a result; the browser tests cover the events."""

from __future__ import annotations

import re

import gradio as gr
import pytest

from tests.webapp.ui.pages.analyse.conftest import AnalysisPage
from webapp.db.session import Sessions
from webapp.db.tables import Feedback
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.services.results.receipts import ReceiptService
from webapp.texts import LANGUAGES

TEXTS = LANGUAGES["en"]


def link_of(analysed: StoredAnalysis) -> str:
    return f"http://lens.example/receipt#{analysed.receipt}"


def test_vote_needs_a_choice(page: AnalysisPage, analysed: StoredAnalysis, sessions: Sessions) -> None:
    assert page.vote(link_of(analysed), None) == TEXTS.choose_vote
    with sessions() as session:
        assert session.query(Feedback).count() == 0


def test_vote_after_a_restart_uses_the_link(
    page: AnalysisPage, analysed: StoredAnalysis, sessions: Sessions
) -> None:
    assert page.vote(link_of(analysed), "disagree", "blurred mouth") == TEXTS.thanks
    with sessions() as session:
        (vote,) = session.query(Feedback)
        assert (vote.subject, vote.vote, vote.note) == (0, "disagree", "blurred mouth")


def test_refused_vote_states_the_reason_and_its_code(page: AnalysisPage) -> None:
    message = page.vote("http://lens.example/receipt#unknown", "agree")
    assert message == f"{TEXTS.refusals['unknown_receipt']} (`unknown_receipt`)"


def test_deletion_after_a_restart_uses_the_link(
    page: AnalysisPage, analysed: StoredAnalysis, receipts: ReceiptService
) -> None:
    assert analysed.receipt is not None
    updates = page.handler("delete")(None, link_of(analysed), None)
    assert updates[page.layout.next.deleted] == TEXTS.deleted
    assert not receipts.exists(analysed.receipt)


def test_report_of_no_file_is_refused(page: AnalysisPage) -> None:
    saves = [event.fn for event in page.blocks.fns.values() if event.name == "save"]
    assert len(saves) == 2
    for save in saves:
        assert save is not None
        with pytest.raises(gr.Error, match=re.escape(TEXTS.file_gone)):
            save(None)
