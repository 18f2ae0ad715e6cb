"""The endpoint with the measures of the models."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.audited_faces import add_two_models
from tests.webapp.ui.rest.conftest import error_of
from webapp.db.session import Sessions
from webapp.services.label_quality.model_figures import ModelMeasures
from webapp.services.label_quality.model_measures import ModelMeasureService
from webapp.ui.rest.errors import add_handlers
from webapp.ui.rest.model_measures import model_measures_router

PATH = "/model/measures"


@pytest.fixture
def client(sessions: Sessions) -> TestClient:
    app = FastAPI()
    add_handlers(app)
    app.include_router(
        model_measures_router(ModelMeasureService(sessions, delay=timedelta(0), is_public=True))
    )
    return TestClient(app)


def test_everyone_reads_published_measures(client: TestClient, sessions: Sessions) -> None:
    add_two_models(sessions)
    answer = client.get(PATH, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 200
    measures = ModelMeasures.model_validate(answer.json())
    serving, earlier = measures.models
    assert (serving.version, earlier.version) == ("bbb", "aaa")
    assert earlier.total.rates.recall.share == 0.9
    assert [month.month for month in earlier.months] == ["2026-07", "2026-08"]


def test_a_broken_database_is_unavailable(client: TestClient, sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.execute(text("ALTER TABLE decision RENAME TO elsewhere"))
    assert error_of(client.get(PATH)) == (503, "unavailable")


def test_it_is_off_by_default(http: httpx.Client) -> None:
    assert error_of(http.get(PATH)) == (404, "not_public")
