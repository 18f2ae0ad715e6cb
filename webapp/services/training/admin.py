"""Learning as admins see and steer it on the desk: the services of the commands, with a role asked for and every action told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from laanet_core.errors import LaanetError
from laanet_core.training.config import named_recipe
from webapp.db.audit_chain import Event
from webapp.domain.enums import Action, Role, user_actor
from webapp.domain.errors import Refused, Unable
from webapp.services.accounts import Person, require
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.versions import VersionService
from webapp.services.training.background_commands import Errands
from webapp.services.training.finetuning import FinetuneService, Wish
from webapp.services.training.snapshots import SnapshotService

MOST_STEPS = 100_000


class OverseeingService:
    """`answering`: the version that answers on this server; `replay`: manifest of what is learned from beside a snapshot.

    Every method raises Refused: not_signed_in, not_allowed, and with the codes of the services behind it.
    """

    def __init__(
        self,
        audit: AuditService,
        snapshots: SnapshotService,
        finetuning: FinetuneService,
        versions: VersionService,
        errands: Errands,
        *,
        answering: Callable[[], str],
        replay: Path | None = None,
    ) -> None:
        self._audit = audit
        self._snapshots = snapshots
        self._finetuning = finetuning
        self._versions = versions
        self._errands = errands
        self._answering = answering
        self._replay = replay

    def state(self, person: Person | None) -> Mapping[str, Any]:
        """Everything at a glance, ready for JSON."""
        require(person, Role.ADMIN)
        versions, errand = self._versions.listed(), self._errands.last()
        return {
            "answering": self._answering(),
            "before": self._versions.before(),
            "snapshots": self._snapshots.listed(),
            "runs": self._finetuning.listed(),
            "versions": [
                {**facts, "lineage": self._versions.lineage(facts["version"])} for facts in versions
            ],
            "errand": None if errand is None else errand.to_json(),
            "steps": named_recipe("finetune").steps,
            "replay": self._replay is not None,
        }

    def report(self, person: Person | None, version: str) -> Mapping[str, Any]:
        """What the gate found. Raises Refused also with unknown_version, not_measured."""
        require(person, Role.ADMIN)
        with _refusing():
            report = self._versions.report(version)
        if report is None:
            raise Refused("not_measured", f"{version} has not been through the gate.")
        return report

    def freeze(self, person: Person | None) -> None:
        """Have a snapshot made."""
        admin = require(person, Role.ADMIN)
        with _refusing():
            self._errands.begin(
                "snapshot", "", ["snapshot"], self._telling(admin, Action.SNAPSHOT_ASKED, "snapshot")
            )

    def begin(self, person: Person | None, snapshot: str, steps: int | None = None) -> None:
        """Have a candidate made of a snapshot; the same again goes on with what was cut off."""
        admin = require(person, Role.ADMIN)
        if steps is not None and not 1 <= steps <= MOST_STEPS:
            raise Refused("invalid_steps", f"There must be 1 to {MOST_STEPS} steps.")
        changes = [] if steps is None else [f"steps={steps}"]
        with _refusing():
            self._finetuning.require_idle()  # before anything is prepared that would wait for ever
            run = self._finetuning.prepare(Wish(snapshot, self._replay, changes))
            self._start(admin, run)

    def resume(self, person: Person | None, run: str) -> None:
        """Go on with a run that was cut off, failed, or never began."""
        admin = require(person, Role.ADMIN)
        with _refusing():
            self._start(admin, run)

    def cancel(self, person: Person | None, run: str) -> None:
        """Let a run end for good."""
        admin = require(person, Role.ADMIN)
        with _refusing():
            self._finetuning.cancel(run, user_actor(admin.id))

    def measure(self, person: Person | None, version: str) -> None:
        """Put a candidate through the gate."""
        admin = require(person, Role.ADMIN)
        with _refusing():
            self._versions.facts(version)
            told = self._telling(admin, Action.GATE_ASKED, f"model:{version}"[:64])
            self._errands.begin("gate", version, ["gate", version], told)

    def promote(self, person: Person | None, version: str) -> None:
        """Let a candidate that passed the gate answer from now on."""
        admin = require(person, Role.ADMIN)
        with _refusing():
            self._versions.promote(version, admin.name)

    def rollback(self, person: Person | None, to: str | None = None) -> None:
        """Take the last change of champion back, or let an earlier one answer again."""
        admin = require(person, Role.ADMIN)
        with _refusing():
            self._versions.rollback(admin.name, to)

    def _start(self, admin: Person, run: str) -> None:
        self._finetuning.require_idle()
        self._finetuning.claim(run, user_actor(admin.id))  # whatever dies after that: it is revived
        self._finetuning.start_detached(run)

    def _telling(self, admin: Person, action: Action, subject: str) -> Callable[[], None]:
        return lambda: self._audit.tell(Event(user_actor(admin.id), action, subject))


@contextmanager
def _refusing() -> Iterator[None]:
    """What a host would be told is told to the admin."""
    try:
        yield
    except (Unable, LaanetError) as error:
        raise Refused(error.code, error.message) from error
