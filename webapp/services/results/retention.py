"""Retention of results: the host's limit on their age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from webapp.domain.clock import now
from webapp.services.results.deletion import ResultDeletion


@dataclass(frozen=True)
class PurgeReport:
    """Number of deleted analyses older than `days` days; 0 days: results are never deleted."""

    days: int
    analyses: int


class RetentionService:
    """Deletion of results that are older than `days` days. With 0 days, all results are kept."""

    def __init__(self, deletion: ResultDeletion, *, days: int) -> None:
        self.days = days
        self._deletion = deletion

    def purge(self) -> PurgeReport:
        """Delete old results; see `ResultDeletion.delete_older`."""
        if self.days == 0:
            return PurgeReport(days=0, analyses=0)
        before = now() - timedelta(days=self.days)
        analyses = self._deletion.delete_older(before, days=self.days)
        return PurgeReport(days=self.days, analyses=analyses)
