from __future__ import annotations

import dataclasses
from typing import get_args

import cv2
import numpy as np
import pytest

from laanet_core.data.augmentation_policies import PolicyName
from laanet_core.data.dataset import DatasetFiles, load_dataset
from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import Sample
from laanet_core.data.sharpness_matching import inner_sharpness
from laanet_core.errors import InvalidDataset
from laanet_core.training.config import PairConfig
from laanet_core.training.pairs import PairDataset, StagedPairs
from tests.core.conftest import TinyDataset

CONFIGS = [
    dataclasses.replace(PairConfig(**shares), policy=policy)
    for policy in get_args(PolicyName)
    for shares in (
        {},
        {"pairs": 1.0},
        {"foreign_blends": 1.0},
        {"labelled": 1.0},
        {"reconstructed": 1.0},
        {"partial_edits": 1.0},
    )
]


@pytest.fixture(scope="module")
def samples(tiny_dataset: TinyDataset) -> list[Sample]:
    return load_dataset(DatasetFiles(tiny_dataset.manifest), "train").samples


@pytest.fixture(scope="module")
def store(tiny_dataset: TinyDataset) -> PackStore:
    return PackStore(tiny_dataset.root, ["photos", "swaps"])


@pytest.mark.parametrize("config", CONFIGS)
def test_seed_and_index_determine_a_pair(samples: list[Sample], store: PackStore, config: PairConfig) -> None:
    first, second = (PairDataset(samples, store, size=64, config=config, seed=3)[11] for _ in range(2))
    for field in dataclasses.fields(first):
        assert np.array_equal(getattr(first, field.name), getattr(second, field.name))
    other = PairDataset(samples, store, size=64, config=config, seed=4)[11]
    assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize("config", [config for config in CONFIGS if not config.labelled])
def test_fakes_have_vulnerable_points_and_reals_have_none(
    samples: list[Sample], store: PackStore, config: PairConfig
) -> None:
    dataset = PairDataset(samples, store, size=64, config=config, seed=0)
    for number in range(12):
        pair = dataset[number]
        assert pair.images.shape == (2, 64, 64, 3)
        assert pair.images.dtype == np.uint8
        assert pair.heatmap.shape == pair.consistency.shape == (2, 16, 16)
        assert not pair.heatmap[0].any()
        # A real image is consistent with itself everywhere, as in the paper.
        assert (pair.consistency[0] == 1).all()
        assert pair.has_maps.all()
        assert (pair.heatmap[1] == 1).any()
        assert pair.consistency[1].flat[pair.anchor[1]] == pytest.approx(1)
        assert not np.array_equal(pair.images[0], pair.images[1])


def test_labelled_fakes_without_a_mask_have_no_maps(samples: list[Sample], store: PackStore) -> None:
    dataset = PairDataset(samples, store, size=64, config=PairConfig(labelled=1), seed=0)
    assert dataset[0].has_maps.tolist() == [[True, True], [False, False]]
    assert any("classification loss only" in note for note in dataset.notes)


def test_a_painted_region_is_the_heatmap_of_a_labelled_fake(
    samples: list[Sample], store: PackStore, tiny_dataset: TinyDataset
) -> None:
    painted = np.zeros((128, 128), np.uint8)
    painted[70:80, 30:100] = 255
    cv2.imwrite(str(tiny_dataset.root / "swaps" / "painted.png"), painted)
    marked = [
        dataclasses.replace(sample, region=None if sample.original or not sample.label else "painted.png")
        for sample in samples
    ]
    pair = PairDataset(marked, store, size=64, config=PairConfig(labelled=1), seed=0)[0]
    assert pair.has_maps.tolist() == [[True, True], [True, False]]
    rows, columns = np.nonzero(pair.heatmap[1] == 1)
    assert len(rows)
    # The middle of the stroke, in 16 rows, slightly moved by the framing.
    assert 7 <= rows.mean() <= 11
    assert columns.min() >= 3
    assert pair.heatmap[1][:5].max() == 0


def test_self_blended_images_replace_shares_without_images(samples: list[Sample], store: PackStore) -> None:
    reals = [sample for sample in samples if sample.label == 0]
    dataset = PairDataset(reals, store, size=64, config=PairConfig(pairs=0.6, labelled=0.4), seed=0)
    assert dataset[0].has_maps.all()
    assert len(dataset.notes) == 2


def test_missing_images_are_refused(samples: list[Sample], store: PackStore) -> None:
    with pytest.raises(InvalidDataset, match="no real image"):
        PairDataset(
            [sample for sample in samples if sample.label == 1], store, size=64, config=PairConfig(), seed=0
        )
    alone = [sample for sample in samples if sample.person == "person-0"]
    with pytest.raises(InvalidDataset, match="more than one person"):
        PairDataset(alone, store, size=64, config=PairConfig(foreign_blends=1), seed=0)[0]


def test_pairs_alone_need_no_landmarks(samples: list[Sample], store: PackStore) -> None:
    bare = [dataclasses.replace(sample, landmarks=None) for sample in samples]
    dataset = PairDataset(bare, store, size=64, config=PairConfig(pairs=1), seed=0)
    assert dataset[3].has_maps[0].all()
    with pytest.raises(InvalidDataset, match="no real image"):
        PairDataset(bare, store, size=64, config=PairConfig(pairs=0.9), seed=0)


def test_erased_patches_are_black_in_both_and_hold_no_point(samples: list[Sample], store: PackStore) -> None:
    dataset = PairDataset(samples, store, size=64, config=PairConfig(policy="published"), seed=0)
    erased = 0
    for number in range(40):
        pair = dataset[number]
        black = (pair.images.max(axis=3) < 25).all(axis=0)
        if black.mean() > 0.012:
            erased += 1
            inside = cv2.erode(black.astype(np.uint8), np.ones((9, 9), np.uint8))[2::4, 2::4] > 0
            assert not (pair.heatmap[1][inside] == 1).any()
    assert 5 < erased < 30


def test_smoothed_matched_and_compressed_pairs_follow_the_seed(
    samples: list[Sample], store: PackStore
) -> None:
    config = PairConfig(
        reconstructed=1.0,
        smoothed_reals=1.0,
        matched_sharpness=1.0,
        video=1.0,
        double_jpeg=1.0,
        frames_per_video=0,
    )
    first, second = (PairDataset(samples, store, size=64, config=config, seed=3)[5] for _ in range(2))
    assert np.array_equal(first.images, second.images)
    plain = PairDataset(samples, store, size=64, config=PairConfig(reconstructed=1.0), seed=3)[5]
    assert not np.array_equal(first.images, plain.images)


def test_matched_pairs_are_equally_sharp(samples: list[Sample], store: PackStore) -> None:
    differences = []
    for matched in (0.0, 1.0):
        config = PairConfig(pairs=1.0, matched_sharpness=matched)
        dataset = PairDataset(samples, store, size=64, config=config, seed=0)
        sharpness = np.array([[inner_sharpness(image) for image in dataset[n].images] for n in range(12)])
        differences.append(np.abs(np.log(sharpness[:, 0] / sharpness[:, 1])).mean())
    assert differences[1] < 0.5 * differences[0]


def test_staged_pairs_change_over_at_an_index(samples: list[Sample], store: PackStore) -> None:
    early, late = (PairDataset(samples, store, size=size, config=PairConfig(), seed=0) for size in (64, 96))
    staged = StagedPairs(early, late, 3)
    assert [staged[index].images.shape[1] for index in (0, 2, 3, 4)] == [64, 64, 96, 96]
    assert np.array_equal(staged[3].images, late[3].images)
