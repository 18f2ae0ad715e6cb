"""Whether the model looks where moderators see that something is wrong: its heatmaps against what they painted.

Heatmaps are not kept: they are made again from the kept photo, by the model that runs now, outside of any transaction; what is kept is how
they agree, once for every label and model.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from sqlalchemy.exc import IntegrityError

from laanet_core.evaluation.localization import Agreement, agreement
from laanet_core.faces.tracking import iou
from laanet_core.results import AnalysisResult
from laanet_core.types import Box
from webapp.db.label_quality_queries import PaintedRegion, unmeasured_regions
from webapp.db.session import Sessions
from webapp.db.tables import RegionAgreement
from webapp.domain.clock import now
from webapp.media.masks import painted_pixels
from webapp.media.store import StoreFailed
from webapp.services.analysis.service import Judge
from webapp.services.analysis_records.subjects import MIN_IOU
from webapp.services.storage.kept_media import KeptFile, KeptMediaService

logger = logging.getLogger(__name__)
_AT_ONCE = 10  # photos judged again in one run: visitors want the network too


class HeatmapAgreementService:
    """`folder`: where a kept file lies while it is judged again."""

    def __init__(
        self, sessions: Sessions, keeping: KeptMediaService, detector: Judge, *, folder: Path
    ) -> None:
        self._sessions = sessions
        self._keeping = keeping
        self._detector = detector
        self._folder = folder

    def compare_pending(self) -> int:
        """Compare some regions that were not compared yet with this model's heatmaps; how many. Photos only. Raises SQLAlchemyError."""
        with self._sessions() as session:
            regions = unmeasured_regions(session, self._detector.info.sha256, limit=_AT_ONCE)
        judged: dict[str, AnalysisResult | None] = {}  # by file: two moderators paint on each
        for region in regions:
            if region.media.name not in judged:
                judged[region.media.name] = self._judged(region)
            result = judged[region.media.name]
            self._store(region, None if result is None else compare_region(region.png, result, region.box))
        return len(regions)

    def _judged(self, region: PaintedRegion) -> AnalysisResult | None:
        """None where the file cannot be read any more."""
        file = KeptFile(region.media.name, region.media.format, region.orientation)
        try:
            with self._keeping.open(file, folder=self._folder) as path:
                return self._detector.analyse_file(path, only="image")
        except (FileNotFoundError, StoreFailed):
            logger.exception("kept media cannot be read: %s", file.name)
            return None

    def _store(self, region: PaintedRegion, found: Agreement | None) -> None:
        info = self._detector.info
        row = RegionAgreement(
            label_id=region.label_id,
            model_sha256=info.sha256,
            model_version=info.version,
            created_at=now(),
            hit=None if found is None else found.hit,
            iou=None if found is None else found.iou,
        )
        try:
            with self._sessions.begin() as session:
                session.add(row)
        except IntegrityError:  # its label is gone, or another process was faster
            logger.info("a region was compared in vain")


def compare_region(png: bytes, result: AnalysisResult, box: Box) -> Agreement | None:
    """A painted region against the heatmap of the face that lies at `box`; None where it is about another, or there is none."""
    faces = [face for face in result.faces if face.heatmap is not None and iou(face.box, box) >= MIN_IOU]
    if not faces or result.size is None:
        return None
    face = max(faces, key=lambda face: iou(face.box, box))
    assert face.heatmap is not None
    return agreement(painted_pixels(png).astype(np.uint8), face.heatmap, result.size)
