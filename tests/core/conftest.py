"""A tiny data set on disk: painted faces, their landmarks and a few fakes, so that training can be tried anywhere."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from laanet_core.data.synthetic_faces import synthetic_face, synthetic_landmarks
from laanet_core.modeling.config import ModelConfig
from laanet_core.types import Landmarks

TINY = ModelConfig(
    name="tiny",
    backbone="mobilenetv3_small_050",
    input_size=64,
    pyramid_widths=(32, 16, 16),
    fusion_width=16,
    head_width=8,
    embedding_width=8,
    drop_path_rate=0.0,
    feature_dropout=0.1,
)


@dataclass(frozen=True)
class TinyDataset:
    root: Path

    @property
    def manifest(self) -> Path:
        return self.root / "manifest.csv"

    @property
    def landmarks(self) -> Path:
        return self.root / "landmarks.npz"


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> TinyDataset:
    """Two packs, `photos` (reals) and `swaps` (pairs, and one fake without original), of train and val people."""
    root = tmp_path_factory.mktemp("tiny")
    rng = np.random.default_rng(7)
    rows: list[list[str]] = []
    points: list[Landmarks] = []

    def add(
        pack: str,
        path: str,
        image: npt.NDArray[np.uint8],
        label: str,
        person: str,
        split: str,
        original: str,
        face: Landmarks,
    ) -> None:
        file = root / pack / path
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        rows.append([pack, path, label, person, split, original])
        points.append(face)

    missing = np.full((68, 2), np.nan, np.float32)
    for number in range(16):
        split = "train" if number < 10 else "val"
        face = synthetic_landmarks((64 + rng.uniform(-4, 4), 60), rng.uniform(54, 62))
        image = synthetic_face(rng, face, 128)
        add("photos", f"{number}.png", image, "real", f"person-{number}", split, "", face)
        swapped = image.copy()
        swapped[40:80, 40:90] = cv2.GaussianBlur(255 - swapped, (0, 0), 2)[40:80, 40:90]
        add("swaps", f"real/{number}.png", image, "real", f"person-{number}", split, "", missing)
        add(
            "swaps",
            f"fake/{number}.png",
            swapped,
            "fake",
            f"person-{number}",
            split,
            f"real/{number}.png",
            missing,
        )
    add("swaps", "fake/alone.png", swapped, "fake", "person-99", "train", "", missing)
    with (root / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["pack", "path", "label", "person", "split", "original"])
        writer.writerows(rows)
    np.savez(root / "landmarks.npz", landmarks=np.stack(points))
    return TinyDataset(root)
