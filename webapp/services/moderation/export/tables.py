"""Export of decisions as CSV and as JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from webapp.services.moderation.export.provenance import ExportedDecision

COLUMNS = (
    *("case", "face", "value", "how", "opened_at", "decided_at", "reasons", "audited", "label_ids"),
    *("moderators", "kind", "media_sha256", "given_sha256", "width", "height", "x1", "y1", "x2", "y2"),
    *("model_name", "model_version", "model_sha256", "fake_prob"),
)
# First characters of a text that a spreadsheet takes for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

Cell = str | int | float


def to_csv(decisions: Iterable[ExportedDecision]) -> str:
    """Return one row per decision. A space separates several values in a cell. Clips have no box."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    writer.writerows([escape_formula(cell) for cell in _row(decision)] for decision in decisions)
    return written.getvalue()


def to_jsonl(decisions: Iterable[ExportedDecision]) -> str:
    """Return one JSON object per line for each decision, with all labels given before it."""
    documents = (decision.document().model_dump(mode="json") for decision in decisions)
    return "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)


def escape_formula(cell: Cell) -> Cell:
    """Return a text with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def _row(decision: ExportedDecision) -> Sequence[Cell]:
    """Return the cells of COLUMNS."""
    has_box = decision.kind == "image" and bool(decision.boxes)
    box: Sequence[Cell] = decision.boxes[0][1] if has_box else ("",) * 4
    size: Sequence[Cell] = decision.size or ("", "")
    return (
        decision.case,
        decision.subject,
        decision.value,
        decision.how,
        decision.opened_at.isoformat(),
        decision.decided_at.isoformat(),
        " ".join(decision.reasons),
        int(decision.audited),
        " ".join(map(str, decision.deciding)),
        " ".join(label.moderator for label in decision.deciding_labels),
        decision.kind,
        decision.media.sha256,
        decision.given_sha256,
        *size,
        *box,
        decision.model.name,
        decision.model.version,
        decision.model.sha256,
        "" if decision.fake_prob is None else round(decision.fake_prob, 4),
    )
