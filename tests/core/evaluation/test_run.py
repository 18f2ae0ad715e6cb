from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from laanet_core.data.dataset import DatasetFiles
from laanet_core.errors import InvalidConfig, InvalidDataset
from laanet_core.evaluation.calibration import ErrorLimits
from laanet_core.evaluation.run import EvaluationOptions, ManifestSource, calibrate_weights, evaluate
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import LoadedWeights, load_weights, save_weights
from tests.core.conftest import TINY, TinyDataset


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> LoadedWeights:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    save_weights(LAANet(TINY), folder)
    return load_weights(folder)


def test_evaluate_reports_the_chosen_sets_and_corruptions(
    weights: LoadedWeights, tiny_dataset: TinyDataset, tmp_path: Path
) -> None:
    source = ManifestSource(DatasetFiles(tiny_dataset.manifest), names=["self_blends"])
    options = EvaluationOptions(
        device="cpu", bootstrap=10, corruptions=[("jpeg", 30.0)], cache=tmp_path, progress=False
    )
    report = evaluate(weights, source, options)
    assert list(report.sets) == ["self_blends"]
    figures = report.sets["self_blends"]
    assert (figures.real, figures.fake) == (6, 6)
    (row,) = figures.robustness
    assert row.drop == pytest.approx(figures.frame_level.auc.value - row.auc, abs=1e-4)
    assert json.loads(json.dumps(report.to_json()))["sets"]["self_blends"]["robustness"][0]["level"] == 30.0
    cached = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert len(cached) == 2
    assert evaluate(weights, source, options) == report
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == cached


def test_evaluate_adds_data_sets_and_draws_plots(
    weights: LoadedWeights, tiny_dataset: TinyDataset, tmp_path: Path
) -> None:
    rows = tiny_dataset.manifest.read_text().splitlines()
    renamed = [row.replace("swaps", "forged", 1) + ",studio" for row in rows[1:] if row.startswith("swaps")]
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join([rows[0] + ",forger", *renamed]) + "\n")
    (tmp_path / "forged").symlink_to(tiny_dataset.root / "swaps")
    source = ManifestSource(DatasetFiles(tiny_dataset.manifest), more=[DatasetFiles(manifest)])
    options = EvaluationOptions(
        device="cpu",
        bootstrap=10,
        plots=tmp_path / "plots",
        progress=False,
        equal_sharpness=True,
        groups="(?P<kind>real|fake)/",
    )
    report = evaluate(weights, source, options)
    assert list(report.sets) == ["self_blends", "pairs", "forger_studio"]
    assert report.forgers is not None
    assert list(report.forgers.forgers) == ["pairs", "forger_studio"]
    assert report.forgers.cross_auc is not None
    assert all(figures.equal_sharpness_auc is not None for figures in report.sets.values())
    assert {row.measure for row in report.false_alarms} >= {"pack"}
    assert (tmp_path / "plots" / "roc.png").is_file()
    alone = ManifestSource(DatasetFiles(tiny_dataset.manifest))
    assert alone.cache_key() != source.cache_key()


def test_calibrate_weights_keeps_to_the_limits_in_every_set(
    weights: LoadedWeights, tiny_dataset: TinyDataset
) -> None:
    source = ManifestSource(DatasetFiles(tiny_dataset.manifest))
    limits = ErrorLimits(real_called_fake=0.2, fake_called_real=0.2)
    options = EvaluationOptions(device="cpu", progress=False)
    calibration = calibrate_weights(weights, source, limits, options)
    assert calibration.faces == 24
    assert calibration.decision.calibrated
    for of_real, of_fake in calibration.verdicts.values():
        assert of_real.fake <= 0.2
        assert of_fake.real <= 0.2
    assert set(calibration.to_json()) == {"faces", "decision", "ece", "verdicts", "held_out"}


def test_unknown_sets_and_devices_are_refused(weights: LoadedWeights, tiny_dataset: TinyDataset) -> None:
    source = ManifestSource(DatasetFiles(tiny_dataset.manifest), names=["odd"])
    with pytest.raises(InvalidDataset, match="odd"):
        evaluate(weights, source, EvaluationOptions(device="cpu"))
    with pytest.raises(InvalidConfig, match="abacus"):
        evaluate(weights, source, EvaluationOptions(device="abacus"))


def test_a_set_without_a_class_is_refused(
    weights: LoadedWeights, tiny_dataset: TinyDataset, tmp_path: Path
) -> None:
    rows = tiny_dataset.manifest.read_text().splitlines()
    fakes = [row for row in rows[1:] if row.startswith("swaps,fake/alone") and ",train," in row]
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join([rows[0], *fakes]) + "\n")
    source = ManifestSource(DatasetFiles(manifest, packs=tiny_dataset.root), split="train")
    options = EvaluationOptions(device="cpu", progress=False)
    with pytest.raises(InvalidDataset, match="labelled cannot be measured: both classes"):
        evaluate(weights, source, options)
    with pytest.raises(InvalidDataset, match="labelled needs both"):
        calibrate_weights(weights, source, options=options)
