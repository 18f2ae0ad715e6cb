"""Agreement of the model's heatmaps with the regions that moderators painted.

Heatmaps are not stored. The present model computes them again from the kept photo, outside of any
transaction. The agreement is stored once per label and model.
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
from webapp.services.analysis.detectors import FileDetector
from webapp.services.analysis_records.subjects import MIN_IOU
from webapp.services.storage.kept_media import KeptFile, KeptMediaService

logger = logging.getLogger(__name__)
# Regions in one run, because visitors need the model too.
_BATCH = 10


class HeatmapAgreementService:
    """Comparison of painted regions with heatmaps. Temporary copies of kept files are written to `folder`."""

    def __init__(
        self, sessions: Sessions, kept_media: KeptMediaService, detector: FileDetector, *, folder: Path
    ) -> None:
        self._sessions = sessions
        self._kept_media = kept_media
        self._detector = detector
        self._folder = folder

    def compare_pending(self) -> int:
        """Compare the next batch of regions on photos with the present model's heatmaps. Return its size.

        Only regions that the model was not compared with yet are taken.

        Raises SQLAlchemyError.
        """
        with self._sessions() as session:
            regions = unmeasured_regions(session, self._detector.info.sha256, limit=_BATCH)
        # Results by file name, because several moderators may paint on the same photo.
        results: dict[str, AnalysisResult | None] = {}
        for region in regions:
            name = region.media.name
            if name not in results:
                results[name] = self._analyse(region)
            result = results[name]
            comparison = None if result is None else compare_region(region.png, result, region.box)
            self._store(region, comparison)
        return len(regions)

    def _analyse(self, region: PaintedRegion) -> AnalysisResult | None:
        """Return the present model's result for the region's photo, None if the file cannot be read."""
        file = KeptFile(region.media.name, region.media.format, region.orientation)
        try:
            with self._kept_media.open(file, folder=self._folder) as path:
                return self._detector.analyse_file(path, only="image")
        except (FileNotFoundError, StoreFailed):
            logger.exception("kept media cannot be read: %s", file.name)
            return None

    def _store(self, region: PaintedRegion, comparison: Agreement | None) -> None:
        """Store a comparison. A row without values marks a region that cannot be compared."""
        info = self._detector.info
        row = RegionAgreement(
            label_id=region.label_id,
            model_sha256=info.sha256,
            model_version=info.version,
            created_at=now(),
            hit=None if comparison is None else comparison.hit,
            iou=None if comparison is None else comparison.iou,
        )
        try:
            with self._sessions.begin() as session:
                session.add(row)
        # The label was deleted meanwhile, or another process stored the comparison first.
        except IntegrityError:
            logger.info("the comparison of a region was discarded")


def compare_region(png: bytes, result: AnalysisResult, box: Box) -> Agreement | None:
    """Compare a painted region with the heatmap of the face at `box`.

    `png` is the region as a grey PNG. `box` is (x1, y1, x2, y2) in pixels of the upright original.
    Return None if no face with a heatmap overlaps the box with an IoU of at least MIN_IOU.
    """
    faces = [face for face in result.faces if face.heatmap is not None and iou(face.box, box) >= MIN_IOU]
    if not faces or result.size is None:
        return None
    face = max(faces, key=lambda candidate: iou(candidate.box, box))
    assert face.heatmap is not None
    return agreement(painted_pixels(png).astype(np.uint8), face.heatmap, result.size)
