"""The versions of the model: which there are, which of them answers, and how that changes."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from webapp.services.accounts.user_names import normalise_name
from webapp.services.audit.log import AuditService

logger = logging.getLogger(__name__)
TENSORS, CONFIG = "model.safetensors", "config.json"


@dataclass(frozen=True)
class Standing:
    """A version of the model and where it lies; `sha256` of its weights, `config_sha256` of its thresholds and all else it says."""

    version: str
    folder: Path
    sha256: str
    config_sha256: str


class VersionService:
    """The versions that descend from the weights named `source` (LENS_WEIGHTS), each in a folder of its own in `folder`.

    A version is stale once its snapshot is: something that it learned from was deleted or undone. Such a one is kept from answering, or
    marked where it answers already. Raises Unable: unknown_version, model_changed, and with the codes that each method names.
    """

    def __init__(self, sessions: Sessions, audit: AuditService, folder: Path, source: str) -> None:
        self.folder = folder
        self.source = source
        self._sessions = sessions
        self._audit = audit

    def champion(self) -> Standing | None:
        """The version that was promoted last; None where the weights of the settings answer. One light question, nothing is hashed."""
        with self._sessions() as session:
            row = queries.champion(session, self.source)
            return None if row is None else self._standing(row)

    def base(self) -> Standing:
        """What a fine-tuning begins with: the champion; where there is none, the settings' weights, which become it, copied byte by byte.

        Raises InvalidWeights.
        """
        standing = self.champion()
        if standing is not None:
            return self.checked(standing.version)
        from laanet_core.modeling.loading import load_weights
        from laanet_core.modeling.weights_files import weights_folder

        given = weights_folder(self.source)
        info = load_weights(given).info
        with self._sessions() as session:
            taken = queries.version_by_name(session, info.version)
        version = info.version if taken is None else f"{info.version}-{info.sha256[:8]}"
        return self.register(given, version, state=ModelState.CHAMPION)

    def register(
        self,
        made: Path,
        version: str,
        *,
        state: ModelState,
        parent_sha256: str | None = None,
        run_id: int | None = None,
    ) -> Standing:
        """Keep the two files of a folder of weights as a version."""
        target, part = self.folder / version, self.folder / f".{version}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for name in (TENSORS, CONFIG):
            shutil.copyfile(made / name, part / name)
        shutil.rmtree(target, ignore_errors=True)  # of a run that broke off before its row
        part.rename(target)
        sha256, config_sha256 = _sha256(target / TENSORS), _sha256(target / CONFIG)
        try:
            with self._sessions.begin() as session:
                row = ModelVersion(
                    version=version, source=self.source, sha256=sha256, config_sha256=config_sha256, parent_sha256=parent_sha256,
                    run_id=run_id, state=state, created_at=now(),
                )  # fmt: skip
                session.add(row)
        except IntegrityError as error:
            raise Unable(
                "version_exists", f"there is a version {version} already, or another champion"
            ) from error
        return Standing(version, target, sha256, config_sha256)

    def checked(self, version: str) -> Standing:
        """A version whose files are byte for byte what they were."""
        with self._sessions() as session:
            standing = self._standing(self._row(session, version))
        try:
            found = _sha256(standing.folder / TENSORS), _sha256(standing.folder / CONFIG)
        except OSError as error:
            raise Unable(
                "model_changed", f"the files of {version} cannot be read: {error.strerror}"
            ) from error
        if found != (standing.sha256, standing.config_sha256):
            raise Unable("model_changed", f"the files of {version} are not what they were")
        return standing

    def note(self, version: str, report: Mapping[str, Any]) -> None:
        """Keep what the gate found; a candidate that it stopped is rejected. Raises Unable also with stale_snapshot."""
        with self._sessions.begin() as session:
            row = self._row(session, version)
            _require_fresh(session, row)
            row.report = json.dumps(report)
            if row.state in (ModelState.CANDIDATE, ModelState.REJECTED) and row.promoted_at is None:
                row.state = ModelState.CANDIDATE if report["passed"] else ModelState.REJECTED

    def promote(self, version: str, by: str) -> Standing:
        """Let a candidate that passed the gate against the champion answer from now on; `by`: an admin's name.

        Raises Unable also with not_an_admin, answers_already, not_passed, other_champion, stale_snapshot.
        """
        standing = self.checked(version)
        with self._audit.transaction() as (session, tell):
            queries.lock_training(session)
            admin = _admin(session, by)
            row, before = self._row(session, version), queries.champion(session, self.source)
            report = json.loads(row.report) if row.report else None
            if row.state == ModelState.CHAMPION:
                raise Unable("answers_already", f"{version} answers already; there is nothing to promote")
            if row.state != ModelState.CANDIDATE or report is None or not report["passed"]:
                raise Unable("not_passed", _why_not(row))
            if (
                before is None
                or report["champion"]["sha256"] != before.sha256
                or report["candidate"]["sha256"] != row.sha256
            ):
                raise Unable(
                    "other_champion",
                    f"{version} was measured against another champion; put it through the gate again",
                )
            _require_fresh(session, row)
            _replace(session, before, row, admin)
            session.add(ChampionChange(before=before, after=row))
            tell(
                Event(
                    user_actor(admin.id), Action.MODEL_PROMOTED, f"model:{version}"[:64], _told(before, row)
                )
            )
        logger.info("%s answers from now on", version)
        return standing

    def rollback(self, by: str, to: str | None = None) -> Standing:
        """Let an earlier champion answer again: the one named, or the one before the last change, which is taken back; called again, the
        change before that. The one that goes is rejected, unless the one that comes descends from it.

        Raises Unable also with not_an_admin, nothing_to_go_back_to.
        """
        with self._sessions() as session:
            version = self._earlier(session, to).version
        standing = self.checked(version)
        with self._audit.transaction() as (session, tell):
            queries.lock_training(session)
            admin = _admin(session, by)
            row, before = self._earlier(session, to), queries.champion(session, self.source)
            last = queries.last_champion_change(session, self.source)
            if before is None or row.version != version:
                raise Unable("nothing_to_go_back_to", "somebody was faster")
            _replace(
                session,
                before,
                row,
                admin,
                ModelState.RETIRED if before in _line(session, row) else ModelState.REJECTED,
            )
            if to is None and last is not None:
                last.undone_at = now()
            else:
                session.add(ChampionChange(before=before, after=row))
            tell(
                Event(
                    user_actor(admin.id),
                    Action.MODEL_ROLLED_BACK,
                    f"model:{version}"[:64],
                    _told(before, row),
                )
            )
        logger.info("%s answers again", version)
        return standing

    def lineage(self, version: str) -> list[str]:
        """The version and its ancestors, the first one last."""
        with self._sessions() as session:
            return [row.version for row in _line(session, self._row(session, version))]

    def before(self) -> str | None:
        """The version that a rollback would let answer again."""
        with self._sessions() as session:
            last = queries.last_champion_change(session, self.source)
            return None if last is None else last.before.version

    def listed(self) -> list[dict[str, Any]]:
        """All versions, the newest first, ready for JSON."""
        with self._sessions() as session:
            return [_facts(session, row) for row in queries.all_versions(session)]

    def snapshot_of(self, version: str) -> str | None:
        """The snapshot that a version learned from; None for a first ancestor."""
        with self._sessions() as session:
            row = self._row(session, version)
            return None if row.run is None else row.run.snapshot.public_id

    def facts(self, version: str) -> dict[str, Any]:
        with self._sessions() as session:
            return _facts(session, self._row(session, version))

    def require_fresh(self, version: str) -> None:
        """Raises Unable also with stale_snapshot."""
        with self._sessions() as session:
            _require_fresh(session, self._row(session, version))

    def report(self, version: str) -> dict[str, Any] | None:
        with self._sessions() as session:
            row = self._row(session, version)
            return None if row.report is None else json.loads(row.report)

    def _row(self, session: Session, version: str) -> ModelVersion:
        row = queries.version_by_name(session, version)
        if row is None:
            raise Unable("unknown_version", f"there is no version {version} of the model")
        return row

    def _earlier(self, session: Session, to: str | None) -> ModelVersion:
        """Who answers after a rollback."""
        if to is None:
            last = queries.last_champion_change(session, self.source)
            if last is None:
                raise Unable("nothing_to_go_back_to", "there is no earlier champion")
            return last.before
        row = self._row(session, to)
        if row.state == ModelState.CHAMPION or row.retired_at is None or row.source != self.source:
            raise Unable(
                "nothing_to_go_back_to",
                f"{to} answers" if row.state == ModelState.CHAMPION else f"{to} was no champion before",
            )
        return row

    def _standing(self, row: ModelVersion) -> Standing:
        return Standing(row.version, self.folder / row.version, row.sha256, row.config_sha256)


def _replace(
    session: Session,
    before: ModelVersion,
    row: ModelVersion,
    admin: Account,
    leaving: ModelState = ModelState.RETIRED,
) -> None:
    before.state, before.retired_at = leaving, now()
    session.flush()  # at no time two champions
    row.state, row.promoted_at, row.promoted_by, row.retired_at = ModelState.CHAMPION, now(), admin.name, None


def _line(session: Session, row: ModelVersion) -> list[ModelVersion]:
    """A version and its ancestors, the first one last."""
    line = [row]
    while row.parent_sha256 is not None:
        parent = queries.version_by_sha256(session, row.parent_sha256)
        if parent is None or parent in line:
            break
        line.append(parent)
        row = parent
    return line


def _why_not(row: ModelVersion) -> str:
    if row.retired_at is not None:
        return f"{row.version} answered before; `rollback --to {row.version}` lets it answer again"
    return (
        f"the gate stopped {row.version}"
        if row.state == ModelState.REJECTED
        else f"{row.version} has not passed the gate"
    )


def _admin(session: Session, name: str) -> Account:
    account = account_by_name(session, normalise_name(name))
    if account is None or account.role != Role.ADMIN or account.disabled_at is not None:
        raise Unable("not_an_admin", f"{name} is no admin's name; an admin must confirm")
    return account


def _told(before: ModelVersion, after: ModelVersion) -> dict[str, Any]:
    return {
        "from": before.version,
        "to": after.version,
        "sha256": after.sha256,
        "config_sha256": after.config_sha256,
    }


def _is_stale(session: Session, row: ModelVersion) -> bool:
    return row.run is not None and queries.is_stale(session, row.run.snapshot)


def _require_fresh(session: Session, row: ModelVersion) -> None:
    if _is_stale(session, row):
        why = f"something that {row.version} learned from was deleted or undone since; freeze a new snapshot and fine-tune anew"
        raise Unable("stale_snapshot", why)


def _facts(session: Session, row: ModelVersion) -> dict[str, Any]:
    return {
        "version": row.version,
        "state": row.state,
        "sha256": row.sha256,
        "parent_sha256": row.parent_sha256,
        "created_at": row.created_at.isoformat(),
        "promoted_at": None if row.promoted_at is None else row.promoted_at.isoformat(),
        "promoted_by": row.promoted_by,
        "retired_at": None if row.retired_at is None else row.retired_at.isoformat(),
        "answered": row.state == ModelState.CHAMPION or row.retired_at is not None,
        "stale": _is_stale(session, row),
        "passed": None if row.report is None else json.loads(row.report)["passed"],
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
