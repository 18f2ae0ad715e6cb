"""Decisions about photos as a folder that Hugging Face's `datasets` reads (imagefolder), with the kept files."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

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

Photos whose visitors agreed that they are kept to settle disputes and to train the model, without their metadata. `train/metadata.jsonl`
has a line for every photo; the lists in `faces` belong together: one entry for every face that moderators decided to be real or fake, with
its box (x1, y1, x2, y2 in pixels of the upright photo), how it was decided, by which labels, and which model had scored it.

Visitors may take their consent back: make the folder anew before using it again, and delete this one.
"""


def write_dataset(
    decisions: Iterable[ExportedDecision], folder: Path, read: Callable[[KeptFile], bytes]
) -> int:
    """Write into a folder that is there and empty; how many decisions it holds. `read` gives a kept file's content, upright.

    Files that are gone meanwhile are left out. Raises OSError.
    """
    photos: dict[str, list[ExportedDecision]] = {}
    for decided in decisions:
        if decided.kind == "image" and decided.value in (LabelValue.REAL, LabelValue.FAKE) and decided.boxes:
            photos.setdefault(decided.media.sha256, []).append(decided)
    train, lines, count = folder / "train", [], 0
    train.mkdir()
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
        lines.append(json.dumps({"file_name": name, "media_sha256": sha256, "faces": _columns(faces)}))
        count += len(faces)
    (train / "metadata.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / "README.md").write_text(_CARD, encoding="utf-8")
    return count


def _columns(faces: list[ExportedDecision]) -> dict[str, list[Any]]:
    return {
        "case": [face.case for face in faces],
        "face": [face.subject for face in faces],
        "value": [face.value for face in faces],
        "box": [[round(value, 1) for value in face.boxes[0][1]] for face in faces],
        "how": [face.how for face in faces],
        "decided_at": [face.decided_at.isoformat() for face in faces],
        "label_ids": [list(face.deciding) for face in faces],
        "audited": [face.audited for face in faces],
        "model_sha256": [face.model["sha256"] for face in faces],
        "fake_prob": [face.fake_prob for face in faces],
    }
