from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from laanet_core.decision import DecisionConfig
from laanet_core.errors import InvalidWeights
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import load_weights, save_weights
from laanet_core.modeling.weights_files import write_decision
from tests.core.conftest import TINY


@pytest.fixture
def model() -> LAANet:
    torch.manual_seed(0)
    return LAANet(TINY).eval()


def rewrite(folder: Path, **changes: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


def replace_tensors(folder: Path, **changes: torch.Tensor | None) -> None:
    """Change the tensors and their sha256, so that only the change itself can be refused."""
    import hashlib

    tensors = {**load_file(folder / "model.safetensors"), **changes}
    save_file(
        {name: value for name, value in tensors.items() if value is not None}, folder / "model.safetensors"
    )
    rewrite(folder, sha256=hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest())


def test_saved_weights_are_loaded(tmp_path: Path, model: LAANet) -> None:
    decision = DecisionConfig(temperature=2.0, real_below=0.2, fake_above=0.7, calibrated=True)
    info = save_weights(model, tmp_path, decision=decision, version="3", card={"seed": 7})
    loaded = load_weights(tmp_path)
    assert (loaded.info, loaded.decision, dict(loaded.card)) == (info, decision, {"seed": 7})
    assert loaded.model.config == TINY
    assert not loaded.model.training
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(loaded.model(images).fake_logit, model(images).fake_logit)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]
    again = LAANet.from_pretrained(tmp_path)
    assert torch.equal(again(images).fake_logit, model(images).fake_logit)
    again.save_pretrained(tmp_path / "copy")
    assert load_weights(tmp_path / "copy").decision == decision


def test_half_precision_halves_the_file_and_keeps_the_scores(tmp_path: Path, model: LAANet) -> None:
    save_weights(model, tmp_path / "full")
    save_weights(model, tmp_path / "half", half=True)
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("half", "full")]
    assert sizes[0] < 0.62 * sizes[1]
    loaded = load_weights(tmp_path / "half").model
    assert all(value.dtype != torch.float16 for value in loaded.state_dict().values())
    images = torch.randn(2, 3, 64, 64)
    assert torch.allclose(loaded(images).fake_logit, model(images).fake_logit, atol=0.02)


def test_save_pretrained_and_from_pretrained_agree(tmp_path: Path, model: LAANet) -> None:
    model.save_pretrained(tmp_path)
    assert LAANet.from_pretrained(str(tmp_path)).state_dict().keys() == model.state_dict().keys()


def test_decision_values_can_be_replaced(tmp_path: Path, model: LAANet) -> None:
    info = save_weights(model, tmp_path)
    write_decision(tmp_path, DecisionConfig(temperature=3.0))
    loaded = load_weights(tmp_path)
    assert loaded.decision.temperature == 3.0
    assert loaded.info == info


def test_changed_files_are_refused(tmp_path: Path, model: LAANet) -> None:
    save_weights(model, tmp_path)
    content = bytearray((tmp_path / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(InvalidWeights, match="sha256"):
        load_weights(tmp_path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"classification_head.linear.bias": None}, r"missing classification_head\.linear\.bias"),
        ({"stray.weight": torch.zeros(1)}, r"unexpected stray\.weight"),
        (
            {"classification_head.linear.bias": torch.zeros(2)},
            r"classification_head\.linear\.bias has shape \(2,\), not \(1,\)",
        ),
        (
            {"classification_head.linear.bias": torch.tensor([float("nan")])},
            r"not finite in classification_head\.linear\.bias",
        ),
    ],
)
def test_unexpected_tensors_are_named(
    tmp_path: Path, model: LAANet, change: dict[str, torch.Tensor | None], complaint: str
) -> None:
    save_weights(model, tmp_path)
    replace_tensors(tmp_path, **change)
    with pytest.raises(InvalidWeights, match=complaint):
        load_weights(tmp_path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"format": 2}, "format 1"),
        ({"model": []}, "objects"),
        ({"model": {"depth": 3}}, "unknown model configuration keys: depth"),
        ({"model": {"backbone": "no_such_net"}}, "no_such_net"),
        ({"decision": {"temperature": -1}}, "temperature"),
        ({"sha256": "../../else"}, "sha256"),
    ],
)
def test_invalid_configurations_of_a_folder_are_refused(
    tmp_path: Path, model: LAANet, change: dict[str, object], complaint: str
) -> None:
    save_weights(model, tmp_path)
    rewrite(tmp_path, **change)
    with pytest.raises(InvalidWeights, match=complaint):
        load_weights(tmp_path)


def test_missing_and_broken_files_are_refused(tmp_path: Path, model: LAANet) -> None:
    with pytest.raises(InvalidWeights, match="no folder of weights"):
        load_weights(tmp_path / "nowhere")
    with pytest.raises(InvalidWeights, match=r"no config\.json"):
        load_weights(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InvalidWeights, match="cannot be read"):
        load_weights(tmp_path)
    save_weights(model, tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(InvalidWeights, match=r"model\.safetensors"):
        load_weights(tmp_path)


def test_values_that_are_not_finite_are_not_saved(tmp_path: Path, model: LAANet) -> None:
    with torch.no_grad():
        model.classification_head.linear.bias.fill_(1e6)
    save_weights(model, tmp_path / "full")
    with pytest.raises(InvalidWeights, match="not finite"):  # 1e6 is infinite in float16
        save_weights(model, tmp_path / "half", half=True)
    assert not (tmp_path / "half").exists()
