from __future__ import annotations

import json
from pathlib import Path

import pytest

from laanet_core.data.dataset import DatasetFiles
from laanet_core.errors import InvalidDataset
from laanet_core.training.config import named_recipe
from laanet_core.training.run import TrainingRequest
from webapp.services.training.trainer_process import (
    REQUEST_FILE,
    RESULT_FILE,
    TRAIN_FOLDER,
    TrainerResult,
    is_trained,
    last_step,
    main,
    read_result,
)


def test_the_last_complete_line_of_the_log_gives_the_step(tmp_path: Path) -> None:
    assert last_step(tmp_path) == 0
    log = tmp_path / TRAIN_FOLDER / "log.jsonl"
    log.parent.mkdir()
    log.write_text('{"step": 7}\n{"step": 8}\n{"ste')
    assert last_step(tmp_path) == 8


def test_a_run_is_trained_only_with_the_weights_of_its_last_step(tmp_path: Path) -> None:
    assert not is_trained(tmp_path, 12)
    config = tmp_path / TRAIN_FOLDER / "weights" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"version": "step-12"}')
    assert is_trained(tmp_path, 12)
    assert not is_trained(tmp_path, 13)


@pytest.mark.parametrize("content", [None, "", '{"steps": "many"}'])
def test_a_missing_or_damaged_result_is_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / RESULT_FILE).write_text(content)
    assert read_result(tmp_path) is None


def test_an_error_becomes_the_result(tmp_path: Path, tiny_weights: Path) -> None:
    request = TrainingRequest(
        folder=tmp_path / TRAIN_FOLDER,
        data=DatasetFiles(tmp_path / "missing.csv"),
        config=named_recipe("finetune"),
        initial_weights=str(tiny_weights),
        device="cpu",
    )
    (tmp_path / REQUEST_FILE).write_text(json.dumps(request.to_json()))
    with pytest.raises(InvalidDataset) as error:
        main([str(tmp_path)])
    expected = TrainerResult(error_code="invalid_dataset", error_message=error.value.message)
    assert read_result(tmp_path) == expected
