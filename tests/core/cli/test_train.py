from __future__ import annotations

from pathlib import Path

import pytest
import torch

from laanet_core.cli import main
from laanet_core.modeling.laanet import LAANet
from laanet_core.training.trainer import WEIGHTS
from tests.core.conftest import TinyDataset


def test_set_changes_the_network_too(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
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
    # There is no real face to pair with the fakes.
    assert main(start) == 1
    assert "no real image" in capsys.readouterr().err
    assert main([*start, "--replay", str(tiny_dataset.manifest)]) == 0
    assert main([*start, "--replay", str(mine / "manifest.csv")]) == 1
    assert "two data sets have a pack" in capsys.readouterr().err
