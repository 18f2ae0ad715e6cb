from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from laanet_core.data.dataset import DatasetFiles
from laanet_core.errors import InvalidConfig, InvalidDataset
from laanet_core.modeling.loading import load_weights
from laanet_core.training.config import PairConfig, TrainingConfig
from laanet_core.training.run import TrainingRequest, train
from tests.core.conftest import TINY, TinyDataset

CONFIG = TrainingConfig(steps=2, batch_pairs=1, sam_rho=0.0, seed=5, material=PairConfig(labelled=0.5))


def request(dataset: TinyDataset, folder: Path) -> TrainingRequest:
    return TrainingRequest(
        folder=folder,
        data=DatasetFiles(dataset.manifest),
        config=CONFIG,
        network=TINY,
        device="cpu",
        workers=0,
    )


def test_a_request_is_trained_and_resumed(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    notes: list[str] = []
    first = train(request(tiny_dataset, tmp_path), notify=notes.append, progress=False)
    assert (first.steps, first.is_main) == (2, True)
    assert load_weights(first.weights).info.version == "step-2"
    assert (tmp_path / "losses.png").is_file()
    assert any("classification loss only" in note for note in notes)
    longer = dataclasses.replace(request(tiny_dataset, tmp_path), config=dataclasses.replace(CONFIG, steps=3))
    notes.clear()
    assert train(longer, notify=notes.append, progress=False).steps == 3
    assert "resuming at step 2 of 3" in notes


def test_a_request_survives_json(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    first = request(tiny_dataset, tmp_path)
    second = dataclasses.replace(first, network=None, initial_weights="starter", replay=first.data, threads=2)
    for each in (first, second):
        assert TrainingRequest.from_json(json.loads(json.dumps(each.to_json()))) == each
    with pytest.raises(InvalidConfig, match="folder"):
        TrainingRequest.from_json({})
    with pytest.raises(InvalidConfig, match="sped"):
        TrainingRequest.from_json({**first.to_json(), "sped": 3})


def test_impossible_requests_are_refused(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    valid = request(tiny_dataset, tmp_path)
    for change in (
        {"network": None},
        {"initial_weights": "starter"},
        {"threads": 0},
        {"checkpoint_every": 0},
    ):
        with pytest.raises(InvalidConfig):
            dataclasses.replace(valid, **change)
    missing = dataclasses.replace(valid, data=DatasetFiles(tmp_path / "none.csv"))
    with pytest.raises(InvalidDataset, match=r"none\.csv"):
        train(missing)


def test_early_steps_take_small_crops(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    network = dataclasses.replace(TINY, input_size=96)
    config = dataclasses.replace(CONFIG, early_size=64, early_steps=1)
    staged = dataclasses.replace(request(tiny_dataset, tmp_path / "staged"), network=network, config=config)
    plain = dataclasses.replace(request(tiny_dataset, tmp_path / "plain"), network=network)
    losses = []
    for each in (staged, plain):
        assert train(each, progress=False).steps == 2
        losses.append((each.folder / "log.jsonl").read_text())
    assert losses[0] != losses[1]
