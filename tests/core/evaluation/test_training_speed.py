from __future__ import annotations

import pytest

from laanet_core.data.dataset import DatasetFiles, load_dataset
from laanet_core.evaluation.training_speed import pair_speed, step_speed
from laanet_core.training.config import RECIPES
from laanet_core.training.pairs import PairDataset
from tests.core.conftest import TINY, TinyDataset

# Per second on one core at 224 px, more than any training consumes.
ENOUGH_PAIRS = 150


@pytest.mark.proof
def test_one_core_makes_pairs_faster_than_training_consumes_them(tiny_dataset: TinyDataset) -> None:
    dataset = load_dataset(DatasetFiles(tiny_dataset.manifest), "train")
    recipe = RECIPES["paper-sbi"]
    pairs = PairDataset(dataset.samples, dataset.store, size=224, config=recipe.material, seed=0)
    assert pair_speed(pairs).per_core_second >= ENOUGH_PAIRS


def test_the_training_step_is_measured_on_the_real_trainer() -> None:
    assert step_speed(TINY, precision="float32", batch_pairs=2, device="cpu", compiled=False).per_second > 1
