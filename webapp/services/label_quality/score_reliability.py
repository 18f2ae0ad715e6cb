"""How often faces with such a score turned out to be fake: measured on what moderators decided, and on nothing else."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from laanet_core.evaluation.metrics import wilson_interval
from laanet_core.results import AnalysisResult
from webapp.db.decision_queries import ScoreRange, count_audit_sample
from webapp.db.session import Sessions
from webapp.domain.clock import now

logger = logging.getLogger(__name__)
FEWEST = 30  # decided cases; with fewer nothing is said
AROUND = 0.05  # of the calibrated probability, to both sides


@dataclass(frozen=True)
class ScoreReliability:
    """Of `count` faces drawn at random and decided real or fake, with a score from `lowest` to `highest` by the same model, `fakes` were
    fake; `low` to `high` is the 95 % interval (Wilson) of their share. Those decided otherwise (cannot tell, unusable) are not counted.
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

    def to_json(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "fakes": self.fakes,
            "share": round(self.share, 4),
            "interval": [round(self.low, 4), round(self.high, 4)],
            "scores": [round(self.lowest, 4), round(self.highest, 4)],
        }


def reliability_of(
    session: Session, kind: str, model_sha256: str, fake_prob: float, delay: timedelta
) -> ScoreReliability | None:
    """Pictures' faces (frame-level) and clips' persons (video-level) are counted apart. None where there are fewer than FEWEST.

    `delay`: for how long a decision may still be undone.
    """
    lowest, highest = max(fake_prob - AROUND, 0.0), min(fake_prob + AROUND, 1.0)
    count, fakes = count_audit_sample(session, ScoreRange(kind, model_sha256, lowest, highest), now() - delay)
    if count < FEWEST:
        return None
    interval = wilson_interval(fakes, count)
    return ScoreReliability(count, fakes, interval.low, interval.high, lowest, highest)


class ScoreReliabilityService:
    def __init__(self, sessions: Sessions, *, delay: timedelta) -> None:
        self._sessions = sessions
        self._delay = delay

    def for_result(self, result: AnalysisResult) -> list[ScoreReliability | None]:
        """For every face of a picture or person of a clip. None where too few were decided; an answer never fails for want of it."""
        subjects = result.tracks if result.kind == "video" else result.faces
        try:
            with self._sessions() as session:
                return [
                    None
                    if subject.fake_prob is None
                    else reliability_of(
                        session, result.kind, result.model.sha256, subject.fake_prob, self._delay
                    )
                    for subject in subjects
                ]
        except SQLAlchemyError:
            logger.exception("the measured reliability could not be read")
            return [None] * len(subjects)
