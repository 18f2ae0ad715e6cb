"""Registry of the versions of the model: registration, gate reports, promotion and rollback."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.db import training_queries as queries
from webapp.db.account_queries import account_by_name
from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import Account, ChampionChange, ModelVersion
from webapp.domain.clock import now
from webapp.domain.enums import Action, ModelState, Role, user_actor
from webapp.domain.errors import Unable
from webapp.domain.iso_time import IsoTime
from webapp.services.accounts.user_names import normalise_name
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.gate_report import GateReport
from webapp.services.model_registry.version_files import RegisteredVersion, add_files, require_unchanged

logger = logging.getLogger(__name__)
# Characters that the column of audit subjects takes
_SUBJECT_LENGTH = 64


class VersionSummary(BaseModel):
    """One version as lists show it. The field names are JSON keys of a contract.

    `answered`: True if the version is or was the champion. `stale`: True if an item that it learned from was
    deleted or undone. `passed`: True if it passed the gate, None if the gate did not measure it.
    """

    model_config = ConfigDict(frozen=True)

    version: str
    state: str
    sha256: str
    parent_sha256: str | None
    created_at: IsoTime
    promoted_at: IsoTime | None
    promoted_by: str | None
    retired_at: IsoTime | None
    answered: bool
    stale: bool
    passed: bool | None


class VersionService:
    """Registry of the versions that descend from the weights named `source`, as in LENS_WEIGHTS.

    Each version has a folder of its own below `folder`. A version is stale if its snapshot is stale: an item
    that it learned from was deleted or undone. A stale candidate cannot be promoted; a stale champion stays,
    and is marked. All methods raise Unable: unknown_version, model_changed, and the codes that each method
    names.
    """

    def __init__(self, sessions: Sessions, audit: AuditService, folder: Path, source: str) -> None:
        self.folder = folder
        self.source = source
        self._sessions = sessions
        self._audit = audit

    def champion(self) -> RegisteredVersion | None:
        """Return the champion, or None if none was registered yet. One light query; no file is hashed."""
        with self._sessions() as session:
            row = queries.champion(session, self.source)
            return None if row is None else self._registered(row)

    def ensure_champion(self) -> RegisteredVersion:
        """Return the verified champion; if there is none, register the weights of the settings as the first.

        Raises InvalidWeights if the weights of the settings cannot be read.
        """
        champion = self.champion()
        if champion is not None:
            return self.verify(champion.version)
        from laanet_core.modeling.loading import load_weights
        from laanet_core.modeling.weights_files import weights_folder

        source = weights_folder(self.source)
        info = load_weights(source).info
        with self._sessions() as session:
            namesake = queries.version_by_name(session, info.version)
        version = info.version if namesake is None else f"{info.version}-{info.sha256[:8]}"
        return self.register(source, version, state=ModelState.CHAMPION)

    def register(
        self,
        weights: Path,
        version: str,
        *,
        state: ModelState,
        parent_sha256: str | None = None,
        run_id: int | None = None,
    ) -> RegisteredVersion:
        """Copy a folder of weights into the registry and store its row.

        Raises Unable also with version_exists.
        """
        registered = add_files(weights, self.folder, version)
        row = ModelVersion(
            version=version,
            source=self.source,
            sha256=registered.sha256,
            config_sha256=registered.config_sha256,
            parent_sha256=parent_sha256,
            run_id=run_id,
            state=state,
            created_at=now(),
        )
        try:
            with self._sessions.begin() as session:
                session.add(row)
        except IntegrityError as error:
            message = f"a version {version} exists already, or another champion"
            raise Unable("version_exists", message) from error
        return registered

    def verify(self, version: str) -> RegisteredVersion:
        """Return a version after checking that its files are unchanged, byte for byte."""
        with self._sessions() as session:
            registered = self._registered(_row(session, version))
        require_unchanged(registered)
        return registered

    def store_report(self, version: str, report: GateReport) -> None:
        """Store a report of the gate.

        A version that was never champion becomes a candidate if it passed, rejected if it failed. Any other
        version keeps its state. Raises Unable also with stale_snapshot.
        """
        with self._sessions.begin() as session:
            row = _row(session, version)
            _require_fresh(session, row)
            row.report = report.to_json()
            if row.state in (ModelState.CANDIDATE, ModelState.REJECTED) and row.promoted_at is None:
                row.state = ModelState.CANDIDATE if report.passed else ModelState.REJECTED

    def promote(self, version: str, by: str) -> RegisteredVersion:
        """Make a candidate the champion after it passed the gate against the present champion.

        `by` is the name of the admin who confirms it. Raises Unable also with not_an_admin, answers_already,
        not_passed, other_champion, stale_snapshot.
        """
        registered = self.verify(version)
        with self._audit.transaction() as (session, record):
            queries.lock_training(session)
            admin = _admin(session, by)
            row = _row(session, version)
            champion = queries.champion(session, self.source)
            report = _report(row)
            if row.state == ModelState.CHAMPION:
                raise Unable("answers_already", f"{version} is the champion already")
            if row.state != ModelState.CANDIDATE or report is None or not report.passed:
                raise Unable("not_passed", _why_not_promotable(row))
            if (
                champion is None
                or report.champion.sha256 != champion.sha256
                or report.candidate.sha256 != row.sha256
            ):
                message = f"{version} was compared with another champion; run the gate again"
                raise Unable("other_champion", message)
            _require_fresh(session, row)
            _replace_champion(session, champion, row, admin, ModelState.RETIRED)
            session.add(ChampionChange(before=champion, after=row))
            record(_champion_event(admin, Action.MODEL_PROMOTED, champion, row))
        logger.info("%s is the champion", version)
        return registered

    def rollback(self, by: str, to: str | None = None) -> RegisteredVersion:
        """Make an earlier champion the champion again: the version `to`, or the one before the last change.

        Without `to` the last change is undone, so that the next rollback undoes the change before it. The
        present champion becomes rejected, or retired if the restored version descends from it. Raises Unable
        also with not_an_admin, nothing_to_go_back_to.
        """
        with self._sessions() as session:
            version = self._rollback_row(session, to).version
        registered = self.verify(version)
        with self._audit.transaction() as (session, record):
            queries.lock_training(session)
            admin = _admin(session, by)
            row = self._rollback_row(session, to)
            champion = queries.champion(session, self.source)
            last = queries.last_champion_change(session, self.source)
            if champion is None or row.version != version:
                raise Unable("nothing_to_go_back_to", "the champion changed in the meantime")
            descends_from_champion = champion in _ancestry(session, row)
            leaving = ModelState.RETIRED if descends_from_champion else ModelState.REJECTED
            _replace_champion(session, champion, row, admin, leaving)
            if to is None and last is not None:
                last.undone_at = now()
            else:
                session.add(ChampionChange(before=champion, after=row))
            record(_champion_event(admin, Action.MODEL_ROLLED_BACK, champion, row))
        logger.info("%s is the champion again", version)
        return registered

    def rollback_target(self) -> str | None:
        """Return the version that `rollback` without a name would restore; None if there is none."""
        with self._sessions() as session:
            last = queries.last_champion_change(session, self.source)
            return None if last is None else last.before.version

    def lineage(self, version: str) -> list[str]:
        """Return a version and its ancestors, oldest last."""
        with self._sessions() as session:
            return [row.version for row in _ancestry(session, _row(session, version))]

    def summaries(self) -> list[VersionSummary]:
        """Return all versions, newest first."""
        with self._sessions() as session:
            return [_summary(session, row) for row in queries.all_versions(session)]

    def summary(self, version: str) -> VersionSummary:
        """Return one version as lists show it."""
        with self._sessions() as session:
            return _summary(session, _row(session, version))

    def report(self, version: str) -> GateReport | None:
        """Return the last report of the gate about a version, or None if the gate did not measure it."""
        with self._sessions() as session:
            return _report(_row(session, version))

    def snapshot_of(self, version: str) -> str | None:
        """Return the id of the snapshot that a version learned from; None for weights that no run made."""
        with self._sessions() as session:
            row = _row(session, version)
            return None if row.run is None else row.run.snapshot.public_id

    def require_fresh(self, version: str) -> None:
        """Raise Unable with stale_snapshot if an item that the version learned from was deleted or undone."""
        with self._sessions() as session:
            _require_fresh(session, _row(session, version))

    def _rollback_row(self, session: Session, to: str | None) -> ModelVersion:
        """Return the version that a rollback restores. Raises Unable: nothing_to_go_back_to."""
        if to is None:
            last = queries.last_champion_change(session, self.source)
            if last is None:
                raise Unable("nothing_to_go_back_to", "there is no earlier champion")
            return last.before
        row = _row(session, to)
        if row.state == ModelState.CHAMPION:
            raise Unable("nothing_to_go_back_to", f"{to} is the champion")
        if row.retired_at is None or row.source != self.source:
            raise Unable("nothing_to_go_back_to", f"{to} was never the champion")
        return row

    def _registered(self, row: ModelVersion) -> RegisteredVersion:
        return RegisteredVersion(row.version, self.folder / row.version, row.sha256, row.config_sha256)


def _row(session: Session, version: str) -> ModelVersion:
    row = queries.version_by_name(session, version)
    if row is None:
        raise Unable("unknown_version", f"there is no version {version} of the model")
    return row


def _report(row: ModelVersion) -> GateReport | None:
    return None if row.report is None else GateReport.from_json(row.report)


def _replace_champion(
    session: Session, champion: ModelVersion, successor: ModelVersion, admin: Account, leaving: ModelState
) -> None:
    """Give the champion the state `leaving` and make `successor` the champion."""
    champion.state = leaving
    champion.retired_at = now()
    # The unique index allows one champion at a time, so the old one must be written first.
    session.flush()
    successor.state = ModelState.CHAMPION
    successor.retired_at = None
    successor.promoted_at = now()
    successor.promoted_by = admin.name


def _ancestry(session: Session, row: ModelVersion) -> list[ModelVersion]:
    """Return a version and its ancestors, oldest last."""
    ancestry = [row]
    while row.parent_sha256 is not None:
        parent = queries.version_by_sha256(session, row.parent_sha256)
        if parent is None or parent in ancestry:
            break
        ancestry.append(parent)
        row = parent
    return ancestry


def _why_not_promotable(row: ModelVersion) -> str:
    if row.retired_at is not None:
        return f"{row.version} was the champion before; restore it with `rollback --to {row.version}`"
    if row.state == ModelState.REJECTED:
        return f"the gate rejected {row.version}"
    return f"{row.version} has not passed the gate"


def _admin(session: Session, name: str) -> Account:
    account = account_by_name(session, normalise_name(name))
    if account is None or account.role != Role.ADMIN or account.disabled_at is not None:
        raise Unable("not_an_admin", f"{name} is not the name of an admin; an admin must confirm")
    return account


def _champion_event(admin: Account, action: Action, before: ModelVersion, after: ModelVersion) -> Event:
    details: Mapping[str, str] = {
        "from": before.version,
        "to": after.version,
        "sha256": after.sha256,
        "config_sha256": after.config_sha256,
    }
    return Event(user_actor(admin.id), action, f"model:{after.version}"[:_SUBJECT_LENGTH], details)


def _is_stale(session: Session, row: ModelVersion) -> bool:
    return row.run is not None and queries.is_stale(session, row.run.snapshot)


def _require_fresh(session: Session, row: ModelVersion) -> None:
    if _is_stale(session, row):
        raise Unable(
            "stale_snapshot",
            f"an item that {row.version} learned from was deleted or undone; "
            "freeze a new snapshot and fine-tune again",
        )


def _summary(session: Session, row: ModelVersion) -> VersionSummary:
    report = _report(row)
    return VersionSummary(
        version=row.version,
        state=row.state,
        sha256=row.sha256,
        parent_sha256=row.parent_sha256,
        created_at=row.created_at,
        promoted_at=row.promoted_at,
        promoted_by=row.promoted_by,
        retired_at=row.retired_at,
        answered=row.state == ModelState.CHAMPION or row.retired_at is not None,
        stale=_is_stale(session, row),
        passed=None if report is None else report.passed,
    )
