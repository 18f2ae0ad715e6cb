"""Progress of an analysis, from the detector and the queue to the visitor's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from laanet_core.results import Progress


@dataclass(frozen=True)
class VisitProgress(Progress):
    """Progress of one analysis, with its place in the queue.

    `phase` is waiting, reading, judging, without_gpu, drawing or storing. While it is waiting, `ahead`
    analyses come first.
    """

    ahead: int = 0

    @property
    def is_waiting(self) -> bool:
        """True while the analysis waits in the queue."""
        return self.phase == "waiting"


# Receives the progress and may raise Cancelled.
ReportProgress = Callable[[VisitProgress], None]
