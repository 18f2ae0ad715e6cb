"""Documents of stored results."""

from __future__ import annotations

import json

from laanet_core.documents import AnalysisDocument
from tests.webapp.sample_results import PHOTO, kept_media, stored


def test_the_json_has_the_keys_of_the_analysis_and_of_the_store_in_order() -> None:
    document = stored(PHOTO, is_stable=False, media=kept_media()).to_json()
    analysis = AnalysisDocument.from_result(PHOTO).to_json()
    assert {key: document[key] for key in analysis} == analysis
    assert list(document)[len(analysis) :] == [
        *("created_at", "size", "thresholds", "held", "unstable_faces", "feedback", "later_scores"),
        *("notify", "media", "decision", "waiting", "reliability", "durable"),
    ]
    assert document["held"] is False
    assert document["created_at"].endswith("+00:00")
    assert json.loads(json.dumps(document)) == document
