"""Painted regions against heatmaps that the real model computes again from the kept file."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageDraw
from sqlalchemy import select

from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from tests.webapp.services.conftest import Decides
from webapp.db.session import Sessions
from webapp.db.tables import Face, RegionAgreement
from webapp.services.accounts import Person
from webapp.services.analysis.analysis_store import AnalysisStore
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.label_quality.heatmap_agreement import HeatmapAgreementService
from webapp.services.label_quality.service import LabelQualityService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.ranking import TriageRules
from webapp.services.moderation.triage import Triage
from webapp.services.storage.kept_media import KeptMediaService


def test_regions_are_compared_once_for_every_model(
    sessions: Sessions,
    keeping: KeptMediaService,
    detector: Detector,
    log: CaseEvents,
    decides: Decides,
    people: list[Person],
    samples: Path,
    tmp_path: Path,
) -> None:
    triage = Triage(log, TriageRules(), draw=lambda: 0.0)
    analysis = AnalysisService(
        detector, AnalysisStore(sessions, kept_media=keeping, on_kept=triage.process), Jobs(), frames=4
    )
    result = analysis.analyse(samples / "two_people.jpg", consent=True).result
    height, width = read_image(samples / "two_people.jpg").shape[:2]
    decides("fake", region=painted((width, height), result.faces[0].heatmap.box))  # type: ignore[union-attr]
    decides("fake", region=painted((width, height), (0, 0, 3, 3)))
    service = HeatmapAgreementService(sessions, keeping, detector, folder=tmp_path / "cache")
    # Two moderators painted on each of two cases.
    assert service.compare_pending() == 4
    assert service.compare_pending() == 0
    assert list((tmp_path / "cache").iterdir()) == []
    with sessions() as session:
        rows = session.scalars(select(RegionAgreement).order_by(RegionAgreement.label_id)).all()
        assert [(row.hit, row.iou is None) for row in rows] == [
            (True, False),
            (True, False),
            (None, True),
            (None, True),
        ]
        assert {row.model_sha256 for row in rows} == {detector.info.sha256}
        # The repeated analysis is not stored.
        assert session.query(Face).count() == 2
    (found,) = LabelQualityService(sessions).report(people[0]).heatmaps
    assert (found.pointing.hits, found.pointing.count) == (2, 2)
    assert 0 <= found.mean_iou <= 1


def painted(size: tuple[int, int], box: tuple[float, float, float, float]) -> bytes:
    """Return a mask of a quarter of `size` (width, height) with the box painted."""
    image, written = Image.new("L", size), io.BytesIO()
    ImageDraw.Draw(image).rectangle(box, fill=255)
    image.resize((size[0] // 4 or 1, size[1] // 4 or 1), Image.Resampling.BOX).save(written, "PNG")
    return written.getvalue()
