from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from laanet_core.data.dataset import DatasetFiles, load_dataset
from laanet_core.data.face_autoencoder import (
    BOTTLENECKS,
    FACE_SIDE,
    FaceAutoencoder,
    aligned_faces,
    alignment,
    fit_autoencoder,
    to_face,
    to_vector,
)
from laanet_core.data.synthetic_faces import synthetic_face, synthetic_landmarks
from laanet_core.errors import InvalidDataset, InvalidWeights
from laanet_core.faces.crops import warp
from tests.core.conftest import TinyDataset


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    rng = np.random.default_rng(0)
    images = []
    for _ in range(160):
        landmarks = synthetic_landmarks((64 + rng.normal(0, 3), 60 + rng.normal(0, 3)), rng.uniform(55, 65))
        images.append(warp(synthetic_face(rng, landmarks, 128), alignment(landmarks), (FACE_SIDE, FACE_SIDE)))
    return np.stack(images)


def test_more_components_draw_closer_faces(faces: np.ndarray, tmp_path: Path) -> None:
    fitted = fit_autoencoder(faces)
    fitted.save(tmp_path / "weights.safetensors")
    autoencoder = FaceAutoencoder.load(tmp_path / "weights.safetensors")
    face = faces[3]
    errors = [
        np.abs(autoencoder.decode(autoencoder.encode(face), count).astype(int) - face).mean()
        for count in BOTTLENECKS
    ]
    assert errors == sorted(errors, reverse=True)
    mean_error = np.abs(to_face(autoencoder.mean).astype(int) - face).mean()
    assert errors[-1] < 0.6 * mean_error
    codes = np.stack([autoencoder.encode(each) for each in faces])
    assert codes.std(axis=0)[: BOTTLENECKS[0]] == pytest.approx(1, abs=0.05)


def test_vectors_turn_back_into_faces(faces: np.ndarray) -> None:
    smooth = np.full((FACE_SIDE, FACE_SIDE, 3), (200, 120, 90), np.uint8)
    assert np.abs(to_face(to_vector(smooth)).astype(int) - smooth).max() <= 3
    assert to_vector(faces[0]).shape == (64 * 64 + 2 * 32 * 32,)


def test_alignment_puts_the_eyes_in_their_places() -> None:
    landmarks = synthetic_landmarks((100, 95), 100)
    for enlargement in (1.0, 1.3):
        matrix = alignment(landmarks, enlargement)
        eyes = np.stack([landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)])
        placed = eyes @ matrix[:, :2].T + matrix[:, 2]
        assert placed[:, 1] == pytest.approx(FACE_SIDE * (0.5 - 0.1 / enlargement), abs=8)
        assert placed[:, 0].mean() == pytest.approx(FACE_SIDE / 2, abs=3)


def test_impossible_inputs_are_refused(faces: np.ndarray, tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    with pytest.raises(InvalidDataset, match="too few"):
        fit_autoencoder(faces[:20])
    (tmp_path / "odd.safetensors").write_bytes(b"odd")
    with pytest.raises(InvalidWeights, match=r"odd\.safetensors"):
        FaceAutoencoder.load(tmp_path / "odd.safetensors")
    with pytest.raises(InvalidDataset, match="aligned"):
        alignment(np.zeros((68, 2), np.float32))
    dataset = load_dataset(DatasetFiles(tiny_dataset.manifest), "train")
    assert aligned_faces([dataset]).shape == (10, FACE_SIDE, FACE_SIDE, 3)
    dataset.samples.clear()
    with pytest.raises(InvalidDataset, match="no real image"):
        aligned_faces([dataset])
