"""Promotion gate: measurement of a candidate and the champion on one snapshot, and the stored report."""

from __future__ import annotations

from webapp.domain.clock import now
from webapp.services.model_registry.gate_report import ComparedVersion, GateLimits, GateReport
from webapp.services.model_registry.versions import VersionService
from webapp.services.training.gate_measurements import GateSettings, PredictionCache, measure_versions
from webapp.services.training.promotion_gate import check_candidate
from webapp.services.training.snapshots import SnapshotService


class GateService:
    """Promotion gate with the data sets, corruptions and limits of one installation.

    Raises Unable: unknown_version, model_changed, stale_snapshot, and the codes of `SnapshotService.verify`.
    """

    def __init__(
        self,
        snapshots: SnapshotService,
        versions: VersionService,
        settings: GateSettings,
        limits: GateLimits | None = None,
    ) -> None:
        self._snapshots = snapshots
        self._versions = versions
        self._settings = settings
        self._limits = limits or GateLimits()

    def evaluate(self, version: str, snapshot: str | None = None) -> GateReport:
        """Measure a candidate and the champion on the gold split of a snapshot, and store the report.

        `version` is the candidate's. `snapshot` defaults to the one that the candidate learned from, or else
        to the newest. No report is stored if an item of the snapshot is deleted, or its decision is undone,
        before or during the measurement. Raises Unable also with gold_was_learned, and LaanetError if data
        cannot be read.
        """
        self._versions.require_fresh(version)
        candidate = self._versions.verify(version)
        champion = self._versions.ensure_champion()
        snapshot_id = snapshot or self._versions.snapshot_of(version) or self._snapshots.newest()
        snapshot_folder = self._snapshots.verify(snapshot_id)
        self._snapshots.require_unseen_gold(snapshot_id)
        folders = self._snapshots.folders
        cache = PredictionCache(folders.scores_of(snapshot_id), folders.manifest_scores())
        try:
            measurements = measure_versions(
                candidate.folder, champion.folder, snapshot_folder, self._settings, cache
            )
        finally:
            # If an item was deleted during the measurement, this call also removes the cached predictions.
            self._snapshots.require_fresh(snapshot_id)
        checks = check_candidate(*measurements, self._limits)
        report = GateReport(
            passed=all(check.passed for check in checks),
            candidate=ComparedVersion(version=candidate.version, sha256=candidate.sha256),
            champion=ComparedVersion(version=champion.version, sha256=champion.sha256),
            snapshot=snapshot_id,
            measured_at=now().isoformat(),
            rules=self._limits,
            checks=tuple(checks),
        )
        self._versions.store_report(version, report)
        return report
