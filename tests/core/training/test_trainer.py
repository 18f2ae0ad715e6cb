from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from laanet_core.cli import main
from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import read_manifest
from laanet_core.errors import InvalidCheckpoint, InvalidConfig, InvalidWeights
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import load_weights
from laanet_core.training.config import RECIPES, PairConfig, TrainingConfig, changed_recipe, named_recipe
from laanet_core.training.initialization import initial_network
from laanet_core.training.losses import LossConfig
from laanet_core.training.mixed_precision import keep_depthwise_float32
from laanet_core.training.pairs import PairDataset
from laanet_core.training.trainer import CHECKPOINT, LOG, WEIGHTS, Trainer
from tests.core.conftest import TINY, TinyDataset

CONFIG = TrainingConfig(
    steps=6,
    batch_pairs=2,
    peak_rate=1e-3,
    sam_rho=0.05,
    frozen_steps=2,
    average_decay=0.9,
    seed=5,
    material=PairConfig(pairs=0.5, labelled=0.2),
)


def trainer(
    dataset: TinyDataset, folder: Path, config: TrainingConfig = CONFIG, network: type[LAANet] = LAANet
) -> Trainer:
    samples = [
        sample for sample in read_manifest(dataset.manifest, dataset.landmarks) if sample.split == "train"
    ]
    store = PackStore(dataset.root, ["photos", "swaps"])
    torch.manual_seed(1)
    source = PairDataset(samples, store, size=TINY.input_size, config=config.material, seed=config.seed)
    return Trainer(network(TINY), source, config, folder, workers=0)


@pytest.mark.parametrize(("precision", "parts"), [("float32", 1), ("bfloat16", 1), ("float32", 2)])
def test_an_interrupted_run_ends_with_the_weights_of_an_uninterrupted_one(
    tmp_path: Path, tiny_dataset: TinyDataset, precision: str, parts: int
) -> None:
    config = TrainingConfig.from_dict({**CONFIG.to_dict(), "precision": precision, "micro_batches": parts})
    whole = trainer(tiny_dataset, tmp_path / "whole", config)
    whole.run(progress=False, checkpoint_every=3)
    trainer(tiny_dataset, tmp_path / "parts", config).run(until=3, progress=False)
    torch.rand(7)  # whatever else the process drew meanwhile
    resumed = trainer(tiny_dataset, tmp_path / "parts", config)
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


def test_a_run_leaves_loadable_weights_and_a_log_a_person_can_plot(
    tmp_path: Path, tiny_dataset: TinyDataset
) -> None:
    run = trainer(tiny_dataset, tmp_path)
    run.run(checkpoint_every=3, progress=False)
    entries = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert [entry["step"] for entry in entries if "total" in entry] == [6]
    assert json.loads((tmp_path / "config.json").read_text())["training"]["seed"] == 5
    loaded = load_weights(tmp_path / WEIGHTS)
    for (name, value), other in zip(
        run.averaged().state_dict().items(), loaded.model.state_dict().values(), strict=True
    ):
        assert torch.equal(value, other), name


def test_a_checkpoint_of_another_configuration_is_not_continued(
    tmp_path: Path, tiny_dataset: TinyDataset
) -> None:
    trainer(tiny_dataset, tmp_path).run(until=1, progress=False)
    with pytest.raises(InvalidConfig, match="another configuration"):
        trainer(tiny_dataset, tmp_path, dataclasses.replace(CONFIG, peak_rate=2e-3))
    longer = trainer(tiny_dataset, tmp_path, dataclasses.replace(CONFIG, steps=9))
    assert longer.step == 1


