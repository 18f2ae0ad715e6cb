from __future__ import annotations

import json

import pytest

from laanet_core.cli import main
from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import read_manifest
from laanet_core.evaluation.training_speed import pair_speed, step_speed
from laanet_core.training.config import RECIPES
from laanet_core.training.pairs import PairDataset
from tests.core.conftest import TINY, TinyDataset

ENOUGH_PAIRS = 150  # a second on one core at 224 px


@pytest.mark.proof
def test_one_core_makes_pairs_faster_than_any_training_takes_them(tiny_dataset: TinyDataset) -> None:
    samples = [
        sample
        for sample in read_manifest(tiny_dataset.manifest, tiny_dataset.landmarks)
        if sample.split == "train"
    ]
    store = PackStore(tiny_dataset.root, ["photos", "swaps"])
    source = PairDataset(samples, store, size=224, config=RECIPES["paper-sbi"].material, seed=0)
    assert pair_speed(source).per_core_second >= ENOUGH_PAIRS


def test_the_training_step_is_measured_on_the_real_trainer() -> None:
    assert step_speed(TINY, precision="float32", batch_pairs=2, device="cpu", compiled=False).per_second > 1


@pytest.mark.proof
def test_the_command_prints_both(tiny_dataset: TinyDataset, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "benchmark",
        "--manifest",
        str(tiny_dataset.manifest),
        "--batch-pairs",
        "2",
        "--pairs",
        "5",
        "--device",
        "cpu",
        "--json",
    ]
    assert main(arguments) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert set(outcome["pairs_on_one_core"]) == set(RECIPES)
    assert set(outcome["images_a_second_in_training"]) == {"float32", "bfloat16"}
    assert outcome["machine"]["threads"] >= 1
