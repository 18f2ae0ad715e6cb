"""Writing of a snapshot's folder: pictures, manifests, a table for the Hugging Face Hub, and the index."""

from __future__ import annotations

import csv
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from laanet_core.types import Landmarks
from webapp.domain.clock import now
from webapp.domain.enums import Split
from webapp.domain.errors import Unable
from webapp.services.training.decided_cases import DecidedCase
from webapp.services.training.face_cropping import TrainingCrop
from webapp.services.training.snapshot_index import (
    INDEX_FILE,
    PACK,
    DecisionOrigin,
    IndexedFace,
    SnapshotIndex,
)

logger = logging.getLogger(__name__)
# Version of the format of the index
FORMAT = 1
# Folder of the gold split's own manifest, which no training reads
GOLD_FOLDER = "gold"
# Fewest faces of each label in every split; with fewer neither training nor measurement works
MIN_FACES = 2
_COLUMNS = ("pack", "path", "label", "person", "split", "original", "video", "region")
_NO_LANDMARKS = np.full((68, 2), np.nan, np.float32)


@dataclass(frozen=True)
class SnapshotFace:
    """A face picture in a snapshot's folder.

    `group` is the name of the group of near-duplicates that the face belongs to. `landmarks` are (68, 2) in
    pixels of the crop, or None.
    """

    name: str
    sha256: str
    region_sha256: str | None
    landmarks: Landmarks | None
    case: DecidedCase
    split: Split
    group: str

    @property
    def person(self) -> str:
        return self.group[:16]

    @property
    def region(self) -> str:
        return "" if self.region_sha256 is None else f"{self.name}.region.png"


def write_crop(folder: Path, name: str, crop: TrainingCrop) -> tuple[str, str | None]:
    """Write a crop and its painted region, if any, as PNG. Return the sha256 of each."""
    (folder / PACK).mkdir(parents=True, exist_ok=True)
    picture = _png(cv2.cvtColor(crop.image, cv2.COLOR_RGB2BGR))
    (folder / PACK / f"{name}.png").write_bytes(picture)
    picture_sha256 = hashlib.sha256(picture).hexdigest()
    if crop.region is None:
        return picture_sha256, None
    region = _png(crop.region)
    (folder / PACK / f"{name}.region.png").write_bytes(region)
    return picture_sha256, hashlib.sha256(region).hexdigest()


def write_index(
    folder: Path, public_id: str, faces: Sequence[SnapshotFace], left_out: Mapping[str, int]
) -> str:
    """Write manifests, table and index of the pictures in `folder`. Return the sha256 of the index.

    `left_out` counts the cases without a face in the snapshot, by reason.
    """
    (folder / GOLD_FOLDER).mkdir()
    paths = [
        *_write_manifest(folder, [face for face in faces if face.split != Split.GOLD]),
        *_write_manifest(folder / GOLD_FOLDER, [face for face in faces if face.split == Split.GOLD]),
        _write_table(folder, faces),
    ]
    index = SnapshotIndex(
        format=FORMAT,
        id=public_id,
        created_at=now().isoformat(),
        consents=tuple(sorted({face.case.consent for face in faces})),
        left_out=dict(left_out),
        files={
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
        },
        items=tuple(_indexed(face) for face in faces),
    )
    content = (json.dumps(index.model_dump(mode="json", by_alias=True), indent=1) + "\n").encode()
    (folder / INDEX_FILE).write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def require_enough_faces(folder: Path) -> None:
    """Raise Unable with snapshot_too_small if a split has fewer than MIN_FACES faces of a label."""
    from laanet_core.data.manifest import read_manifest

    train_and_val = read_manifest(folder / "manifest.csv", folder / "landmarks.npz")
    gold = read_manifest(folder / GOLD_FOLDER / "manifest.csv")
    splits = {
        Split.TRAIN: [sample for sample in train_and_val if sample.split == "train"],
        Split.VAL: [sample for sample in train_and_val if sample.split == "val"],
        Split.GOLD: gold,
    }
    for split, samples in splits.items():
        for label_name, label in (("real", 0), ("fake", 1)):
            count = sum(sample.label == label for sample in samples)
            if count < MIN_FACES:
                raise Unable(
                    "snapshot_too_small",
                    f"the snapshot has {count} {label_name} faces in its part {split}; "
                    f"{MIN_FACES} are needed",
                )


def _indexed(face: SnapshotFace) -> IndexedFace:
    case = face.case
    return IndexedFace(
        name=face.name,
        sha256=face.sha256,
        region_sha256=face.region_sha256,
        has_landmarks=face.landmarks is not None,
        media_sha256=case.media.sha256,
        label=case.label,
        split=str(face.split),
        group=face.group,
        case=case.case,
        decision=case.decision_id,
        provenance=DecisionOrigin(how=case.how, labels=case.labels, decided_at=case.decided_at.isoformat()),
        consent=case.consent,
    )


def _write_manifest(folder: Path, faces: Sequence[SnapshotFace]) -> list[Path]:
    """Write the manifest and the landmarks file, and return their paths.

    The library's manifests know no split but train and val, so faces of gold are written as val.
    """
    manifest = folder / "manifest.csv"
    landmarks = folder / "landmarks.npz"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for face in faces:
            video = face.case.case if face.case.kind == "video" else ""
            split = Split.TRAIN if face.split == Split.TRAIN else Split.VAL
            writer.writerow(
                [PACK, f"{face.name}.png", face.case.label, face.person, split, "", video, face.region]
            )
    points = [_NO_LANDMARKS if face.landmarks is None else face.landmarks for face in faces]
    np.savez(landmarks, landmarks=np.stack(points) if points else np.empty((0, 68, 2), np.float32))
    return [manifest, landmarks]


def _write_table(folder: Path, faces: Sequence[SnapshotFace]) -> Path:
    """Write `metadata` for Hugging Face's ImageFolder, as Parquet if pyarrow is installed, else as CSV."""
    table = pd.DataFrame([_table_row(face) for face in faces])
    try:
        table.to_parquet(folder / "metadata.parquet", index=False)
        return folder / "metadata.parquet"
    except ImportError:
        logger.warning("pyarrow is not installed; writing the snapshot's table as CSV")
        table.to_csv(folder / "metadata.csv", index=False)
        return folder / "metadata.csv"


def _table_row(face: SnapshotFace) -> dict[str, Any]:
    return {
        "file_name": f"{PACK}/{face.name}.png",
        "label": face.case.label,
        "part": str(face.split),
        "group": face.group,
        "provenance": face.case.how,
        "labels": face.case.labels,
        "decision": face.case.decision_id,
        "consent": face.case.consent,
        "region": f"{PACK}/{face.region}" if face.region else None,
    }


def _png(image: Any) -> bytes:
    content: bytes = cv2.imencode(".png", image)[1].tobytes()
    return content
