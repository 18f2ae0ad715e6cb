from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from laanet_core.cli import main
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import load_weights, save_weights
from tests.core.conftest import TINY, TinyDataset, tiny_trainer


def test_a_run_is_exported_in_half_precision_with_its_origin(
    tmp_path: Path, tiny_dataset: TinyDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tiny_trainer(tiny_dataset, tmp_path / "run")
    run.run(until=3, progress=False)
    parent = tmp_path / "run" / "weights"
    arguments = [
        "export",
        str(tmp_path / "run"),
        str(tmp_path / "out"),
        "--version",
        "1.0",
        "--parent",
        str(parent),
        "--json",
    ]
    assert main([*arguments, "--commit", "abc"]) == 0
    printed = json.loads(capsys.readouterr().out)
    loaded = load_weights(tmp_path / "out")
    assert (loaded.info.version, loaded.info.sha256) == ("1.0", printed["sha256"])
    assert (loaded.card["commit"], loaded.card["seed"], loaded.card["trained_as"]) == ("abc", 5, "step-3")
    assert loaded.card["parent"]["sha256"] == load_weights(parent).info.sha256
    assert loaded.card["training"]["material"]["pairs"] == 0.5
    images = torch.randn(2, 3, 64, 64)
    assert torch.allclose(loaded.model(images).fake_logit, run.averaged()(images).fake_logit, atol=1e-2)
    assert (tmp_path / "out" / "model.safetensors").stat().st_size < 0.6 * (
        parent / "model.safetensors"
    ).stat().st_size


def test_a_run_is_averaged_with_other_weights(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    run = tiny_trainer(tiny_dataset, tmp_path / "run")
    run.run(until=3, progress=False)
    other = LAANet(TINY)
    save_weights(other, tmp_path / "other", version="2")
    arguments = ["export", str(tmp_path / "run"), str(tmp_path / "out"), "--version", "1.0"]
    assert main([*arguments, "--average-with", str(tmp_path / "other"), "--full-precision"]) == 0
    loaded = load_weights(tmp_path / "out")
    assert loaded.card["averaged_with"]["version"] == "2"
    name = "classification_head.linear.weight"
    expected = (run.averaged().state_dict()[name] + other.state_dict()[name]) / 2
    assert torch.allclose(loaded.model.state_dict()[name], expected, atol=1e-6)


def test_a_folder_without_a_run_is_refused(
    tmp_path: Path, tiny_dataset: TinyDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(tmp_path), str(tmp_path / "out"), "--version", "1"]) == 1
    assert "invalid_weights" in capsys.readouterr().err
    tiny_trainer(tiny_dataset, tmp_path / "run").run(until=1, progress=False)
    (tmp_path / "run" / "config.json").write_text("{}")
    assert main(["export", str(tmp_path / "run"), str(tmp_path / "out"), "--version", "1"]) == 1
    assert "invalid_config" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
