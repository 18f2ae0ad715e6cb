"""Decisions as CSV and as JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from webapp.services.moderation.export.provenance import ExportedDecision

COLUMNS = (
    "case", "face", "value", "how", "opened_at", "decided_at", "reasons", "audited", "label_ids", "moderators", "kind", "media_sha256",
    "given_sha256", "width", "height", "x1", "y1", "x2", "y2", "model_name", "model_version", "model_sha256", "fake_prob",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(decisions: Iterable[ExportedDecision]) -> str:
    """One row a decision; several values in a cell have a space between them. Of clips there is no box."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    writer.writerows([safe(cell) for cell in _row(decided)] for decided in decisions)
    return written.getvalue()


def to_jsonl(decisions: Iterable[ExportedDecision]) -> str:
    """One object a line, with every label that had been given by then."""
    return "".join(json.dumps(decided.to_json(), ensure_ascii=False) + "\n" for decided in decisions)


def safe(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _row(decided: ExportedDecision) -> Sequence[Any]:
    deciding = [label for label in decided.labels if label.id in decided.deciding]
    box = decided.boxes[0][1] if decided.kind == "image" and decided.boxes else ("",) * 4
    return (
        decided.case,
        decided.subject,
        decided.value,
        decided.how,
        decided.opened_at.isoformat(),
        decided.decided_at.isoformat(),
        " ".join(decided.reasons),
        int(decided.audited),
        " ".join(map(str, decided.deciding)),
        " ".join(label.moderator for label in deciding),
        decided.kind,
        decided.media.sha256,
        decided.given_sha256,
        *(decided.size or ("", "")),
        *box,
        decided.model["name"],
        decided.model["version"],
        decided.model["sha256"],
        "" if decided.fake_prob is None else round(decided.fake_prob, 4),
    )
