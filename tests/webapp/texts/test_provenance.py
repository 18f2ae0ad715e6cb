"""Sentences about provenance exist for every code, in every language."""

from __future__ import annotations

from typing import get_args

import pytest

from laanet_core.media.source_types import SOURCE_TYPES
from laanet_core.results import CONFLICTS, ProvenancePlace, ProvenanceStatus, ProvenanceSubject
from webapp.texts import LANGUAGES


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_code_has_a_sentence(code: str) -> None:
    texts = LANGUAGES[code].provenance
    assert set(texts.statuses) == set(get_args(ProvenanceStatus))
    assert set(texts.places) == set(get_args(ProvenancePlace))
    assert set(texts.subjects) == set(get_args(ProvenanceSubject))
    assert tuple(texts.conflicts) == CONFLICTS
    assert set(texts.source_types) == set(SOURCE_TYPES)
    assert "other" in texts.problems


def test_words_do_not_overclaim() -> None:
    texts = LANGUAGES["en"].provenance
    assert "proves nothing" in texts.statuses["none"]
    assert "proves nothing" in texts.unsigned
    assert "not confirmed" in texts.statuses["valid_untrusted"]
    assert all("says" in title for title in texts.ai_titles.values())
