"""JSON document of an analysis that was just made and stored."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from laanet_core.documents import AnalysisDocument
from webapp.services.analysis_records.known_files import KnownFile


class StoredAnalysisDocument(AnalysisDocument):
    """Answer to an uploaded file."""

    receipt: str | None = Field(
        description="keep it: nothing else opens the result. null: the result could not be stored"
    )
    kept: bool = Field(description="the file itself is kept, because `consent` was given")
    not_kept: Literal["store_full", "not_kept"] | None = Field(
        description="reason for which it is not kept although `consent` was given"
    )
    known: Annotated[KnownFile | None, Field(description="earlier decisions; left out if there is none")] = (
        Field(default=None, exclude_if=lambda value: value is None)
    )
