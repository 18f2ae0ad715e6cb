from __future__ import annotations

import json
from pathlib import Path

import pytest

from laanet_core.data.dataset import DatasetFiles, combine_datasets, load_dataset
from laanet_core.errors import InvalidDataset
from tests.core.conftest import TinyDataset


def test_landmarks_beside_the_manifest_are_read_and_one_split_is_loaded(tiny_dataset: TinyDataset) -> None:
    dataset = load_dataset(DatasetFiles(tiny_dataset.manifest), "val")
    assert {sample.split for sample in dataset.samples} == {"val"}
    assert any(sample.landmarks is not None for sample in dataset.samples)
    sample = dataset.samples[0]
    assert dataset.store.read(sample.pack, sample.path).shape == (128, 128, 3)


def test_data_sets_with_a_common_pack_cannot_be_combined(tiny_dataset: TinyDataset) -> None:
    dataset = load_dataset(DatasetFiles(tiny_dataset.manifest), "train")
    with pytest.raises(InvalidDataset, match="two data sets have a pack"):
        combine_datasets(dataset, dataset)


def test_files_survive_json() -> None:
    for files in (DatasetFiles(Path("m.csv")), DatasetFiles(Path("m.csv"), Path("l.npz"), Path("packs"))):
        assert DatasetFiles.from_json(json.loads(json.dumps(files.to_json()))) == files
