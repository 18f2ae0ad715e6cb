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

from webapp.db import learning_queries as queries
from webapp.db.account_queries import account_by_name
from webapp.db.chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import Account, ModelVersion
from webapp.domain import Action, ModelState, Role, Unable, now, user_actor
from webapp.services.accounts.names import folded
from webapp.services.audit import AuditService

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

    Raises Unable: unknown_version, model_changed, and with the codes that each method names.
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
        from laanet_core.weights import load_weights, weights_folder

        given = weights_folder(self.source)
        info = load_weights(given).info
        with self._sessions() as session:
            taken = queries.version_named(session, info.version)
        version = info.version if taken is None else f"{info.version}-{info.sha256[:8]}"
        return self.register(given, version, state=ModelState.CHAMPION)

    def register(
        self, made: Path, version: str, *, state: ModelState, parent_sha256: str | None = None, run_id: int | None = None
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
            raise Unable("version_exists", f"there is a version {version} already, or another champion") from error
        return Standing(version, target, sha256, config_sha256)

    def checked(self, version: str) -> Standing:
        """A version whose files are byte for byte what they were."""
        with self._sessions() as session:
            standing = self._standing(self._row(session, version))
        try:
            found = _sha256(standing.folder / TENSORS), _sha256(standing.folder / CONFIG)
        except OSError as error:
            raise Unable("model_changed", f"the files of {version} cannot be read: {error.strerror}") from error
        if found != (standing.sha256, standing.config_sha256):
            raise Unable("model_changed", f"the files of {version} are not what they were")
        return standing

    def note(self, version: str, report: Mapping[str, Any]) -> None:
        """Keep what the gate found; a candidate that it stopped is rejected."""
        with self._sessions.begin() as session:
            row = self._row(session, version)
            row.report = json.dumps(report)
            if row.state in (ModelState.CANDIDATE, ModelState.REJECTED) and row.promoted_at is None:
                row.state = ModelState.CANDIDATE if report["passed"] else ModelState.REJECTED

    def promote(self, version: str, by: str) -> Standing:
        """Let a candidate that passed the gate against the champion answer from now on; `by`: an admin's name.

        Raises Unable also with not_an_admin, not_passed, other_champion.
        """
        standing = self.checked(version)
        with self._audit.transaction() as (session, tell):
            queries.lock_learning(session)
            admin = _admin(session, by)
            row, before = self._row(session, version), queries.champion(session, self.source)
            report = json.loads(row.report) if row.report else None
            if row.state != ModelState.CANDIDATE or report is None or not report["passed"]:
                raise Unable(
                    "not_passed", f"{version} has not passed the gate" if row.state == ModelState.CANDIDATE else f"it is {row.state}"
                )
            if before is None or report["champion"]["sha256"] != before.sha256 or report["candidate"]["sha256"] != row.sha256:
                raise Unable("other_champion", f"{version} was measured against another champion; put it through the gate again")
            self._replace(session, before, row, admin)
            tell(Event(user_actor(admin.id), Action.MODEL_PROMOTED, f"model:{version}"[:64], _told(before, row)))
        logger.info("%s answers from now on", version)
        return standing

    def rollback(self, by: str, to: str | None = None) -> Standing:
        """Let an earlier champion answer again: the last one, or the one named. The one that goes is rejected.

        Raises Unable also with not_an_admin, nothing_to_go_back_to.
        """
        with self._sessions() as session:
            earlier = queries.last_retired(session, self.source) if to is None else self._row(session, to)
            if earlier is None or earlier.state == ModelState.CHAMPION or (to is not None and earlier.retired_at is None):
                raise Unable("nothing_to_go_back_to", "there is no earlier champion" if to is None else f"{to} was no champion before")
            version = earlier.version
        standing = self.checked(version)
        with self._audit.transaction() as (session, tell):
            queries.lock_learning(session)
            admin = _admin(session, by)
            row, before = self._row(session, version), queries.champion(session, self.source)
            if before is None or row.state == ModelState.CHAMPION:
                raise Unable("nothing_to_go_back_to", "somebody was faster")
            self._replace(session, before, row, admin, leaving=ModelState.REJECTED)
            tell(Event(user_actor(admin.id), Action.MODEL_ROLLED_BACK, f"model:{version}"[:64], _told(before, row)))
        logger.info("%s answers again", version)
        return standing

    def lineage(self, version: str) -> list[str]:
        """The version and its ancestors, the first one last."""
        with self._sessions() as session:
            line: list[str] = []
            row: ModelVersion | None = self._row(session, version)
            while row is not None and row.version not in line:
                line.append(row.version)
                row = None if row.parent_sha256 is None else queries.version_of_weights(session, row.parent_sha256)
            return line

    def listed(self) -> list[dict[str, Any]]:
        """All versions, the newest first, ready for JSON."""
        with self._sessions() as session:
            return [_facts(row) for row in queries.versions(session)]

    def snapshot_of(self, version: str) -> str | None:
        """The snapshot that a version learned from; None for a first ancestor."""
        with self._sessions() as session:
            row = self._row(session, version)
            return None if row.run is None else row.run.snapshot.public_id

    def facts(self, version: str) -> dict[str, Any]:
        with self._sessions() as session:
            return _facts(self._row(session, version))

    def report(self, version: str) -> dict[str, Any] | None:
        with self._sessions() as session:
            row = self._row(session, version)
            return None if row.report is None else json.loads(row.report)

    def _row(self, session: Session, version: str) -> ModelVersion:
        row = queries.version_named(session, version)
        if row is None:
            raise Unable("unknown_version", f"there is no version {version} of the model")
        return row

    def _replace(
        self, session: Session, before: ModelVersion, row: ModelVersion, admin: Account, leaving: ModelState | None = None
    ) -> None:
        before.state, before.retired_at = leaving or ModelState.RETIRED, now()
        session.flush()  # at no time two champions
        row.state, row.promoted_at, row.promoted_by = ModelState.CHAMPION, now(), admin.name

    def _standing(self, row: ModelVersion) -> Standing:
        return Standing(row.version, self.folder / row.version, row.sha256, row.config_sha256)


def _admin(session: Session, name: str) -> Account:
    account = account_by_name(session, folded(name))
    if account is None or account.role != Role.ADMIN or account.disabled_at is not None:
        raise Unable("not_an_admin", f"{name} is no admin's name; an admin must confirm")
    return account


def _told(before: ModelVersion, after: ModelVersion) -> dict[str, Any]:
    return {"from": before.version, "to": after.version, "sha256": after.sha256, "config_sha256": after.config_sha256}


def _facts(row: ModelVersion) -> dict[str, Any]:
    return {
        "version": row.version,
        "state": row.state,
        "sha256": row.sha256,
        "parent_sha256": row.parent_sha256,
        "created_at": row.created_at.isoformat(),
        "promoted_at": None if row.promoted_at is None else row.promoted_at.isoformat(),
        "promoted_by": row.promoted_by,
        "retired_at": None if row.retired_at is None else row.retired_at.isoformat(),
        "passed": None if row.report is None else json.loads(row.report)["passed"],
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
