"""The public page with the measures of the models."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.audited_faces import add_two_models
from webapp.db.session import Sessions
from webapp.services.label_quality.model_measures import ModelMeasureService
from webapp.texts import LANGUAGES
from webapp.ui.pages.model_measures import model_measures_routes


@pytest.fixture
def client(sessions: Sessions) -> TestClient:
    measures = ModelMeasureService(sessions, delay=timedelta(0), is_public=True)
    return TestClient(Starlette(routes=model_measures_routes(measures)))


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_language_has_an_address(client: TestClient, sessions: Sessions, code: str) -> None:
    add_two_models(sessions)
    answer = client.get("/model/measures" if code == "en" else f"/model/measures-{code}")
    words = LANGUAGES[code].model_measures
    assert answer.status_code == 200
    assert f'<html lang="{code}">' in answer.text
    assert words.version.format(version="aaa") in answer.text
    assert "{" not in answer.text.split("</style>")[1]
    for other in LANGUAGES:
        assert (f'hreflang="{other}"' in answer.text) == (other != code)


def test_an_outage_is_told(client: TestClient, sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.execute(text("ALTER TABLE decision RENAME TO elsewhere"))
    answer = client.get("/model/measures")
    assert answer.status_code == 503
    assert LANGUAGES["en"].refusals["unavailable"] in answer.text
