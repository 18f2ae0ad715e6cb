from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.data.manifest import read_manifest
from tests.snapshot_faces import LANDMARKS, decided_case, snapshot_face
from tests.synthetic_uploads import error_code
from webapp.domain.enums import Split
from webapp.services.training.face_cropping import TrainingCrop
from webapp.services.training.snapshot_files import (
    SnapshotFace,
    require_enough_faces,
    write_crop,
    write_index,
)
from webapp.services.training.snapshot_index import read_index

IMAGE = np.random.default_rng(0).integers(0, 255, (20, 20, 3), dtype=np.uint8)


def test_a_crop_is_written_without_loss_and_hashed(tmp_path: Path) -> None:
    region = np.zeros((20, 20), np.uint8)
    region[:5] = 255
    sha256, region_sha256 = write_crop(tmp_path, "c1-0", TrainingCrop(IMAGE, None, region))
    picture = tmp_path / "faces" / "c1-0.png"
    np.testing.assert_array_equal(cv2.imread(str(picture))[:, :, ::-1], IMAGE)
    assert hashlib.sha256(picture.read_bytes()).hexdigest() == sha256
    mask = tmp_path / "faces" / "c1-0.region.png"
    assert hashlib.sha256(mask.read_bytes()).hexdigest() == region_sha256
    assert write_crop(tmp_path, "c2-0", TrainingCrop(IMAGE, None, None))[1] is None


def written_faces(folder: Path, counts: dict[tuple[Split, str], int]) -> list[SnapshotFace]:
    faces: list[SnapshotFace] = []
    for (split, label), count in counts.items():
        for number in range(count):
            name = f"{split}-{label}-{number}"
            sha256, _ = write_crop(folder, name, TrainingCrop(IMAGE, LANDMARKS, None))
            faces.append(snapshot_face(name, split, sha256=sha256, case=decided_case(label=label)))
    return faces


def test_gold_has_a_manifest_of_its_own(tmp_path: Path) -> None:
    counts = {(split, label): 2 for split in Split for label in ("real", "fake")}
    faces = written_faces(tmp_path, counts)
    sha256 = write_index(tmp_path, "5" * 32, faces, {"unreadable": 1})
    assert hashlib.sha256((tmp_path / "snapshot.json").read_bytes()).hexdigest() == sha256
    learned = read_manifest(tmp_path / "manifest.csv", tmp_path / "landmarks.npz")
    gold = read_manifest(tmp_path / "gold" / "manifest.csv", tmp_path / "gold" / "landmarks.npz")
    assert {sample.path.partition("-")[0] for sample in learned} == {"train", "val"}
    assert {sample.path.partition("-")[0] for sample in gold} == {"gold"}
    assert {sample.split for sample in gold} == {"val"}
    assert read_index(tmp_path).left_out == {"unreadable": 1}
    require_enough_faces(tmp_path)


@pytest.mark.parametrize("split", list(Split))
def test_every_split_needs_two_faces_of_each_label(tmp_path: Path, split: Split) -> None:
    counts = {(one, label): 2 for one in Split for label in ("real", "fake")}
    counts[split, "fake"] = 1
    write_index(tmp_path, "5" * 32, written_faces(tmp_path, counts), {})
    assert error_code(require_enough_faces, tmp_path) == "snapshot_too_small"
