"""Evidence on the receipt page: what the database has, then everything that the kept file shows."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import gradio as gr
from markupsafe import Markup

from laanet_core.decision import DecisionConfig
from laanet_core.results import AnalysisResult
from webapp.services.results.documents import StoredResult, ThresholdsDocument
from webapp.services.results.stored_evidence import StoredEvidence
from webapp.texts import Texts
from webapp.ui.pages.analyse.layout import EvidenceComponents
from webapp.ui.render import evidence
from webapp.ui.render.cards import CardNotes
from webapp.ui.render.headline import message
from webapp.ui.render.reliability import stability_rows
from webapp.ui.render.stored_result import stable_stored_result

# Component to value or update.
Values = dict[Any, Any]


def no_evidence(parts: EvidenceComponents) -> Values:
    """Return the components without a result."""
    return {
        parts.clip_view: gr.update(visible=False),
        parts.player: "",
        parts.timeline: "",
        parts.moments: "",
        parts.table: "",
        parts.stability: "",
        parts.picture: "",
    }


def evidence_without_file(
    parts: EvidenceComponents, stored: StoredResult, decision: DecisionConfig, texts: Texts, reason: str = ""
) -> Values:
    """Return the evidence that needs no file. The place of the picture says whether it follows.

    `reason` is a sentence on why there is none.
    """
    result = stable_stored_result(stored)
    if result.outcome == "rejected":
        return no_evidence(parts)
    words = texts.device
    text = reason or (words.evidence_loading if stored.media.kept else words.evidence_not_kept)
    notes = CardNotes(has_picture=False, has_heatmaps=False)
    is_clip = has_clip_view(result)
    return {
        **no_evidence(parts),
        parts.clip_view: gr.update(visible=is_clip),
        parts.player if is_clip else parts.picture: message(text),
        parts.timeline: evidence.chart(result, decision, texts),
        parts.table: evidence.face_cards(result, {}, decision, notes, texts),
    }


def evidence_of_file(
    parts: EvidenceComponents,
    file_evidence: StoredEvidence,
    decision: DecisionConfig,
    receipt: str,
    texts: Texts,
) -> Values:
    """Return the evidence with everything that the kept file shows."""
    result = file_evidence.shown_result()
    has_checks = file_evidence.stabilities is not None
    rows = (
        {}
        if not file_evidence.stabilities
        else stability_rows(file_evidence.result, file_evidence.stabilities, texts)
    )
    notes = CardNotes(rows=rows, has_picture=True, has_heatmaps=has_checks)
    images = evidence.close_ups(file_evidence.media, file_evidence.result) or {}
    pictures = evidence.pictures(file_evidence.media, result, texts)
    is_clip = has_clip_view(result)
    player = Markup("")
    if is_clip:
        source = kept_file_address(receipt)
        player = evidence.player("", 0, source, texts.device.clip_unplayable, texts)
    return {
        parts.clip_view: gr.update(visible=is_clip),
        parts.player: player,
        parts.timeline: evidence.chart(result, decision, texts),
        parts.moments: pictures if is_clip else "",
        parts.table: evidence.face_cards(result, images, decision, notes, texts),
        parts.stability: "" if has_checks else message(texts.device.evidence_other_model),
        parts.picture: "" if is_clip else pictures,
    }


def has_clip_view(result: AnalysisResult) -> bool:
    """Return whether a result has a player and a timeline."""
    return result.kind == "video" and result.outcome == "verdict"


def kept_file_address(receipt: str) -> str:
    """Return the address of the kept file. Only the holder of the receipt can know it."""
    return f"/api/v1/results/{quote(receipt, safe='')}/media"


def decision_of(thresholds: ThresholdsDocument | None, current: DecisionConfig) -> DecisionConfig:
    """Return the thresholds in use at the time, or `current` ones if they were not stored."""
    if thresholds is None:
        return current
    return DecisionConfig(
        temperature=thresholds.temperature,
        real_below=thresholds.real_below,
        fake_above=thresholds.fake_above,
    )
