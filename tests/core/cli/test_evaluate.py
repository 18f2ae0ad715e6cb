from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from laanet_core.cli import main
from laanet_core.evaluation.public_benchmarks import BENCHMARKS
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import save_weights
from tests.conftest import ROOT
from tests.core.conftest import TINY, TinyDataset, write_benchmark


def test_evaluate_reports_every_level_and_subgroup(
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
    assert len(figures["robustness"]) == 35
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
    sets = json.loads(capsys.readouterr().out)["sets"]
    assert list(sets) == ["pairs"]
    assert [(row["corruption"], row["level"]) for row in sets["pairs"]["robustness"]][:2] == [
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


def test_evaluate_prints_the_published_row_beside_the_measured_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    save_weights(LAANet(TINY), tmp_path / "weights")
    root = write_benchmark(tmp_path / "root", "ffpp")
    command = [
        "evaluate",
        "--weights",
        str(tmp_path / "weights"),
        "--dataset",
        "ffpp",
        "--root",
        str(root),
        "--device",
        "cpu",
    ]
    assert main([*command, "--bootstrap", "20", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["sets"]["ffpp"]
    assert (figures["real"], figures["fake"], figures["video_level"]["videos"]) == (6, 24, 10)
    assert [row["auc"] for row in figures["published"]] == [99.95, 99.96]
    assert set(figures["auc_by_pack"]) == set(BENCHMARKS["ffpp"].fake)
    assert main([*command, "--bootstrap", "20"]) == 0
    assert "published, SBI" in capsys.readouterr().out
    cache = tmp_path / "cache"
    for frames in ("1", "3"):
        assert main([*command, "--bootstrap", "20", "--frames", frames, "--kept", str(cache)]) == 0
    # Scores of other frames are cached separately.
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "either --manifest"),
        (["--dataset", "mine", "--root", "."], "choose from ffpp"),
        (["--dataset", "dfd"], "needs --root"),
        (["--dataset", "dfd", "--root", ".", "--manifest", "m.csv"], "either --manifest"),
    ],
)
def test_exactly_one_source_must_be_named(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert main(["evaluate", *arguments]) == 1
    assert complaint in capsys.readouterr().err


def test_evaluate_reports_verdicts_on_whole_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    save_weights(LAANet(TINY), tmp_path / "weights")
    folder = tmp_path / "pictures"
    folder.mkdir()
    shutil.copy(ROOT / "tests/samples/astronaut.png", folder / "one.png")
    (folder / "labels.csv").write_text("path,label\none.png,real\n", encoding="utf-8")
    command = [
        "evaluate",
        "--pictures",
        str(folder),
        "--weights",
        str(tmp_path / "weights"),
        "--device",
        "cpu",
    ]
    assert main([*command, "--json"]) == 0
    groups = json.loads(capsys.readouterr().out)["groups"]
    assert [(group["faces"], group["label"], group["pictures"]) for group in groups] == [
        ("all", "real", 1),
        ("1", "real", 1),
    ]
    assert main(command) == 0
    assert "1 faces, real: 1 pictures" in capsys.readouterr().out
    assert main([*command, "--manifest", "m.csv"]) == 1
    assert "--pictures, or --manifest" in capsys.readouterr().err
