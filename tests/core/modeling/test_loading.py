"""Saving and loading of weights."""

from __future__ import annotations

from pathlib import Path

import torch

from laanet_core.decision import DecisionConfig
from laanet_core.modeling.loading import load_weights, save_weights
from tests.core.runtimes.conftest import tiny_network


def test_loaded_weights_equal_the_saved_ones(tmp_path: Path) -> None:
    model, decision = tiny_network(), DecisionConfig(temperature=2.0, calibrated=True)
    info = save_weights(model, tmp_path, decision=decision, version="7", card={"notice": "For tests."})
    loaded = load_weights(tmp_path)
    assert (loaded.info, loaded.decision) == (info, decision)
    assert (info.name, info.version, loaded.card["notice"]) == ("tiny", "7", "For tests.")
    assert not loaded.model.training
    for name, value in model.state_dict().items():
        assert torch.equal(loaded.model.state_dict()[name], value), name
