"""Handlers of the admins' page about the model. Those that change something return the new state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webapp.ui.desk.requests import DeskCall, FineTuneRequest, RollbackRequest, RunRequest, VersionRequest

if TYPE_CHECKING:
    from webapp.ui.desk.case_handlers import Endpoints
    from webapp.ui.services import DeskServices

PREFIX = "/model"


class ModelHandlers:
    """Every handler calls a service that checks the person's role."""

    def __init__(self, services: DeskServices) -> None:
        self._services = services

    def endpoints(self) -> Endpoints:
        """Return the handlers by method and path."""
        return {
            ("GET", PREFIX): self.state,
            ("GET", f"{PREFIX}/report"): self.report,
            ("POST", f"{PREFIX}/freeze"): self.freeze,
            ("POST", f"{PREFIX}/begin"): self.begin,
            ("POST", f"{PREFIX}/resume"): self.resume,
            ("POST", f"{PREFIX}/cancel"): self.cancel,
            ("POST", f"{PREFIX}/measure"): self.measure,
            ("POST", f"{PREFIX}/promote"): self.promote,
            ("POST", f"{PREFIX}/rollback"): self.rollback,
        }

    def state(self, call: DeskCall) -> Mapping[str, Any]:
        """Return snapshots, runs and versions."""
        return self._services.learning.overview(call.person).model_dump(mode="json")

    def report(self, call: DeskCall) -> Mapping[str, Any]:
        """Return the gate's report on a version."""
        report = self._services.learning.gate_report(call.person, call.read(VersionRequest).version)
        return report.model_dump(mode="json", by_alias=True)

    def freeze(self, call: DeskCall) -> Mapping[str, Any]:
        """Make a snapshot."""
        self._services.learning.freeze_snapshot(call.person)
        return self.state(call)

    def begin(self, call: DeskCall) -> Mapping[str, Any]:
        """Start a fine-tuning run."""
        request = call.read(FineTuneRequest)
        self._services.learning.start_run(call.person, request.snapshot, request.steps)
        return self.state(call)

    def resume(self, call: DeskCall) -> Mapping[str, Any]:
        """Resume a run."""
        self._services.learning.resume_run(call.person, call.read(RunRequest).run)
        return self.state(call)

    def cancel(self, call: DeskCall) -> Mapping[str, Any]:
        """Cancel a run."""
        self._services.learning.cancel_run(call.person, call.read(RunRequest).run)
        return self.state(call)

    def measure(self, call: DeskCall) -> Mapping[str, Any]:
        """Measure a candidate at the gate."""
        self._services.learning.start_gate(call.person, call.read(VersionRequest).version)
        return self.state(call)

    def promote(self, call: DeskCall) -> Mapping[str, Any]:
        """Promote a candidate that passed the gate."""
        self._services.learning.promote(call.person, call.read(VersionRequest).version)
        return self.state(call)

    def rollback(self, call: DeskCall) -> Mapping[str, Any]:
        """Go back to the champion before, or to a certain version."""
        self._services.learning.rollback(call.person, call.read(RollbackRequest).to or None)
        return self.state(call)
