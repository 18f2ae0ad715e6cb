from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from laanet_core.errors import InvalidCheckpoint, InvalidConfig
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import load_weights
from laanet_core.training.config import PairConfig, TrainingConfig
from laanet_core.training.losses import LossConfig
from laanet_core.training.trainer import CHECKPOINT, LOG, WEIGHTS, TrainingDiverged
from tests.core.conftest import TINY_TRAINING, TinyDataset, tiny_trainer


@pytest.mark.parametrize(("precision", "parts"), [("float32", 1), ("bfloat16", 1), ("float32", 2)])
def test_an_interrupted_run_ends_with_the_weights_of_an_uninterrupted_one(
    tmp_path: Path, tiny_dataset: TinyDataset, precision: str, parts: int
) -> None:
    config = TrainingConfig.from_dict(
        {**TINY_TRAINING.to_dict(), "precision": precision, "micro_batches": parts}
    )
    whole = tiny_trainer(tiny_dataset, tmp_path / "whole", config)
    whole.run(progress=False, checkpoint_every=3)
    tiny_trainer(tiny_dataset, tmp_path / "parts", config).run(until=3, progress=False)
    # Other code draws random numbers in between.
    torch.rand(7)
    resumed = tiny_trainer(tiny_dataset, tmp_path / "parts", config)
    assert resumed.step == 3
    resumed.run(progress=False)
    for (name, value), other in zip(
        whole.model.state_dict().items(), resumed.model.state_dict().values(), strict=True
    ):
        assert torch.equal(value, other), name
    for (name, value), other in zip(
        whole.averaged().state_dict().items(), resumed.averaged().state_dict().values(), strict=True
    ):
        assert torch.equal(value, other), name


