from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from laanet_core.cli import main
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import load_weights, save_weights
from tests.core.conftest import TINY, TinyDataset


def test_calibrate_writes_the_decision_unless_it_is_a_dry_run(
    tmp_path: Path, tiny_dataset: TinyDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    save_weights(LAANet(TINY), tmp_path)
    command = ["calibrate", str(tmp_path), "--manifest", str(tiny_dataset.manifest), "--device", "cpu"]
    assert main([*command, "--dry-run", "--json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert list(outcome) == ["faces", "decision", "ece", "verdicts", "held_out", "written"]
    assert set(outcome["verdicts"]) == {"self_blends", "pairs"}
    assert not load_weights(tmp_path).decision.calibrated
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["written"]
    assert load_weights(tmp_path).decision.to_dict() == outcome["decision"]
