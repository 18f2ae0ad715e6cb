"""Endpoint with the measures of the models: GET /api/v1/model/measures."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from webapp.services.label_quality.model_figures import ModelMeasures
from webapp.services.label_quality.model_measures import ModelMeasureService
from webapp.ui.rest.errors import documented_errors
from webapp.ui.rest.schemas import DocumentResponse


def model_measures_router(measures: ModelMeasureService) -> APIRouter:
    """Return the route. It refuses all requests unless the host publishes the measures."""
    router = APIRouter()

    @router.get(
        "/model/measures",
        summary="Precision, recall and false alarm rate of each model version",
        response_model=ModelMeasures,
        responses=documented_errors({404: "`not_public`", 503: "`unavailable`"}),
    )
    def model_measures() -> Response:
        """Rates on faces that were drawn at random, before anybody could vote, and decided by moderators.

        Open and inconclusive faces are not in the shares. They are probably the harder ones, so the shares
        are probably too favourable; `possible` tells by how much at most. The figures change once a day.
        """
        return DocumentResponse(measures.published())

    return router
