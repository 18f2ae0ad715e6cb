"""Export of decisions on photos as an imagefolder data set of Hugging Face's `datasets`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from webapp.domain.enums import LabelValue
from webapp.media.store import StoreFailed
from webapp.services.moderation.export.provenance import ExportedDecision
from webapp.services.storage.kept_media import KeptFile

logger = logging.getLogger(__name__)
_CARD = """---
task_categories:
- image-classification
pretty_name: Faces decided by moderators
---
# Faces decided by moderators

Photos without metadata, whose visitors agreed that they are kept to settle disputes and to train the model.
`train/metadata.jsonl` has a line for every photo. The lists in `faces` have one entry for every face that
moderators decided to be real or fake: its box (x1, y1, x2, y2 in pixels of the upright photo), how it was
decided, by which labels, and which model had scored it.

Visitors may withdraw their consent: export the folder again before each use, and delete this one.
"""


class FaceColumns(BaseModel):
    """Columns of a photo's decided faces. The lists have equal lengths."""

    model_config = ConfigDict(frozen=True)

    case: list[str]
    face: list[int]
    value: list[str]
    box: list[list[float]]
    how: list[str]
    decided_at: list[str]
    label_ids: list[list[int]]
    audited: list[bool]
    model_sha256: list[str]
    fake_prob: list[float | None]


def write_dataset(
    decisions: Iterable[ExportedDecision], folder: Path, read: Callable[[KeptFile], bytes]
) -> int:
    """Write the data set into an empty folder and return the number of its decisions.

    `read` returns a kept file's content, upright. Files that were deleted meanwhile are left out. Raises
    OSError.
    """
    # Decisions by the sha256 of their photo.
    photos: dict[str, list[ExportedDecision]] = {}
    for decision in decisions:
        is_settled = decision.value in (LabelValue.REAL, LabelValue.FAKE)
        if decision.kind == "image" and is_settled and decision.boxes:
            photos.setdefault(decision.media.sha256, []).append(decision)
    train = folder / "train"
    train.mkdir()
    lines: list[str] = []
    count = 0
    for sha256, faces in photos.items():
        media = faces[0].media
        file = KeptFile(media.name, media.format, media.orientation)
        try:
            content = read(file)
        except (FileNotFoundError, StoreFailed):
            logger.exception("kept media is left out of the dataset: %s", media.name)
            continue
        name = f"{sha256}.{file.ending}"
        (train / name).write_bytes(content)
        columns = _columns(faces).model_dump(mode="json")
        lines.append(json.dumps({"file_name": name, "media_sha256": sha256, "faces": columns}))
        count += len(faces)
    (train / "metadata.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / "README.md").write_text(_CARD, encoding="utf-8")
    return count


def _columns(faces: Sequence[ExportedDecision]) -> FaceColumns:
    """Return the columns of the decided faces of one photo."""
    return FaceColumns(
        case=[face.case for face in faces],
        face=[face.subject for face in faces],
        value=[face.value for face in faces],
        box=[_rounded(face.photo_box) for face in faces],
        how=[face.how for face in faces],
        decided_at=[face.decided_at.isoformat() for face in faces],
        label_ids=[list(face.deciding_ids) for face in faces],
        audited=[face.audited for face in faces],
        model_sha256=[face.model.sha256 for face in faces],
        fake_prob=[face.fake_prob for face in faces],
    )


def _rounded(box: Sequence[float]) -> list[float]:
    return [round(coordinate, 1) for coordinate in box]
