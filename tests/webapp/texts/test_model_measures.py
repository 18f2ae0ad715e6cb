"""Sentences about the measures of the model."""

from __future__ import annotations

import dataclasses
import re

from tests.conftest import ROOT
from webapp.texts.model_measures import ModelMeasureTexts


def test_every_sentence_is_used() -> None:
    folder = ROOT / "webapp" / "ui"
    files = [path for path in folder.rglob("*.*") if path.suffix in (".py", ".jinja")]
    used = set(re.findall(r"\.(\w+)", "\n".join(path.read_text(encoding="utf-8") for path in files)))
    assert {field.name for field in dataclasses.fields(ModelMeasureTexts)} - used == set()
