"""Progress of an analysis."""

from __future__ import annotations

from webapp.services.analysis.progress import VisitProgress


def test_only_the_waiting_phase_waits() -> None:
    assert VisitProgress(0.0, "waiting", 3).is_waiting
    assert not VisitProgress(0.0, "reading").is_waiting
