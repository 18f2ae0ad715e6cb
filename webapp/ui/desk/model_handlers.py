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
    """Handlers of the model's page. Each calls a service that checks the person's role."""

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
        """Start to freeze a snapshot of the decided cases."""
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
        """Start the gate's measurement of a candidate."""
        self._services.learning.start_gate(call.person, call.read(VersionRequest).version)
        return self.state(call)

    def promote(self, call: DeskCall) -> Mapping[str, Any]:
        """Promote a candidate that passed the gate."""
        self._services.learning.promote(call.person, call.read(VersionRequest).version)
        return self.state(call)

    def rollback(self, call: DeskCall) -> Mapping[str, Any]:
        """Roll back to the version that the request names, or to the previous champion if it names none."""
        version = call.read(RollbackRequest).to or None
        self._services.learning.rollback(call.person, version)
        return self.state(call)
