from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from laanet_core.data.dataset import DatasetFiles, load_dataset
from laanet_core.data.difference_masks import altered_cells
from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import Sample, read_manifest
from laanet_core.evaluation.eval_sets import (
    FRAMES_PER_CLIP,
    manifest_sets,
    pair_items,
    self_blend_items,
    swap_clip_items,
)
from tests.core.conftest import TinyDataset


@pytest.fixture(scope="module")
def samples(tiny_dataset: TinyDataset) -> list[Sample]:
    return load_dataset(DatasetFiles(tiny_dataset.manifest), "val").samples


@pytest.fixture(scope="module")
def store(tiny_dataset: TinyDataset) -> PackStore:
    return PackStore(tiny_dataset.root, ["photos", "swaps"])


def test_labelled_fakes_come_with_the_real_faces_of_their_pack(
    samples: list[Sample], store: PackStore
) -> None:
    labelled = [dataclasses.replace(sample, original=None) if sample.label else sample for sample in samples]
    eval_set = {each.name: each for each in manifest_sets(labelled, store, 64, 0)}["labelled"]
    items = list(eval_set.items())
    assert len(items) == eval_set.total
    assert {item.pack for item in items} == {"swaps"}
    assert sum(item.label for item in items) == sum(sample.label for sample in samples)
    assert all(item.crop.shape == (64, 64, 3) for item in items)


def test_self_blended_images_follow_their_originals_and_the_seed(
    samples: list[Sample], store: PackStore
) -> None:
    items, again, other = (list(self_blend_items(samples, store, 64, seed)) for seed in (0, 0, 1))
    assert [item.label for item in items] == [0, 1] * 6
    for real, fake in zip(items[::2], items[1::2], strict=True):
        assert real.boundary is None
        assert fake.boundary is not None
        assert fake.boundary.max() > 0.3
        assert real.crop.shape == fake.crop.shape == (64, 64, 3)
    assert all(np.array_equal(a.crop, b.crop) for a, b in zip(items, again, strict=True))
    assert not all(np.array_equal(a.crop, b.crop) for a, b in zip(items, other, strict=True))


def test_pairs_list_every_image_once(samples: list[Sample], store: PackStore) -> None:
    items = list(pair_items(samples, store, 64))
    assert sorted(item.name for item in items) == sorted(
        f"swaps/{kind}/{number}.png" for kind in ("real", "fake") for number in range(10, 16)
    )


def test_a_manifest_yields_the_sets_it_has_images_for(samples: list[Sample], store: PackStore) -> None:
    sets = manifest_sets(samples, store, 64, 0)
    assert [(each.name, each.total, len(list(each.items()))) for each in sets] == [
        ("self_blends", 12, 12),
        ("pairs", 12, 12),
    ]
    reals = [sample for sample in samples if sample.label == 0]
    assert [each.name for each in manifest_sets(reals, store, 64, 0)] == ["self_blends"]


def test_altered_cells_are_where_the_fake_differs(samples: list[Sample], store: PackStore) -> None:
    fake = next(item for item in pair_items(samples, store, 64) if item.label == 1)
    assert fake.altered is not None
    # The tiny data set's fakes change rows 40 to 80 and columns 40 to 90 of 128.
    assert fake.altered[6:9, 6:10].all()
    assert not fake.altered[:4].any()
    assert not altered_cells(fake.crop, fake.crop).any()


def test_clips_are_of_one_person_and_come_in_both_kinds(tiny_dataset: TinyDataset) -> None:
    reals = [
        sample
        for sample in read_manifest(tiny_dataset.manifest, tiny_dataset.landmarks)
        if sample.landmarks is not None
    ]
    samples = [
        dataclasses.replace(sample, person=f"person-{place % 2}") for place, sample in enumerate(reals)
    ]
    store = PackStore(tiny_dataset.root, ["photos"])
    items = list(swap_clip_items("pasted", samples, store, 64, seed=0))
    sets = {each.name: each for each in manifest_sets(samples, store, 64, seed=0)}
    assert sets["pasted_swaps"].total == sets["warped_swaps"].total == len(items)
    clips: dict[str, list[int]] = {}
    for item in items:
        clips.setdefault(item.video, []).append(item.label)
        assert item.crop.shape == (64, 64, 3)
    assert all(
        len(set(labels)) == 1 and FRAMES_PER_CLIP[0] <= len(labels) <= FRAMES_PER_CLIP[1]
        for labels in clips.values()
    )
    assert sum(labels[0] for labels in clips.values()) * 2 == len(clips)
    again = list(swap_clip_items("pasted", samples, store, 64, seed=0))
    assert all(np.array_equal(one.crop, other.crop) for one, other in zip(items, again, strict=True))


def test_every_named_forger_has_a_set_of_its_own(samples: list[Sample], store: PackStore) -> None:
    named = [
        dataclasses.replace(sample, forger="FF++ Deepfakes c23") if sample.label else sample
        for sample in samples
    ]
    sets = {each.name: each for each in manifest_sets(named, store, 64, 0)}
    assert list(sets) == ["self_blends", "forger_ff_deepfakes_c23"]
    assert [each.by_forger for each in sets.values()] == [False, True]
    items = list(sets["forger_ff_deepfakes_c23"].items())
    assert len(items) == sets["forger_ff_deepfakes_c23"].total
    assert {(item.pack, item.label) for item in items} == {("swaps", 0), ("swaps", 1)}
    fake = next(item for item in items if item.label == 1)
    assert fake.altered is not None
    assert fake.altered.any()
    assert next(item for item in items if item.label == 0).altered is None


def test_people_with_few_pictures_make_no_clips(tiny_dataset: TinyDataset) -> None:
    samples = read_manifest(tiny_dataset.manifest, tiny_dataset.landmarks)
    names = [
        each.name
        for each in manifest_sets(samples, PackStore(tiny_dataset.root, ["photos", "swaps"]), 64, seed=0)
    ]
    assert names == ["self_blends", "pairs", "labelled"]
