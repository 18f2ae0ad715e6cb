from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from laanet_core.data.face_swaps import SWAPS
from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import read_manifest
from laanet_core.errors import InvalidDataset
from laanet_core.evaluation.eval_sets import FRAMES_OF_A_CLIP, manifest_sets, swap_clip_items
from laanet_core.faces.landmarks import hull_mask
from tests.core.conftest import TinyDataset, drawn_landmarks, painted_face

LANDMARKS = drawn_landmarks((100, 95), 100)
IMAGE = painted_face(np.random.default_rng(1), LANDMARKS, 200)
DONOR_LANDMARKS = drawn_landmarks((80, 90), 80)
DONOR = painted_face(np.random.default_rng(9), DONOR_LANDMARKS, 180)


@pytest.mark.parametrize("name", list(SWAPS))
def test_a_swap_changes_the_face_and_nothing_far_from_it(name: str) -> None:
    before = IMAGE.copy()
    fake = SWAPS[name](IMAGE, LANDMARKS, DONOR, DONOR_LANDMARKS)
    assert np.array_equal(IMAGE, before)
    assert fake.shape == IMAGE.shape
    assert fake.dtype == np.uint8
    difference = np.abs(fake.astype(int) - IMAGE).max(axis=2)
    inner = hull_mask(LANDMARKS, (200, 200), "inner") > 0
    assert np.median(difference[inner]) > 3
    outside = hull_mask(drawn_landmarks((100, 80), 150), (200, 200), "face") == 0
    assert difference[outside].max() == 0


def test_the_donors_features_come_along() -> None:
    """A dot on the donor's nose lies on the target's afterwards."""
    marked = DONOR.copy()
    x, y = DONOR_LANDMARKS[30].astype(int)
    marked[y - 4 : y + 5, x - 4 : x + 5] = (0, 255, 0)
    for swap in SWAPS.values():
        plain, dotted = (
            swap(IMAGE, LANDMARKS, donor, DONOR_LANDMARKS).astype(int) for donor in (DONOR, marked)
        )
        rows, columns = np.nonzero((dotted - plain)[..., 1] - (dotted - plain)[..., 0] > 40)
        assert abs(columns.mean() - LANDMARKS[30, 0]) < 3
        assert abs(rows.mean() - LANDMARKS[30, 1]) < 3


def test_faces_outside_the_picture_are_refused() -> None:
    with pytest.raises(InvalidDataset, match="no face inside"):
        SWAPS["warped"](IMAGE, LANDMARKS + 1000, DONOR, DONOR_LANDMARKS)


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
    sets = {found.name: found for found in manifest_sets(samples, store, 64, seed=0)}
    assert sets["pasted_swaps"].total == sets["warped_swaps"].total == len(items)
    clips: dict[str, list[int]] = {}
    for item in items:
        clips.setdefault(item.video, []).append(item.label)
        assert item.crop.shape == (64, 64, 3)
    assert all(
        len(set(labels)) == 1 and FRAMES_OF_A_CLIP[0] <= len(labels) <= FRAMES_OF_A_CLIP[1]
        for labels in clips.values()
    )
    assert sum(labels[0] for labels in clips.values()) * 2 == len(clips)
    again = list(swap_clip_items("pasted", samples, store, 64, seed=0))
    assert all(np.array_equal(one.crop, other.crop) for one, other in zip(items, again, strict=True))


def test_people_with_few_pictures_make_no_clips(tiny_dataset: TinyDataset) -> None:
    samples = read_manifest(tiny_dataset.manifest, tiny_dataset.landmarks)
    names = [
        found.name
        for found in manifest_sets(samples, PackStore(tiny_dataset.root, ["photos", "swaps"]), 64, seed=0)
    ]
    assert names == ["self_blends", "pairs", "labelled"]
