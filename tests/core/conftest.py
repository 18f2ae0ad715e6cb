"""A tiny data set on disk: painted faces, their landmarks and a few fakes, so that training can be tried anywhere."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from laanet_core.config import ModelConfig
from laanet_core.landmarks import Landmarks

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


def drawn_landmarks(center: tuple[float, float], width: float) -> Landmarks:
    """68 points of a plain frontal face of that width."""
    angles = np.linspace(np.pi, 0, 17)
    jaw = np.stack([0.5 * np.cos(angles), 0.1 + 0.55 * np.sin(angles)], axis=1)
    brow = np.stack([np.linspace(-0.4, -0.1, 5), [-0.2, -0.25, -0.26, -0.25, -0.2]], axis=1)
    ridge = np.stack([np.zeros(4), np.linspace(-0.1, 0.12, 4)], axis=1)
    nostrils = np.stack([np.linspace(-0.1, 0.1, 5), [0.18, 0.2, 0.21, 0.2, 0.18]], axis=1)
    turns = np.linspace(np.pi, -np.pi, 7)[:6]
    eye = np.stack([0.08 * np.cos(turns), -0.1 - 0.03 * np.sin(turns)], axis=1)
    offset = np.array([0.22, 0])
    turns = np.linspace(np.pi, -np.pi, 13)[:12]
    lips = np.stack([0.18 * np.cos(turns), 0.38 - 0.07 * np.sin(turns)], axis=1)
    turns = np.linspace(np.pi, -np.pi, 9)[:8]
    mouth = np.stack([0.13 * np.cos(turns), 0.38 - 0.03 * np.sin(turns)], axis=1)
    points = np.concatenate([jaw, brow, brow[::-1] * [-1, 1], ridge, nostrils, eye - offset, eye + offset, lips, mouth])
    return np.asarray(points * width + np.array(center), np.float32)


def painted_face(rng: np.random.Generator, landmarks: Landmarks, side: int) -> npt.NDArray[np.uint8]:
    """A smooth background with a face-coloured oval and features at the landmarks (side, side, 3)."""
    coarse = rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)
    image = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    center = tuple(int(value) for value in landmarks.mean(axis=0))
    axes = tuple(int(value) for value in np.ptp(landmarks, axis=0) * [0.55, 0.7])
    cv2.ellipse(image, center, axes, 0, 0, 360, [int(value) for value in rng.integers(90, 230, 3)], -1)
    for point in landmarks[36:]:
        cv2.circle(image, (int(point[0]), int(point[1])), 2, (40, 30, 30), -1)
    noise = rng.normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


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
        pack: str, path: str, image: npt.NDArray[np.uint8], label: str, person: str, split: str, original: str, face: Landmarks
    ) -> None:
        file = root / pack / path
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        rows.append([pack, path, label, person, split, original])
        points.append(face)

    missing = np.full((68, 2), np.nan, np.float32)
    for number in range(16):
        split = "train" if number < 10 else "val"
        face = drawn_landmarks((64 + rng.uniform(-4, 4), 60), rng.uniform(54, 62))
        image = painted_face(rng, face, 128)
        add("photos", f"{number}.png", image, "real", f"person-{number}", split, "", face)
        swapped = image.copy()
        swapped[40:80, 40:90] = cv2.GaussianBlur(255 - swapped, (0, 0), 2)[40:80, 40:90]
        add("swaps", f"real/{number}.png", image, "real", f"person-{number}", split, "", missing)
        add("swaps", f"fake/{number}.png", swapped, "fake", f"person-{number}", split, f"real/{number}.png", missing)
    add("swaps", "fake/alone.png", swapped, "fake", "person-99", "train", "", missing)
    with (root / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["pack", "path", "label", "person", "split", "original"])
        writer.writerows(rows)
    np.savez(root / "landmarks.npz", landmarks=np.stack(points))
    return TinyDataset(root)
