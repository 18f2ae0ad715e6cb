"""Service that exports decisions to a file or folder and audits the export."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from webapp.db.audit_chain import Event
from webapp.db.decision_queries import decided_cases
from webapp.db.session import Sessions
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor
from webapp.domain.errors import Unable
from webapp.services.audit.log import AuditService
from webapp.services.moderation.export.coco import to_coco
from webapp.services.moderation.export.dataset import write_dataset
from webapp.services.moderation.export.provenance import ExportedDecision, provenance
from webapp.services.moderation.export.tables import to_csv, to_jsonl
from webapp.services.storage.kept_media import KeptMediaService

# Formats of an export; hf is an imagefolder data set for Hugging Face's `datasets`.
FORMATS = ("csv", "jsonl", "coco", "hf")


class ExportSummary(BaseModel):
    """Numbers of written decisions and of those left out.

    A decision is left out if its file is gone or the format has no place for it.
    """

    model_config = ConfigDict(frozen=True)

    path: Path
    decisions: int
    left_out: int


class LabelExport:
    """Exports decisions that can no longer be undone. `delay` is the undo period."""

    def __init__(
        self, sessions: Sessions, audit: AuditService, kept_media: KeptMediaService, *, delay: timedelta
    ) -> None:
        self._sessions = sessions
        self._audit = audit
        self._kept_media = kept_media
        self._delay = delay

    def write(self, kind: str, target: Path) -> ExportSummary:
        """Export the decisions. `kind` is one of FORMATS.

        The target is a file, or a folder for hf. It appears whole or not at all.

        Raises Unable with already_there or not_written, and SQLAlchemyError.
        """
        if target.exists():
            raise Unable("already_there", f"{target} is there already; nothing was written")
        with self._sessions() as session:
            decisions, missing = self._load(session)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if kind == "hf":
                count = self._write_folder(decisions, target)
            else:
                count = _write_file(kind, decisions, target)
        except OSError as error:
            raise Unable("not_written", f"the labels could not be written to {target}: {error}") from error
        details = {"format": kind, "decisions": count}
        self._audit.record(Event(Actor.SYSTEM, Action.LABELS_EXPORTED, details=details))
        return ExportSummary(path=target, decisions=count, left_out=len(decisions) - count + missing)

    def _load(self, session: Session) -> tuple[list[ExportedDecision], int]:
        """Return the decisions, and the number of those whose file is gone."""
        decisions: list[ExportedDecision] = []
        missing = 0
        for decision in decided_cases(session, now() - self._delay):
            exported = provenance(decision)
            if exported is None:
                missing += 1
            else:
                decisions.append(exported)
        return decisions, missing

    def _write_folder(self, decisions: Sequence[ExportedDecision], target: Path) -> int:
        """Write the data set and return the number of its decisions."""
        part = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
        try:
            count = write_dataset(decisions, part, self._kept_media.read)
            part.rename(target)
            return count
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _write_file(kind: str, decisions: Sequence[ExportedDecision], target: Path) -> int:
    """Write one file and return the number of its decisions."""
    count = len(decisions)
    if kind == "coco":
        document = to_coco(decisions)
        count = len(document.annotations)
        text = json.dumps(document.model_dump(mode="json"))
    else:
        text = to_csv(decisions) if kind == "csv" else to_jsonl(decisions)
    part = target.with_name(f"{target.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    return count
