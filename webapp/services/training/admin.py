"""Actions of admins on the model: snapshots, fine-tuning runs, the promotion gate and promotions.

This module checks roles and writes audit entries; the services behind it do the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from laanet_core.errors import LaanetError
from laanet_core.training.config import named_recipe
from webapp.db.audit_chain import Event
from webapp.domain.enums import Action, Role, user_actor
from webapp.domain.errors import Refused, Unable
from webapp.services.accounts import Person, require
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.gate_report import GateReport
from webapp.services.model_registry.versions import VersionService, VersionSummary
from webapp.services.training.background_commands import BackgroundCommands, CommandStatus
from webapp.services.training.finetuning import FinetuneService
from webapp.services.training.run_store import RunSpec, RunSummary
from webapp.services.training.snapshot_records import SnapshotSummary
from webapp.services.training.snapshots import SnapshotService

# Largest number of training steps that an admin may choose.
MAX_STEPS = 100_000
# Length in characters of the column of audit subjects.
_SUBJECT_LENGTH = 64


class VersionWithLineage(VersionSummary):
    """A version of the model. `lineage` has its name and then those of its ancestors, the oldest last."""

    lineage: tuple[str, ...]


class LearningOverview(BaseModel):
    """Content of the admins' page about the model.

    Some JSON keys are older than the words of this project and stay as they are. `answering` is the version
    that this server serves, `before` the version that a rollback restores, and `errand` the last background
    command. `steps` is the recipe's number of training steps. `replay` is true if fine-tuning replays a data
    set beside the snapshot.
    """

    model_config = ConfigDict(frozen=True)

    answering: str
    before: str | None
    snapshots: tuple[SnapshotSummary, ...]
    runs: tuple[RunSummary, ...]
    versions: tuple[VersionWithLineage, ...]
    errand: CommandStatus | None
    steps: int
    replay: bool


class LearningAdminService:
    """Actions of admins on the model.

    `serving` returns the version that this server serves. `replay` is the manifest of a data set that
    fine-tuning replays beside a snapshot. Every method raises Refused with not_signed_in, not_allowed, or a
    code of the service behind it.
    """

    def __init__(
        self,
        audit: AuditService,
        snapshots: SnapshotService,
        finetuning: FinetuneService,
        versions: VersionService,
        commands: BackgroundCommands,
        *,
        serving: Callable[[], str],
        replay: Path | None = None,
    ) -> None:
        self._audit = audit
        self._snapshots = snapshots
        self._finetuning = finetuning
        self._versions = versions
        self._commands = commands
        self._serving = serving
        self._replay = replay

    def overview(self, person: Person | None) -> LearningOverview:
        """Return snapshots, runs, versions and the last background command."""
        require(person, Role.ADMIN)
        versions: list[VersionWithLineage] = []
        for summary in self._versions.summaries():
            lineage = tuple(self._versions.lineage(summary.version))
            versions.append(VersionWithLineage(**summary.model_dump(), lineage=lineage))
        return LearningOverview(
            answering=self._serving(),
            before=self._versions.rollback_target(),
            snapshots=tuple(self._snapshots.summaries()),
            runs=tuple(self._finetuning.summaries()),
            versions=tuple(versions),
            errand=self._commands.last(),
            steps=named_recipe("finetune").steps,
            replay=self._replay is not None,
        )

    def gate_report(self, person: Person | None, version: str) -> GateReport:
        """Return the last report of the gate about a version.

        Raises Refused also with unknown_version or not_measured.
        """
        require(person, Role.ADMIN)
        with _unable_as_refused():
            report = self._versions.report(version)
        if report is None:
            raise Refused("not_measured", f"The gate has not measured {version}.")
        return report

    def freeze_snapshot(self, person: Person | None) -> None:
        """Start making a snapshot in the background."""
        admin = require(person, Role.ADMIN)
        with _unable_as_refused():
            record = self._recorder(admin, Action.SNAPSHOT_ASKED, "snapshot")
            self._commands.start("snapshot", "", ["snapshot"], record)

    def start_run(self, person: Person | None, snapshot: str, steps: int | None = None) -> None:
        """Start a fine-tuning run, or resume an interrupted one with the same snapshot, base and steps.

        `steps` is the number of training steps, that of the recipe if None.
        """
        admin = require(person, Role.ADMIN)
        if steps is not None and not 1 <= steps <= MAX_STEPS:
            raise Refused("invalid_steps", f"There must be 1 to {MAX_STEPS} steps.")
        changes = () if steps is None else (f"steps={steps}",)
        with _unable_as_refused():
            # Checked before a run is prepared: the new run would wait for a start that never comes.
            self._finetuning.require_idle()
            run = self._finetuning.prepare(RunSpec(snapshot, self._replay, changes))
            self._claim_and_start(admin, run)

    def resume_run(self, person: Person | None, run: str) -> None:
        """Resume a run that was interrupted, failed, or never started."""
        admin = require(person, Role.ADMIN)
        with _unable_as_refused():
            self._claim_and_start(admin, run)

    def cancel_run(self, person: Person | None, run: str) -> None:
        """Stop a run for good."""
        admin = require(person, Role.ADMIN)
        with _unable_as_refused():
            self._finetuning.cancel(run, user_actor(admin.id))

    def start_gate(self, person: Person | None, version: str) -> None:
        """Start measuring a candidate in the background."""
        admin = require(person, Role.ADMIN)
        with _unable_as_refused():
            self._versions.summary(version)
            subject = f"model:{version}"[:_SUBJECT_LENGTH]
            record = self._recorder(admin, Action.GATE_ASKED, subject)
            self._commands.start("gate", version, ["gate", version], record)

    def promote(self, person: Person | None, version: str) -> None:
        """Make a candidate that passed the gate the champion."""
        admin = require(person, Role.ADMIN)
        with _unable_as_refused():
            self._versions.promote(version, admin.name)

    def rollback(self, person: Person | None, to: str | None = None) -> None:
        """Undo the last change of champion, or make an earlier champion the champion again."""
        admin = require(person, Role.ADMIN)
        with _unable_as_refused():
            self._versions.rollback(admin.name, to)

    def _claim_and_start(self, admin: Person, run: str) -> None:
        """Start the process of a run. Raises Unable with run_busy or run_ended."""
        self._finetuning.require_idle()
        # The scheduler revives a claimed run, so it starts even if this process dies before the next line.
        self._finetuning.claim(run, user_actor(admin.id))
        self._finetuning.start_detached(run)

    def _recorder(self, admin: Person, action: Action, subject: str) -> Callable[[], None]:
        """Return a function that audits an admin's action."""
        return lambda: self._audit.record(Event(user_actor(admin.id), action, subject))


@contextmanager
def _unable_as_refused() -> Iterator[None]:
    """Turn errors for hosts into errors that the desk shows, with the same code and message."""
    try:
        yield
    except (Unable, LaanetError) as error:
        raise Refused(error.code, error.message) from error