def test_a_run_writes_loadable_weights_and_a_log(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    run = tiny_trainer(tiny_dataset, tmp_path)
    run.run(checkpoint_every=3, progress=False)
    entries = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert [entry["step"] for entry in entries if "total" in entry] == [6]
    assert json.loads((tmp_path / "config.json").read_text())["training"]["seed"] == 5
    loaded = load_weights(tmp_path / WEIGHTS)
    for (name, value), other in zip(
        run.averaged().state_dict().items(), loaded.model.state_dict().values(), strict=True
    ):
        assert torch.equal(value, other), name


def test_a_checkpoint_of_another_configuration_is_not_resumed(
    tmp_path: Path, tiny_dataset: TinyDataset
) -> None:
    tiny_trainer(tiny_dataset, tmp_path).run(until=1, progress=False)
    with pytest.raises(InvalidConfig, match="another configuration"):
        tiny_trainer(tiny_dataset, tmp_path, dataclasses.replace(TINY_TRAINING, peak_rate=2e-3))
    longer = tiny_trainer(tiny_dataset, tmp_path, dataclasses.replace(TINY_TRAINING, steps=9))
    assert longer.step == 1


def test_a_broken_checkpoint_is_named(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    tiny_trainer(tiny_dataset, tmp_path).run(until=1, progress=False)
    whole = (tmp_path / CHECKPOINT).read_bytes()
    for broken in (b"", b"not a checkpoint", whole[: len(whole) // 2]):
        (tmp_path / CHECKPOINT).write_bytes(broken)
        with pytest.raises(InvalidCheckpoint, match=CHECKPOINT):
            tiny_trainer(tiny_dataset, tmp_path)
    torch.save({"step": 1}, tmp_path / CHECKPOINT)
    with pytest.raises(InvalidCheckpoint, match="description"):
        tiny_trainer(tiny_dataset, tmp_path)


def test_a_frozen_backbone_does_not_change(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    run = tiny_trainer(tiny_dataset, tmp_path)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.run(until=2, progress=False)
    after = run.model.state_dict()
    assert all(
        torch.equal(after[name], value) for name, value in before.items() if name.startswith("backbone.")
    )
    assert not torch.equal(
        after["classification_head.linear.weight"], before["classification_head.linear.weight"]
    )
    run.run(until=3, progress=False)
    assert not torch.equal(
        run.model.state_dict()["backbone.network.conv_stem.weight"],
        before["backbone.network.conv_stem.weight"],
    )


def test_training_learns_to_tell_pairs_apart(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    config = TrainingConfig(
        steps=100,
        batch_pairs=4,
        start_rate=1e-3,
        peak_rate=4e-3,
        sam_rho=0.0,
        frozen_steps=0,
        seed=1,
        material=PairConfig(pairs=1.0),
        loss=LossConfig(heatmap_weight=0.1, consistency_weight=0.1),
    )
    run = tiny_trainer(tiny_dataset, tmp_path, config)
    run.run(progress=False)
    entries = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert entries[-1]["classification"] < 0.5 < entries[0]["classification"]


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    run = tiny_trainer(tiny_dataset, tmp_path)
    with torch.no_grad():
        run.model.classification_head.linear.weight.fill_(float("nan"))
    with pytest.raises(TrainingDiverged, match="step 0") as raised:
        run.run(progress=False)
    assert raised.value.code == "training_diverged"
    assert not (tmp_path / CHECKPOINT).exists()


class EvalModeNetwork(LAANet):
    """A network that stays in eval mode, so that BatchNorm uses its running statistics."""

    def train(self, mode: bool = True) -> LAANet:
        return super().train(False)


def test_micro_batches_have_the_gradient_of_the_whole_batch(
    tmp_path: Path, tiny_dataset: TinyDataset
) -> None:
    # The backbone is frozen and the heads use running statistics, so that the batch statistics play no part.
    gradients = []
    for parts in (1, 2):
        run = tiny_trainer(
            tiny_dataset,
            tmp_path / str(parts),
            dataclasses.replace(TINY_TRAINING, micro_batches=parts, loss=LossConfig(0, 0)),
            network=EvalModeNetwork,
        )
        run.run(until=1, progress=False)
        gradients.append(
            {name: value.grad for name, value in run.model.named_parameters() if value.grad is not None}
        )
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        assert torch.allclose(gradient, gradients[1][name], rtol=1e-3, atol=1e-6), name


def test_frozen_stages_do_not_change_and_the_rest_is_pulled_to_its_start(
    tiny_dataset: TinyDataset, tmp_path: Path
) -> None:
    config = dataclasses.replace(
        TINY_TRAINING, frozen_steps=0, frozen_stages=2, sam_rho=0.0, average_decay=0.0, steps=3
    )
    moved: list[float] = []
    for pull in (0.0, 1e4):
        running = tiny_trainer(
            tiny_dataset, tmp_path / f"{pull}", dataclasses.replace(config, start_pull=pull)
        )
        begun = {name: value.clone() for name, value in running.model.state_dict().items()}
        running.run(progress=False)
        ended = running.model.state_dict()
        network = running.model.backbone.network
        early = ("conv_stem", "bn1", "blocks.0.", "blocks.1.")
        still = [f"backbone.network.{name}" for name in network.state_dict() if name.startswith(early)]
        assert len(still) > 10
        assert all(torch.equal(begun[name], ended[name]) for name in still)
        heads = [
            name
            for name, _ in running.model.classification_head.named_parameters(prefix="classification_head")
        ]
        moved.append(sum(float((ended[name] - begun[name]).norm()) for name in heads))
    assert 0 < moved[1] < moved[0]
    with pytest.raises(InvalidConfig, match="stages"):
        tiny_trainer(tiny_dataset, tmp_path / "many", dataclasses.replace(config, frozen_stages=99))


def test_checkpoints_keep_the_format_of_earlier_versions(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    run = tiny_trainer(tiny_dataset, tmp_path)
    run.run(until=1, progress=False)
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert set(state) == {"step", "description", "model", "optimizer", "average"}
    assert set(state["average"]) == set(run.model.state_dict())
    assert json.loads(state["description"])["training"]["material"]["pairs"] == 0.5
