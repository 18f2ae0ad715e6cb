"""Write what was decided to a file or folder, and tell the audit log."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

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

FORMATS = ("csv", "jsonl", "coco", "hf")


@dataclass(frozen=True)
class ExportSummary:
    """How many decisions were written, and how many were not: their file is gone, or the format has no place for them."""

    path: Path
    decisions: int
    left_out: int

    def to_json(self) -> dict[str, Any]:
        return {"path": str(self.path), "decisions": self.decisions, "left_out": self.left_out}


class LabelExport:
    """`delay`: for how long a decision may still be undone; until then it is not written."""

    def __init__(
        self, sessions: Sessions, audit: AuditService, keeping: KeptMediaService, *, delay: timedelta
    ) -> None:
        self._sessions = sessions
        self._audit = audit
        self._keeping = keeping
        self._delay = delay

    def write(self, kind: str, target: Path) -> ExportSummary:
        """`kind` is one of FORMATS; `target`, a file or for hf a folder, is there whole or not at all.

        Raises Unable with already_there or not_written, and SQLAlchemyError.
        """
        if target.exists():
            raise Unable("already_there", f"{target} is there already; nothing was written")
        with self._sessions() as session:
            found = [provenance(decision) for decision in decided_cases(session, now() - self._delay)]
        known = [decided for decided in found if decided is not None]
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            count = self._folder(known, target) if kind == "hf" else self._file(kind, known, target)
        except OSError as error:
            raise Unable("not_written", f"the labels could not be written to {target}: {error}") from error
        self._audit.record(
            Event(Actor.SYSTEM, Action.LABELS_EXPORTED, details={"format": kind, "decisions": count})
        )
        return ExportSummary(target, count, len(found) - count)

    def _file(self, kind: str, known: Sequence[ExportedDecision], target: Path) -> int:
        count = len(known)
        if kind == "coco":
            document, count = to_coco(known)
            text = json.dumps(document)
        else:
            text = to_csv(known) if kind == "csv" else to_jsonl(known)
        part = target.with_name(f"{target.name}.part")
        try:
            part.write_text(text, encoding="utf-8", newline="")
            part.rename(target)
        finally:
            part.unlink(missing_ok=True)
        return count

    def _folder(self, known: Sequence[ExportedDecision], target: Path) -> int:
        part = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
        try:
            count = write_dataset(known, part, self._keeping.read)
            part.rename(target)
            return count
        finally:
            shutil.rmtree(part, ignore_errors=True)
