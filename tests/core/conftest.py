"""Fixtures of the core tests: a tiny network, a tiny data set of synthetic faces, and a benchmark layout."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from laanet_core.data.dataset import DatasetFiles, load_dataset
from laanet_core.data.synthetic_faces import synthetic_face, synthetic_landmarks
from laanet_core.evaluation.public_benchmarks import BENCHMARKS
from laanet_core.modeling.config import ModelConfig
from laanet_core.modeling.laanet import LAANet
from laanet_core.training.config import PairConfig, TrainingConfig
from laanet_core.training.pairs import PairDataset
from laanet_core.training.trainer import Trainer
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


TINY_TRAINING = TrainingConfig(
    steps=6,
    batch_pairs=2,
    peak_rate=1e-3,
    sam_rho=0.05,
    frozen_steps=2,
    average_decay=0.9,
    seed=5,
    material=PairConfig(pairs=0.5, labelled=0.2),
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
    """Write the packs `photos` (reals) and `swaps` (pairs and one fake without original) of two splits."""
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


def tiny_trainer(
    dataset: TinyDataset,
    folder: Path,
    config: TrainingConfig = TINY_TRAINING,
    network: type[LAANet] = LAANet,
) -> Trainer:
    """Return a trainer of a seeded tiny network on the tiny data set's train split."""
    loaded = load_dataset(DatasetFiles(dataset.manifest), "train")
    torch.manual_seed(1)
    model = network(TINY)
    pairs = PairDataset(
        loaded.samples, loaded.store, size=TINY.input_size, config=config.material, seed=config.seed
    )
    return Trainer(model, pairs, config, folder, workers=0)


def write_benchmark(root: Path, name: str, *, frames: int = 3) -> Path:
    """Write crops of two videos of every type, in the benchmark's layout, and return the root."""
    rng = np.random.default_rng(0)
    for kind in BENCHMARKS[name].labels:
        for number in range(2):
            folder = root / "test" / "frames" / kind / f"id{number}_id5_{number:04}"
            folder.mkdir(parents=True)
            for frame in range(frames):
                cv2.imwrite(
                    str(folder / f"{frame:03}.png"), rng.integers(0, 256, (256, 256, 3), dtype=np.uint8)
                )
    return root
