"""Tests of the schema: every sentence is used."""

from __future__ import annotations

import dataclasses
import re

import pytest

from tests.conftest import ROOT
from webapp.texts.schema import ReportTexts, Texts, VerificationTexts


@pytest.mark.parametrize("schema", [Texts, ReportTexts, VerificationTexts])
def test_every_field_is_used(schema: type) -> None:
    files = [path for path in (ROOT / "webapp").rglob("*.*") if path.suffix in (".py", ".jinja")]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in files if path.name != "schema.py")
    used = set(re.findall(r"\.(\w+)", sources))
    names = {field.name for field in dataclasses.fields(schema)}
    assert names - used == set()
