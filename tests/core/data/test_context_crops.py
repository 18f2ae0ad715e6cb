from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from laanet_core.data.context_crops import (
    LARGEST_PADDING,
    ContextCrop,
    center_square,
    context_crop,
    full_box,
    inference_square,
    padding,
)
from laanet_core.data.dataset import DatasetFiles, ManifestDataset, load_dataset
from laanet_core.errors import InvalidDataset
from laanet_core.faces.landmarks import face_box
from tests.core.conftest import TinyDataset


@pytest.fixture(scope="module")
def dataset(tiny_dataset: TinyDataset) -> ManifestDataset:
    return load_dataset(DatasetFiles(tiny_dataset.manifest), "train")


def test_a_context_crop_moves_image_and_landmarks_together(dataset: ManifestDataset) -> None:
    sample = dataset.samples[0]
    assert sample.landmarks is not None
    image = dataset.store.read(sample.pack, sample.path)
    crop = context_crop(dataset.store, sample)
    assert crop.image.shape[0] == crop.image.shape[1]
    x, y = np.round(sample.landmarks[30]).astype(int)
    crop_x, crop_y = np.round(crop.landmarks[30]).astype(int)
    patch = image[y - 3 : y + 4, x - 3 : x + 4].astype(int)
    crop_patch = crop.image[crop_y - 3 : crop_y + 4, crop_x - 3 : crop_x + 4].astype(int)
    assert abs(patch.mean() - crop_patch.mean()) < 12


def test_the_largest_side_is_kept_to(dataset: ManifestDataset) -> None:
    assert context_crop(dataset.store, dataset.samples[0], largest=80).image.shape == (80, 80, 3)


def test_samples_without_landmarks_are_refused(dataset: ManifestDataset) -> None:
    bare = dataclasses.replace(dataset.samples[0], landmarks=None)
    with pytest.raises(InvalidDataset, match="no landmarks"):
        context_crop(dataset.store, bare)


def test_faces_near_the_edge_are_cut_as_squares_of_the_photograph() -> None:
    landmarks = np.stack([np.linspace(20, 80, 68), np.linspace(20, 80, 68)], axis=1).astype(np.float32)
    image = np.zeros((100, 100, 3), np.uint8)
    inside = ContextCrop(image, landmarks, full_box(image))
    square = inference_square(inside)
    assert padding(square, inside) <= LARGEST_PADDING
    assert square[0] < face_box(landmarks)[0]
    at_the_edge = ContextCrop(image, landmarks, (30.0, 0.0, 100.0, 100.0))
    assert inference_square(at_the_edge) == center_square((30.0, 0.0, 100.0, 100.0))
