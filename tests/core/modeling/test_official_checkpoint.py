from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from laanet_core.cli import main
from laanet_core.errors import InvalidWeights
from laanet_core.modeling.loading import load_weights
from laanet_core.modeling.official_checkpoint import convert

State = dict[str, torch.Tensor]


def filled(key: str, shape: list[int]) -> torch.Tensor:
    """The values that the parity folder's README prescribes for a key."""
    name = key.replace("inception_block.", "deconv_4.0.", 1)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if key.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if key.endswith("running_var"):
        values = rng.uniform(0.5, 1.5, shape)
    elif key.endswith("running_mean"):
        values = rng.normal(0, 0.1, shape)
    elif key.endswith(".weight") and len(shape) == 1:
        values = rng.uniform(0.8, 1.2, shape)
    elif key.endswith(".bias"):
        values = rng.normal(0, 0.05, shape)
    else:
        values = rng.normal(0, 1, shape) * np.sqrt(2 / np.prod(shape[1:]))
    return torch.from_numpy(np.asarray(values, np.float32))


@pytest.fixture(scope="module")
def parity(shared_folder: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((shared_folder / "parity" / "released_model_output.json").read_text())
    return answer


@pytest.fixture(scope="module")
def state(shared_folder: Path) -> State:
    keys = json.loads((shared_folder / "parity" / "official_keys.json").read_text())
    assert len(keys) == 803
    return {key: filled(key, shape) for key, shape in keys}


def save(
    state: State, path: Path, *, prefix: str = "", dtype: torch.dtype | None = None, **more: object
) -> Path:
    values = {
        prefix + key: value.to(dtype) if dtype and value.is_floating_point() else value
        for key, value in state.items()
    }
    torch.save({"epoch": 3, "state_dict": values, **more}, path)
    return path


@pytest.fixture(scope="module")
def converted(state: State, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("converted")
    assert main(["convert", str(save(state, folder / "official.pth")), str(folder / "out")]) == 0
    return folder / "out"


def test_converted_checkpoint_equals_the_released_model(converted: Path, parity: dict[str, Any]) -> None:
    images = torch.from_numpy(np.random.default_rng(7).uniform(-1, 1, (2, 3, 384, 384)).astype("float32"))
    with torch.inference_mode():
        output = load_weights(converted).model(images, consistency=True)
    assert output.embeddings is not None
    assert output.fake_logit.tolist() == pytest.approx(parity["fake_logit"], abs=1e-4)
    for values, expected in (
        (output.heatmap_logits, parity["heatmap_logits"]),
        (output.embeddings, parity["embeddings"]),
    ):
        assert values.mean(dim=(1, 2, 3)).tolist() == pytest.approx(expected["mean"], abs=2e-3)
        assert values.std(dim=(1, 2, 3)).tolist() == pytest.approx(expected["std"], abs=2e-3)
        for place in (key for key in expected if key.startswith("[")):
            assert values[tuple(json.loads(place))].item() == pytest.approx(expected[place], abs=2e-3), place


def test_prefixes_float64_and_an_optimiser_change_nothing(
    converted: Path, state: State, tmp_path: Path
) -> None:
    path = save(
        state,
        tmp_path / "wrapped.pth",
        prefix="module.",
        dtype=torch.float64,
        optimizer={"state": {}, "param_groups": [{"lr": 1e-4}]},
    )
    convert(path, tmp_path / "out")
    assert load_weights(tmp_path / "out").info.sha256 == load_weights(converted).info.sha256


def test_a_key_with_and_without_prefix_is_refused(state: State, tmp_path: Path) -> None:
    path = save({**state, "module.hm.3.bias": torch.zeros(1)}, tmp_path / "twice.pth")
    with pytest.raises(InvalidWeights, match=r"module\.hm\.3\.bias"):
        convert(path, tmp_path / "out")


def test_converted_weights_include_the_licence(converted: Path) -> None:
    loaded = load_weights(converted)
    assert "SnT academic licence" in loaded.card["notice"]
    assert loaded.model.config.stage3_padding == "released"


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("_blocks.3._bn0.weight", None, r"missing _blocks\.3\._bn0\.weight"),
        ("hm.3.bias", None, r"missing hm\.3\.bias"),
        ("inception_block.pw_block.0.weight", None, r"missing inception_block\.pw_block\.0\.weight"),
        ("extra.weight", torch.zeros(3), r"unexpected extra\.weight"),
        ("cls.5.weight", torch.zeros(1, 65), r"cls\.5\.weight has shape \(1, 65\), not \(1, 64\)"),
        ("inception_block.pw_block.0.weight", torch.zeros(28, 112, 1, 1), "should be one tensor but differ"),
        ("_fc.bias", torch.zeros(1), r"unexpected _fc\.bias"),
        ("hm.3.bias", torch.tensor([float("inf")]), "not finite"),
    ],
)
def test_unexpected_keys_are_refused_by_name(
    state: State, tmp_path: Path, key: str, value: torch.Tensor | None, complaint: str
) -> None:
    changed = {**state, key: value}
    path = save(
        {name: tensor for name, tensor in changed.items() if tensor is not None}, tmp_path / "bent.pth"
    )
    with pytest.raises(InvalidWeights, match=complaint):
        convert(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_other_files_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.pth"
    for content in (b"", b"junk", b"not a pickle"):
        broken.write_bytes(content)
        with pytest.raises(InvalidWeights, match=r"broken\.pth"):
            convert(broken, tmp_path / "out")
    assert main(["convert", str(broken), str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.startswith("error: invalid_weights: broken.pth")
    assert main(["convert", str(tmp_path / "gone.pth"), str(tmp_path / "out")]) == 1
    torch.save({"state_dict": {"a": 1}}, broken)
    with pytest.raises(InvalidWeights, match="no state dict"):
        convert(broken, tmp_path / "out")


class Stranger:
    """A class that a pickle could make run code through."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("this must never be printed",)


def test_hostile_pickles_do_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"state_dict": {"a": torch.zeros(1)}, "epoch": Stranger()}, tmp_path / "hostile.pth")
    with pytest.raises(InvalidWeights, match="read safely"):
        convert(tmp_path / "hostile.pth", tmp_path / "out")
    assert "never" not in capsys.readouterr().out