def test_a_broken_checkpoint_is_named(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    trainer(tiny_dataset, tmp_path).run(until=1, progress=False)
    whole = (tmp_path / CHECKPOINT).read_bytes()
    for broken in (b"", b"not a checkpoint", whole[: len(whole) // 2]):
        (tmp_path / CHECKPOINT).write_bytes(broken)
        with pytest.raises(InvalidCheckpoint, match=CHECKPOINT):
            trainer(tiny_dataset, tmp_path)
    torch.save({"step": 1}, tmp_path / CHECKPOINT)
    with pytest.raises(InvalidCheckpoint, match="description"):
        trainer(tiny_dataset, tmp_path)


def test_the_frozen_backbone_stands_still(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    run = trainer(tiny_dataset, tmp_path)
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
        steps=100, batch_pairs=4, start_rate=1e-3, peak_rate=4e-3, sam_rho=0.0, frozen_steps=0, seed=1, material=PairConfig(pairs=1.0),
        loss=LossConfig(heatmap_weight=0.1, consistency_weight=0.1),
    )  # fmt: skip
    run = trainer(tiny_dataset, tmp_path, config)
    run.run(progress=False)
    entries = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert entries[-1]["classification"] < 0.5 < entries[0]["classification"]


def test_broken_numbers_stop_the_run(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    run = trainer(tiny_dataset, tmp_path)
    with torch.no_grad():
        run.model.classification_head.linear.weight.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="step 0"):
        run.run(progress=False)
    assert not (tmp_path / CHECKPOINT).exists()


class EvalModeNetwork(LAANet):
    """A network that stays in eval mode, so that BatchNorm uses its running statistics."""

    def train(self, mode: bool = True) -> LAANet:
        return super().train(False)


def test_a_batch_in_parts_has_the_mean_of_their_gradients(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    """Without BatchNorm's own statistics (frozen backbone, heads in eval mode) the parts' mean is the whole batch's gradient."""
    gradients = []
    for parts in (1, 2):
        run = trainer(
            tiny_dataset,
            tmp_path / str(parts),
            dataclasses.replace(CONFIG, micro_batches=parts, loss=LossConfig(0, 0)),
            network=EvalModeNetwork,
        )
        run.run(until=1, progress=False)
        gradients.append(
            {name: value.grad for name, value in run.model.named_parameters() if value.grad is not None}
        )
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        assert torch.allclose(gradient, gradients[1][name], rtol=1e-3, atol=1e-6), name


def test_pretrained_backbones_load_by_order_and_shape(tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = LAANet(TINY).backbone.network
    renamed = {
        f"_weird.{index}": value
        for index, value in enumerate(network.state_dict().values())
        if value.ndim or value.is_floating_point()
    }
    torch.save(renamed, tmp_path / "given.pth")
    loaded = initial_network(TINY, tmp_path / "given.pth").backbone.network
    for (name, value), other in zip(network.state_dict().items(), loaded.state_dict().values(), strict=True):
        assert torch.equal(value, other), name
    torch.save(dict(list(renamed.items())[:-1]), tmp_path / "short.pth")
    with pytest.raises(InvalidWeights, match="tensors"):
        initial_network(TINY, tmp_path / "short.pth")
    torch.save({**renamed, "_weird.0": torch.zeros(2)}, tmp_path / "bent.pth")
    with pytest.raises(InvalidWeights, match="shape"):
        initial_network(TINY, tmp_path / "bent.pth")


def test_depthwise_convolutions_answer_alike_in_and_out_of_autocast() -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(8, 8, 3, groups=8), torch.nn.ReLU())
    features = torch.randn(2, 8, 9, 9)
    plain = model(features)
    keep_depthwise_float32(model)
    assert torch.equal(model(features), plain)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = model(features.bfloat16())
    assert mixed.dtype == torch.bfloat16
    assert torch.allclose(mixed.float(), plain, atol=0.03)


def test_recipes_survive_json() -> None:
    for name, recipe in RECIPES.items():
        assert TrainingConfig.from_dict(json.loads(json.dumps(recipe.to_dict()))) == named_recipe(name)
    with pytest.raises(InvalidConfig, match="starter"):
        named_recipe("unknown")
    with pytest.raises(InvalidConfig, match="sped"):
        TrainingConfig.from_dict({"sped": 3})
    for change in (
        "steps=0",
        "sam_rho=-1",
        "start_rate=-1",
        "warmup=2",
        "frozen_steps=-1",
        "material.pairs=-1",
        "micro_batches=3",
        "material.policy=odd",
        "loss.smoothing=5",
        "material.hulls=face,hat",
    ):
        with pytest.raises(InvalidConfig, match=change.partition("=")[0]):
            changed_recipe("starter", [change], None)
    assert changed_recipe("starter", ["material.hulls=face,inner"], None).material.hulls == ("face", "inner")


def test_the_network_can_be_changed_too(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    start = [
        "train",
        str(tmp_path / "run"),
        "--manifest",
        str(tiny_dataset.manifest),
        "--set",
        "steps=1",
        "--set",
        "batch_pairs=1",
        "--workers",
        "0",
    ]
    small = [*start, "--set", "model.input_size=64", "--set", "model.pyramid_widths=32,24,16"]
    assert main(small) == 0
    saved = LAANet.from_pretrained(tmp_path / "run" / WEIGHTS).config
    assert (saved.input_size, saved.pyramid_widths, saved.backbone) == (
        64,
        (32, 24, 16),
        "tf_efficientnet_lite0",
    )
    assert main([*start, "--init", "starter", "--set", "model.input_size=64"]) == 1
    assert main([*start, "--threads", "0"]) == 1
    before = torch.get_num_threads()
    try:
        assert main([*small, "--threads", str(before + 2)]) == 0
        assert torch.get_num_threads() == before + 2
    finally:
        torch.set_num_threads(before)


def test_frozen_stages_stand_still_and_the_rest_is_drawn_back(
    tiny_dataset: TinyDataset, tmp_path: Path
) -> None:
    config = dataclasses.replace(
        CONFIG, frozen_steps=0, frozen_stages=2, sam_rho=0.0, average_decay=0.0, steps=3
    )
    moved: list[float] = []
    for pull in (0.0, 1e4):
        running = trainer(tiny_dataset, tmp_path / f"{pull}", dataclasses.replace(config, start_pull=pull))
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
        trainer(tiny_dataset, tmp_path / "many", dataclasses.replace(config, frozen_stages=99))


def test_a_second_data_set_is_replayed(
    tmp_path: Path, tiny_dataset: TinyDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine"
    (mine / "labelled").mkdir(parents=True)
    picture = (tiny_dataset.root / "swaps" / "fake" / "alone.png").read_bytes()
    for name in ("1.png", "2.png"):
        (mine / "labelled" / name).write_bytes(picture)
    rows = ["pack,path,label,person,split", "labelled,1.png,fake,a,train", "labelled,2.png,fake,b,val"]
    (mine / "manifest.csv").write_text("\n".join(rows) + "\n")
    start = [
        "train",
        str(tmp_path / "run"),
        "--manifest",
        str(mine / "manifest.csv"),
        "--workers",
        "0",
        "--recipe",
        "finetune",
    ]
    start += ["--set", "steps=1", "--set", "batch_pairs=2", "--set", "model.input_size=64"]
    assert main(start) == 1  # nothing to stand beside the fakes
    assert "no real image" in capsys.readouterr().err
    assert main([*start, "--replay", str(tiny_dataset.manifest)]) == 0
    assert main([*start, "--replay", str(mine / "manifest.csv")]) == 1
    assert "two data sets have a pack" in capsys.readouterr().err
