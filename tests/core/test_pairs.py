from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from laanet_core.data import PackStore, Sample, read_manifest
from laanet_core.errors import InvalidDataset
from laanet_core.pairs import Mixture, UnitSource, altered_mask
from tests.core.conftest import TinyDataset


@pytest.fixture(scope="module")
def samples(tiny_dataset: TinyDataset) -> list[Sample]:
    return [sample for sample in read_manifest(tiny_dataset.manifest, tiny_dataset.landmarks) if sample.split == "train"]


@pytest.fixture(scope="module")
def store(tiny_dataset: TinyDataset) -> PackStore:
    return PackStore(tiny_dataset.root, ["photos", "swaps"])


@pytest.mark.parametrize("mixture", [Mixture(), Mixture(pairs=1), Mixture(foreign_blends=1), Mixture(labelled=1)])
def test_the_same_seed_and_number_give_the_same_unit(samples: list[Sample], store: PackStore, mixture: Mixture) -> None:
    first, second = (UnitSource(samples, store, size=64, mixture=mixture, seed=3)[11] for _ in range(2))
    for field in dataclasses.fields(first):
        assert np.array_equal(getattr(first, field.name), getattr(second, field.name))
    other = UnitSource(samples, store, size=64, mixture=mixture, seed=4)[11]
    assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize("mixture", [Mixture(), Mixture(pairs=1), Mixture(foreign_blends=1)])
def test_fakes_have_points_on_their_boundary_and_reals_have_none(samples: list[Sample], store: PackStore, mixture: Mixture) -> None:
    source = UnitSource(samples, store, size=64, mixture=mixture, seed=0)
    for number in range(12):
        unit = source[number]
        assert unit.images.shape == (2, 64, 64, 3)
        assert unit.images.dtype == np.uint8
        assert unit.heatmap.shape == unit.consistency.shape == (2, 16, 16)
        assert not unit.heatmap[0].any()
        assert (unit.consistency[0] == 1).all()  # a real image agrees with itself everywhere (the paper's choice)
        assert unit.has_maps.all()
        assert (unit.heatmap[1] == 1).any()
        assert unit.consistency[1].flat[unit.anchor[1]] == pytest.approx(1)
        assert not np.array_equal(unit.images[0], unit.images[1])


def test_labelled_fakes_without_a_mask_have_no_maps(samples: list[Sample], store: PackStore) -> None:
    source = UnitSource(samples, store, size=64, mixture=Mixture(labelled=1), seed=0)
    assert source[0].has_maps.tolist() == [True, False]
    assert any("classification loss only" in note for note in source.notes)


def test_shares_without_material_go_to_self_blends(samples: list[Sample], store: PackStore) -> None:
    reals = [sample for sample in samples if sample.label == 0]
    source = UnitSource(reals, store, size=64, mixture=Mixture(pairs=0.6, labelled=0.4), seed=0)
    assert source[0].has_maps.all()
    assert len(source.notes) == 2  # and it is said


def test_impossible_mixtures_are_refused(samples: list[Sample], store: PackStore) -> None:
    with pytest.raises(InvalidDataset, match="more than 1"):
        UnitSource(samples, store, size=64, mixture=Mixture(pairs=0.7, foreign_blends=0.7), seed=0)
    with pytest.raises(InvalidDataset, match="no real image"):
        UnitSource([sample for sample in samples if sample.label == 1], store, size=64, mixture=Mixture(), seed=0)
    alone = [sample for sample in samples if sample.person == "person-0"]
    with pytest.raises(InvalidDataset, match="more than one person"):
        UnitSource(alone, store, size=64, mixture=Mixture(foreign_blends=1), seed=0)[0]


def test_altered_mask_covers_the_change_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    real = rng.integers(60, 180, (224, 224, 3), dtype=np.uint8)
    fake = np.clip(real + rng.integers(-2, 3, real.shape), 0, 255).astype(np.uint8)  # compression noise
    assert altered_mask(real, fake).max() == 0
    fake[70:150, 80:150] = 255 - fake[70:150, 80:150] // 2
    mask = altered_mask(real, fake)
    assert mask[80:140, 90:140].min() > 0.9
    mask[55:165, 65:165] = 0
    assert mask.max() < 0.05
