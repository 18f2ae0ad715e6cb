from __future__ import annotations

import dataclasses
from collections import Counter
from typing import get_args

import cv2
import numpy as np
import pytest

from laanet_core.data.augmentation_policies import PolicyName
from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import Sample, read_manifest
from laanet_core.errors import InvalidConfig, InvalidDataset
from laanet_core.training.config import PairConfig
from laanet_core.training.pairs import PairDataset
from laanet_core.training.sampling import PairSampler
from tests.core.conftest import TinyDataset


@pytest.fixture(scope="module")
def samples(tiny_dataset: TinyDataset) -> list[Sample]:
    return [
        sample
        for sample in read_manifest(tiny_dataset.manifest, tiny_dataset.landmarks)
        if sample.split == "train"
    ]


@pytest.fixture(scope="module")
def store(tiny_dataset: TinyDataset) -> PackStore:
    return PackStore(tiny_dataset.root, ["photos", "swaps"])


MATERIALS = [
    dataclasses.replace(PairConfig(**shares), policy=policy)
    for policy in get_args(PolicyName)
    for shares in ({}, {"pairs": 1.0}, {"foreign_blends": 1.0}, {"labelled": 1.0})
]


@pytest.mark.parametrize("material", MATERIALS)
def test_the_same_seed_and_number_give_the_same_unit(
    samples: list[Sample], store: PackStore, material: PairConfig
) -> None:
    first, second = (PairDataset(samples, store, size=64, config=material, seed=3)[11] for _ in range(2))
    for field in dataclasses.fields(first):
        assert np.array_equal(getattr(first, field.name), getattr(second, field.name))
    other = PairDataset(samples, store, size=64, config=material, seed=4)[11]
    assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize("material", [material for material in MATERIALS if not material.labelled])
def test_fakes_have_points_on_their_boundary_and_reals_have_none(
    samples: list[Sample], store: PackStore, material: PairConfig
) -> None:
    source = PairDataset(samples, store, size=64, config=material, seed=0)
    for number in range(12):
        unit = source[number]
        assert unit.images.shape == (2, 64, 64, 3)
        assert unit.images.dtype == np.uint8
        assert unit.heatmap.shape == unit.consistency.shape == (2, 16, 16)
        assert not unit.heatmap[0].any()
        assert (
            unit.consistency[0] == 1
        ).all()  # a real image agrees with itself everywhere (the paper's choice)
        assert unit.has_maps.all()
        assert (unit.heatmap[1] == 1).any()
        assert unit.consistency[1].flat[unit.anchor[1]] == pytest.approx(1)
        assert not np.array_equal(unit.images[0], unit.images[1])


def test_labelled_fakes_without_a_mask_have_no_maps(samples: list[Sample], store: PackStore) -> None:
    source = PairDataset(samples, store, size=64, config=PairConfig(labelled=1), seed=0)
    assert source[0].has_maps.tolist() == [[True, True], [False, False]]
    assert any("classification loss only" in note for note in source.notes)


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
    unit = PairDataset(marked, store, size=64, config=PairConfig(labelled=1), seed=0)[0]
    assert unit.has_maps.tolist() == [[True, True], [True, False]]
    rows, columns = np.nonzero(unit.heatmap[1] == 1)
    assert len(rows)
    assert 7 <= rows.mean() <= 11  # of 16: the middle of the stroke, a little moved by the framing
    assert columns.min() >= 3
    assert unit.heatmap[1][:5].max() == 0


def test_shares_without_material_go_to_self_blends(samples: list[Sample], store: PackStore) -> None:
    reals = [sample for sample in samples if sample.label == 0]
    source = PairDataset(reals, store, size=64, config=PairConfig(pairs=0.6, labelled=0.4), seed=0)
    assert source[0].has_maps.all()
    assert len(source.notes) == 2  # and it is said


def test_impossible_mixtures_are_refused(samples: list[Sample], store: PackStore) -> None:
    with pytest.raises(InvalidConfig, match="more than 1"):
        PairConfig(pairs=0.7, foreign_blends=0.7)
    with pytest.raises(InvalidDataset, match="no real image"):
        PairDataset(
            [sample for sample in samples if sample.label == 1], store, size=64, config=PairConfig(), seed=0
        )
    alone = [sample for sample in samples if sample.person == "person-0"]
    with pytest.raises(InvalidDataset, match="more than one person"):
        PairDataset(alone, store, size=64, config=PairConfig(foreign_blends=1), seed=0)[0]


def test_every_epoch_draws_so_many_frames_of_each_video(samples: list[Sample]) -> None:
    reals = [sample for sample in samples if sample.landmarks is not None]
    videos = [
        dataclasses.replace(sample, video=f"video-{place % 3}") for place, sample in enumerate(reals)
    ]  # 3 or 4 frames each
    stock = PairSampler(videos, PairConfig(frames_per_video=3), seed=1)
    assert stock.epoch_length == 9
    rng = np.random.default_rng(0)
    epochs = [[stock.draw_real(9 * epoch + place, rng) for place in range(9)] for epoch in range(6)]
    for drawn in epochs:
        assert len(set(drawn)) == 9
        assert set(Counter(videos[place].video for place in drawn).values()) == {3}
    assert (
        len({tuple(sorted(drawn)) for drawn in epochs}) > 1
    )  # not always the same frames of the video that has more
    again = PairSampler(videos, PairConfig(frames_per_video=3), seed=1)
    assert again.draw_real(9 * 4 + 2, rng) == epochs[4][2]  # whatever was asked before


def test_labelled_fakes_stand_beside_reals_of_their_pack(samples: list[Sample]) -> None:
    reals = [sample for sample in samples if sample.landmarks is not None]
    two_packs = [dataclasses.replace(sample, pack=f"pack-{place % 2}") for place, sample in enumerate(reals)]
    stock = PairSampler(two_packs, PairConfig(frames_per_video=0), seed=1)
    drawn = [stock.draw_real(place, np.random.default_rng(place), "pack-1") for place in range(40)]
    assert {two_packs[place].pack for place in drawn} == {"pack-1"}
    assert len(set(drawn)) > 2


def test_pairs_alone_need_no_landmarks(samples: list[Sample], store: PackStore) -> None:
    bare = [dataclasses.replace(sample, landmarks=None) for sample in samples]
    source = PairDataset(bare, store, size=64, config=PairConfig(pairs=1), seed=0)
    assert source[3].has_maps[0].all()
    with pytest.raises(InvalidDataset, match="no real image"):
        PairDataset(bare, store, size=64, config=PairConfig(pairs=0.9), seed=0)


def test_erased_patches_are_black_in_both_and_hold_no_point(samples: list[Sample], store: PackStore) -> None:
    source = PairDataset(samples, store, size=64, config=PairConfig(policy="published"), seed=0)
    erased = 0
    for number in range(40):
        unit = source[number]
        black = (unit.images.max(axis=3) < 25).all(axis=0)
        if black.mean() > 0.012:
            erased += 1
            inside = cv2.erode(black.astype(np.uint8), np.ones((9, 9), np.uint8))[2::4, 2::4] > 0
            assert not (unit.heatmap[1][inside] == 1).any()
    assert 5 < erased < 30
