from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from laanet_core.data.dataset import DatasetFiles, load_dataset
from laanet_core.data.manifest import Sample
from laanet_core.training.config import PairConfig
from laanet_core.training.sampling import PAIR_KINDS, PairSampler
from tests.core.conftest import TinyDataset


@pytest.fixture(scope="module")
def samples(tiny_dataset: TinyDataset) -> list[Sample]:
    return load_dataset(DatasetFiles(tiny_dataset.manifest), "train").samples


def test_every_epoch_draws_the_same_number_of_frames_of_each_video(samples: list[Sample]) -> None:
    reals = [sample for sample in samples if sample.landmarks is not None]
    # Three or four frames each.
    videos = [dataclasses.replace(sample, video=f"video-{index % 3}") for index, sample in enumerate(reals)]
    sampler = PairSampler(videos, PairConfig(frames_per_video=3), seed=1)
    assert sampler.epoch_length == 9
    rng = np.random.default_rng(0)
    epochs = [[sampler.draw_real(9 * epoch + place, rng) for place in range(9)] for epoch in range(6)]
    for epoch in epochs:
        assert len(set(epoch)) == 9
        assert set(Counter(videos[index].video for index in epoch).values()) == {3}
    # The video with four frames shows different ones.
    assert len({tuple(sorted(epoch)) for epoch in epochs}) > 1
    # Earlier draws have no effect.
    again = PairSampler(videos, PairConfig(frames_per_video=3), seed=1)
    assert again.draw_real(9 * 4 + 2, rng) == epochs[4][2]


def test_labelled_fakes_are_paired_with_real_faces_of_their_pack(samples: list[Sample]) -> None:
    reals = [sample for sample in samples if sample.landmarks is not None]
    two_packs = [dataclasses.replace(sample, pack=f"pack-{index % 2}") for index, sample in enumerate(reals)]
    sampler = PairSampler(two_packs, PairConfig(frames_per_video=0), seed=1)
    indices = [sampler.draw_real(number, np.random.default_rng(number), "pack-1") for number in range(40)]
    assert {two_packs[index].pack for index in indices} == {"pack-1"}
    assert len(set(indices)) > 2


def test_kinds_are_drawn_by_their_shares(samples: list[Sample]) -> None:
    sampler = PairSampler(samples, PairConfig(pairs=0.5, labelled=0.2), seed=1)
    assert dict(zip(PAIR_KINDS, sampler.kind_probabilities, strict=True)) == pytest.approx(
        {
            "pair": 0.5,
            "labelled": 0.2,
            "blended": 0.0,
            "reconstructed": 0.0,
            "partial": 0.0,
            "self_blended": 0.3,
        }
    )
    rng = np.random.default_rng(0)
    kinds = Counter(sampler.draw_kind(rng) for _ in range(400))
    assert set(kinds) == {"pair", "labelled", "self_blended"}
    assert 160 < kinds["pair"] < 240


def test_the_exponent_balances_packs(samples: list[Sample]) -> None:
    reals = [sample for sample in samples if sample.landmarks is not None]
    unequal = [
        dataclasses.replace(sample, pack="small" if index < 2 else "large")
        for index, sample in enumerate(reals)
    ]
    shares = []
    for exponent in (1.0, 0.0):
        sampler = PairSampler(unequal, PairConfig(frames_per_video=0, pack_exponent=exponent), seed=1)
        rng = np.random.default_rng(0)
        drawn = [unequal[sampler.draw_real(number, rng)].pack for number in range(400)]
        shares.append(drawn.count("small") / len(drawn))
    assert shares[0] == pytest.approx(0.2, abs=0.06)
    assert shares[1] == pytest.approx(0.5, abs=0.08)
