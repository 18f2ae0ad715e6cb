"""Measured reliability of scores: the share of fakes among decided faces with a similar score.

Only decisions on the random audit sample count.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from laanet_core.evaluation.metrics import wilson_interval
from laanet_core.results import AnalysisResult
from webapp.db.decision_queries import ScoreRange, count_audit_sample
from webapp.db.session import Sessions
from webapp.domain.clock import now

logger = logging.getLogger(__name__)
# A reliability needs at least this many decided faces.
MIN_DECIDED = 30
# Two scores are similar if their calibrated probabilities differ by at most this much.
SIMILARITY_MARGIN = 0.05


class ReliabilityFigures(BaseModel):
    """Published reliability: share of fakes, its 95 % interval (Wilson), and the range of scores."""

    model_config = ConfigDict(frozen=True)

    count: int
    fakes: int
    share: float
    interval: tuple[float, float]
    scores: tuple[float, float]


@dataclass(frozen=True)
class ScoreReliability:
    """Reliability of a score: `fakes` of `count` faces with a similar score were decided fake.

    The faces were drawn at random, scored from `lowest` to `highest` by the same model, and decided real or
    fake. `low` to `high` is the 95 % interval (Wilson) of the share. Other decisions (cannot tell, unusable)
    do not count.
    """

    count: int
    fakes: int
    low: float
    high: float
    lowest: float
    highest: float

    @property
    def share(self) -> float:
        return self.fakes / self.count

    def figures(self) -> ReliabilityFigures:
        return ReliabilityFigures(
            count=self.count,
            fakes=self.fakes,
            share=round(self.share, 4),
            interval=(round(self.low, 4), round(self.high, 4)),
            scores=(round(self.lowest, 4), round(self.highest, 4)),
        )


def reliability_of(
    session: Session, kind: str, model_sha256: str, fake_prob: float, delay: timedelta
) -> ScoreReliability | None:
    """Return the reliability of a calibrated score, None if fewer than MIN_DECIDED faces were decided.

    `kind` keeps pictures' faces (frame-level) and clips' persons (video-level) apart. Decisions younger
    than `delay` do not count, because they may still be undone.
    """
    lowest = max(fake_prob - SIMILARITY_MARGIN, 0.0)
    highest = min(fake_prob + SIMILARITY_MARGIN, 1.0)
    similar = ScoreRange(kind, model_sha256, lowest, highest)
    count, fakes = count_audit_sample(session, similar, now() - delay)
    if count < MIN_DECIDED:
        return None
    interval = wilson_interval(fakes, count)
    return ScoreReliability(
        count=count, fakes=fakes, low=interval.low, high=interval.high, lowest=lowest, highest=highest
    )


class ScoreReliabilityService:
    """Looks up the reliability of new results."""

    def __init__(self, sessions: Sessions, *, delay: timedelta) -> None:
        self._sessions = sessions
        self._delay = delay

    def for_result(self, result: AnalysisResult) -> list[ScoreReliability | None]:
        """Return the reliability for every face or person, None if too few were decided.

        A database error is logged and gives None everywhere: the analysis must not fail because of it.
        """
        subjects = result.tracks if result.kind == "video" else result.faces
        try:
            with self._sessions() as session:
                return [self._lookup(session, result, subject.fake_prob) for subject in subjects]
        except SQLAlchemyError:
            logger.exception("the measured reliability could not be read")
            return [None] * len(subjects)

    def _lookup(
        self, session: Session, result: AnalysisResult, fake_prob: float | None
    ) -> ScoreReliability | None:
        if fake_prob is None:
            return None
        return reliability_of(session, result.kind, result.model.sha256, fake_prob, self._delay)
