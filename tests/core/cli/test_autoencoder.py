from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from laanet_core.cli import main
from laanet_core.data.face_autoencoder import BOTTLENECKS, FaceAutoencoder
from tests.core.conftest import TinyDataset


def test_the_command_fits_to_the_real_faces(
    tmp_path: Path, tiny_dataset: TinyDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    with tiny_dataset.manifest.open(newline="") as file:
        header, *rows = list(csv.reader(file))
    points = np.load(tiny_dataset.landmarks)["landmarks"]
    # The tiny data set has ten faces, fewer than the autoencoder has components.
    repeats = max(BOTTLENECKS) // 10 + 1
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows * repeats])
    np.savez(tmp_path / "landmarks.npz", landmarks=np.tile(points, (repeats, 1, 1)))
    for pack in ("photos", "swaps"):
        (tmp_path / pack).symlink_to(tiny_dataset.root / pack)
    output = tmp_path / "weights.safetensors"
    assert main(["autoencoder", str(output), "--manifest", str(tmp_path / "manifest.csv"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["faces"] == 10 * repeats
    assert FaceAutoencoder.load(output).components.shape[0] == max(BOTTLENECKS)


def test_too_few_faces_are_refused(
    tmp_path: Path, tiny_dataset: TinyDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["autoencoder", str(tmp_path / "weights"), "--manifest", str(tiny_dataset.manifest)]
    assert main(command) == 1
    assert "too few" in capsys.readouterr().err
