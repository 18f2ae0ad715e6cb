"""Manifest of a data set: a CSV file with one image per row, and the landmarks of its faces."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from laanet_core.errors import InvalidDataset
from laanet_core.types import Landmarks

Split = Literal["train", "val"]

# Labels by the words that a manifest may use for them.
LABELS = {"real": 0, "fake": 1, "0": 0, "1": 1}
_COLUMNS = ("pack", "path", "label", "person", "split")


@dataclass(frozen=True)
class Sample:
    """One image of a manifest.

    `label` is 1 for a fake and 0 for a real image. `original` is the path, in the same pack, of the real
    image that a fake was made from. `video` groups frames; without that column every image is its own video.
    `region` is the path, in the same pack, of a mask of the image's size, non-zero where a person painted
    traces of manipulation. `forger` names the program or person that made a fake. `landmarks` (68, 2) are
    in pixels.
    """

    pack: str
    path: str
    label: int
    person: str
    split: str
    original: str | None
    landmarks: Landmarks | None
    video: str
    region: str | None = None
    forger: str | None = None

    @property
    def name(self) -> str:
        return f"{self.pack}/{self.path}"


def read_manifest(manifest: Path, landmarks: Path | None = None) -> list[Sample]:
    """Read a CSV file with the columns pack, path, label (real | fake), person and split (train | val).

    Optional columns are video and, for fakes, original, region and forger. `landmarks` is an npz file whose
    array `landmarks` (N, 68, 2) follows the manifest's order, NaN for faces without landmarks. Raises
    InvalidDataset naming the file and line at fault.
    """
    points = _read_landmarks(landmarks) if landmarks is not None else None
    try:
        with manifest.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise InvalidDataset(f"{manifest.name} lacks the columns {', '.join(missing)}")
            rows = list(reader)
    except OSError as error:
        raise InvalidDataset(f"cannot read {manifest.name}: {error.strerror}") from error
    if points is not None and len(points) != len(rows):
        raise InvalidDataset(
            f"{manifest.name} has {len(rows)} rows but there are landmarks for {len(points)}"
        )
    samples: list[Sample] = []
    for index, row in enumerate(rows):
        # The header is line 1.
        location = f"{manifest.name}, line {index + 2}"
        samples.append(_sample(row, location, None if points is None else points[index]))
    return samples


def _read_landmarks(path: Path) -> Landmarks:
    """Return the landmarks (N, 68, 2) of an npz file. Raises InvalidDataset if it holds none."""
    try:
        # np.load refuses pickled data by default, so an untrusted file cannot run code.
        with np.load(path) as arrays:
            points = arrays["landmarks"]
    except (OSError, ValueError, KeyError) as error:
        raise InvalidDataset(f"cannot read landmarks from {path.name}") from error
    if points.ndim != 3 or points.shape[1:] != (68, 2):
        raise InvalidDataset(f"{path.name}: landmarks must have shape (N, 68, 2), not {points.shape}")
    return np.asarray(points, np.float32)


def _sample(row: dict[str, str], location: str, points: Landmarks | None) -> Sample:
    """Return the sample of one row with landmarks (68, 2), which are NaN if it has none.

    Raises InvalidDataset, whose message begins with the row's location in the file.
    """
    if row["label"] not in LABELS:
        raise InvalidDataset(f"{location}: label must be real or fake, not {row['label']!r}")
    if row["split"] not in ("train", "val"):
        raise InvalidDataset(f"{location}: split must be train or val, not {row['split']!r}")
    if row.get("region") and LABELS[row["label"]] == 0:
        raise InvalidDataset(f"{location}: a real image has no region of manipulation")
    has_landmarks = points is not None and bool(np.isfinite(points).all())
    return Sample(
        pack=row["pack"],
        path=row["path"],
        label=LABELS[row["label"]],
        person=row["person"],
        split=row["split"],
        original=row.get("original") or None,
        landmarks=points if has_landmarks else None,
        video=row.get("video") or f"{row['pack']}/{row['path']}",
        region=row.get("region") or None,
        forger=row.get("forger") or None,
    )
