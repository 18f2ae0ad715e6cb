"""Tests of the evidence on the receipt page; the browser tests cover the page."""

from __future__ import annotations

import dataclasses

import gradio as gr
import pytest

from laanet_core.decision import DecisionConfig
from tests import asynchronous
from tests.webapp.sample_results import FAKE, PHOTO, SMALL, TRACK, VIDEO, kept_media, stored, without_faces
from webapp.services.results.documents import ThresholdsDocument
from webapp.texts import LANGUAGES, Texts
from webapp.ui.pages.analyse.layout import EvidenceComponents, evidence_components
from webapp.ui.pages.receipt_evidence import decision_of, evidence_without_file, kept_file_address

ALL_LANGUAGES = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
DECISION = DecisionConfig(real_below=0.4, fake_above=0.6)


@pytest.fixture
def parts() -> EvidenceComponents:
    # Without a running event loop Gradio makes loops that it never closes.
    async def build() -> EvidenceComponents:
        with gr.Blocks(analytics_enabled=False):
            return evidence_components()

    return asynchronous.run(build())


@ALL_LANGUAGES
def test_a_result_without_a_file_has_its_gauges_and_says_so(parts: EvidenceComponents, texts: Texts) -> None:
    values = evidence_without_file(parts, stored(PHOTO), DECISION, texts)
    assert texts.device.evidence_not_kept in values[parts.picture]
    assert "lens-gauge" in values[parts.table]
    assert "<img" not in values[parts.table]
    # Without a heatmap there is no word on the places of traces.
    assert "lens-why" in values[parts.table]
    assert texts.reasons["no_spots_fake"] not in values[parts.table]
    assert texts.not_judged_reasons["too_small"] in values[parts.table]
    assert texts.show_in_picture not in values[parts.table]


@ALL_LANGUAGES
def test_the_evidence_of_a_kept_file_is_announced(parts: EvidenceComponents, texts: Texts) -> None:
    values = evidence_without_file(parts, stored(PHOTO, media=kept_media()), DECISION, texts)
    assert texts.device.evidence_loading in values[parts.picture]
    values = evidence_without_file(parts, stored(PHOTO, media=kept_media()), DECISION, texts, "lost")
    assert "lost" in values[parts.picture]


@ALL_LANGUAGES
def test_persons_keep_their_numbers_and_reasons(parts: EvidenceComponents, texts: Texts) -> None:
    """The first person of the video is hidden, the second one is judged."""
    faces = [dataclasses.replace(SMALL, time=0.0, track=0, not_judged="hidden")]
    faces.append(dataclasses.replace(FAKE, time=0.0, track=1))
    video = dataclasses.replace(VIDEO, faces=tuple(faces), tracks=(dataclasses.replace(TRACK, track=1),))
    values = evidence_without_file(parts, stored(video), DECISION, texts)
    html = values[parts.table]
    column = texts.columns["person"]
    first, second = (html.index(f'data-label="{column}">{number}</th>') for number in (1, 2))
    assert texts.not_judged["hidden"] in html[first:second]
    assert texts.verdicts["fake"] in html[second:]
    assert "lens-timeline" in values[parts.timeline]
    assert values[parts.clip_view]["visible"]
    assert texts.device.evidence_not_kept in values[parts.player]


def test_a_rejected_file_has_no_evidence(parts: EvidenceComponents) -> None:
    values = evidence_without_file(parts, stored(without_faces(PHOTO, "rejected")), DECISION, LANGUAGES["en"])
    assert values[parts.picture] == values[parts.table] == ""


def test_the_thresholds_are_those_in_use_at_the_time() -> None:
    at_the_time = ThresholdsDocument(temperature=2.0, real_below=0.1, fake_above=0.9)
    assert decision_of(at_the_time, DECISION) == DecisionConfig(2.0, 0.1, 0.9)
    assert decision_of(None, DECISION) is DECISION


def test_the_address_of_the_file_escapes_the_receipt() -> None:
    assert kept_file_address("a/'b") == "/api/v1/results/a%2F%27b/media"
