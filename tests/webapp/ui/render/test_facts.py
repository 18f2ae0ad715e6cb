"""Tests of the facts about the model."""

from __future__ import annotations

import dataclasses

from laanet_core.decision import DecisionConfig
from laanet_core.results import ModelInfo
from tests.webapp.sample_results import MODEL
from webapp.texts import LANGUAGES
from webapp.ui.render.facts import model_facts

ENGLISH = LANGUAGES["en"]


def test_facts_have_names_and_values() -> None:
    decision = DecisionConfig(real_below=0.2, fake_above=0.7)
    html = model_facts(MODEL, decision, "Research only", ENGLISH)
    assert f"<dt>{ENGLISH.model_facts['fake_above']}</dt><dd>0.7000</dd>" in html
    assert "Research only" in html
    uncalibrated = model_facts(MODEL, dataclasses.replace(decision, calibrated=False), None, ENGLISH)
    assert "(not calibrated)" in uncalibrated
    assert "lens-notice" not in uncalibrated


def test_values_are_escaped() -> None:
    assert "<b>" not in model_facts(ModelInfo("<b>", "<b>", "<b>"), DecisionConfig(), "<b>", ENGLISH)
