"""Measures of the models in words: one sentence tells how many faces the withheld parts lack."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.audited_faces import add_audited, add_two_models
from webapp.db.session import Sessions
from webapp.domain.enums import ModelRate, Tag
from webapp.services.accounts import HOST
from webapp.services.label_quality.model_measures import ModelMeasureService
from webapp.texts import LANGUAGES
from webapp.ui.render.model_measures import model_measures


def page_of(sessions: Sessions, code: str = "en") -> str:
    measures = ModelMeasureService(sessions, delay=timedelta(0)).present(HOST)
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", model_measures(measures, LANGUAGES[code])))


def test_shares_intervals_and_bounds_are_shown(sessions: Sessions) -> None:
    add_two_models(sessions)
    page = page_of(sessions)
    assert "Faces drawn: 334. Decided real or fake: 320. Open: 7. Inconclusive: 5. Unusable: 2." in page
    assert "90% (81% to 95%) possible: 83% to 91%" in page
    assert page.count("No share for:") == 2
    assert "No share for: 2026-10 (too few faces; missing: 21 fakes, 30 real ones)." in page
    assert "No share for: Teeth (withheld: it would reveal the share of fewer other faces)." in page
    assert "after they saw it: 12% of 250 (9% to 17%)." in page


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_all_words(sessions: Sessions, code: str) -> None:
    words = LANGUAGES[code].model_measures
    assert set(words.rates) == set(ModelRate)
    assert set(words.kinds) == {"image", "video"}
    assert words.nothing in page_of(sessions, code)
    for tag in Tag:
        add_audited(sessions, 5, "fake", "fake", tags=(tag,))
    page = page_of(sessions, code)
    assert all(LANGUAGES[code].tag_names[tag] in page for tag in Tag)
    assert "25" in page
