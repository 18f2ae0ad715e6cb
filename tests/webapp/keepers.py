"""Visitors who let their files be kept, without a network that judges them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from laanet_core.decision import DecisionConfig
from laanet_core.media.images import read_image, sniff_file
from laanet_core.media.video import Frame, read_frames
from laanet_core.results import AnalysisResult, ModelInfo
from webapp.db.session import Sessions
from webapp.services.analysis.analysis_store import AnalysisStore, StoredAnalysis
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.queue import AnalysisQueue
from webapp.services.analysis.service import AnalysisService
from webapp.services.storage.kept_media import KeptMediaService


class Reader:
    """Reads files as the detector does and finds no face in them."""

    info, decision, notice = ModelInfo("m", "1", "1" * 64), DecisionConfig(), None

    def analyse_file(self, path: str | Path, *, on_frame: Any, **_: Any) -> AnalysisResult:
        kind = sniff_file(Path(path))
        pictures = (
            [Frame(read_image(Path(path)), 0.0)] if kind == "image" else list(read_frames(Path(path), 4))
        )
        for frame in pictures:
            on_frame(frame)
        height, width = pictures[0].rgb.shape[:2]
        return AnalysisResult(kind, "no_face", None, None, (), self.info, 0.1, size=(width, height))


def keeper(sessions: Sessions, keeping: KeptMediaService) -> AnalysisService:
    return AnalysisService(
        Reader(),
        AnalysisStore(sessions, kept_media=keeping),
        Jobs(),
        frames=4,
        queue=AnalysisQueue(at_once=8, max_waiting=32),
    )


def receipt_of(analysed: StoredAnalysis) -> str:
    assert analysed.receipt is not None
    return analysed.receipt
