from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from laanet_core.cli import main
from laanet_core.evaluation.corruptions import CORRUPTIONS, corrupted_set
from laanet_core.evaluation.eval_sets import EvalItem, EvalSet
from laanet_core.media.images import read_image
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import save_weights
from tests.core.conftest import TINY, TinyDataset


@pytest.fixture(scope="module")
def crop(samples: Path) -> np.ndarray:
    return cv2.resize(read_image(samples / "astronaut.png")[30:230, 120:320], (224, 224))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_severer_levels_change_more_and_every_run_alike(crop: np.ndarray, name: str) -> None:
    item = EvalItem("a", crop, 0, "pack", "person", "video")
    chosen = EvalSet("set", "a set", 1, lambda: iter([item]))
    changes: list[float] = []
    for level in CORRUPTIONS[name].levels:
        (first,), (second,) = (list(corrupted_set(chosen, name, level).items()) for _ in range(2))
        assert np.array_equal(first.crop, second.crop)
        assert first.crop.shape == crop.shape
        assert first.crop.dtype == np.uint8
        changes.append(float(np.abs(first.crop.astype(int) - crop).mean()))
    assert changes == sorted(changes)
    assert 0 < changes[0] < changes[-1]


def test_evaluate_reports_every_severity_and_slice(
    tmp_path: Path, tiny_dataset: TinyDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    save_weights(LAANet(TINY), tmp_path / "weights")
    command = [
        "evaluate",
        "--manifest",
        str(tiny_dataset.manifest),
        "--weights",
        str(tmp_path / "weights"),
        "--device",
        "cpu",
    ]
    command += ["--robustness", "--bootstrap", "10", "--kept", str(tmp_path / "kept")]
    assert main([*command, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["sets"]["self_blends"]
    assert len(figures["robustness"]) == 30
    for row in figures["robustness"]:
        assert row["drop"] == pytest.approx(figures["frame_level"]["auc"]["value"] - row["auc"], abs=1e-4)
    assert {row["measure"] for row in figures["slices"]} >= {"face size", "skin tone"}
    for faces, shares in figures["video_level"]["verdicts"].items():
        assert sum(shares.values()) == pytest.approx(1, abs=1e-3), faces
    few = [
        *command[:-5],
        "--robustness",
        "jpeg:50",
        "resize",
        "--sets",
        "pairs",
        "--bootstrap",
        "10",
        "--json",
    ]
    assert main(few) == 0
    chosen = json.loads(capsys.readouterr().out)["sets"]
    assert list(chosen) == ["pairs"]
    assert [(row["corruption"], row["level"]) for row in chosen["pairs"]["robustness"]][:2] == [
        ("jpeg", 50.0),
        ("resize", 0.75),
    ]
    for wrong, said in (
        (["--robustness", "rain"], "rain"),
        (["--robustness", "jpeg:much"], "not a number"),
        (["--sets", "odd"], "pairs"),
    ):
        assert main([*command[:-5], *wrong]) == 1
        assert said in capsys.readouterr().err
    assert main(command) == 0
    text = capsys.readouterr().out
    assert "AUC at jpeg (quality): 90:" in text
    assert "AUC by brightness:" in text
    assert "too few faces" in text
