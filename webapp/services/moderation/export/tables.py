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
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for decision in decisions:
        writer.writerow([escape_formula(cell) for cell in _row(decision)])
    return text.getvalue()


def to_jsonl(decisions: Iterable[ExportedDecision]) -> str:
    """Return one line with a JSON object for each decision and the labels before it."""
    lines: list[str] = []
    for decision in decisions:
        document = decision.document().model_dump(mode="json")
        lines.append(json.dumps(document, ensure_ascii=False) + "\n")
    return "".join(lines)


def escape_formula(cell: Cell) -> Cell:
    """Return a text with an apostrophe before it if a spreadsheet would take it for a formula."""
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return cell


def _row(decision: ExportedDecision) -> Sequence[Cell]:
    """Return the cells of COLUMNS."""
    has_box = decision.kind == "image" and bool(decision.boxes)
    box: Sequence[Cell] = decision.photo_box if has_box else ("", "", "", "")
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
        " ".join(map(str, decision.deciding_ids)),
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
