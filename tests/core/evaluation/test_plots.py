from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from laanet_core.decision import DecisionConfig
from laanet_core.evaluation.plots import auc_figure, draw_plots, robustness_figure, roc_figure, score_figure
from laanet_core.evaluation.report import CorruptionAuc, EvaluationReport, report_set
from laanet_core.media.images import read_image
from laanet_core.results import ModelInfo
from tests.core.evaluation.test_report import six_predictions

ROWS = [CorruptionAuc("jpeg", level, "quality", auc, 0.1) for level, auc in ((90.0, 0.8), (50.0, 0.7))]
SETS = {
    name: dataclasses.replace(
        report_set(six_predictions(), DecisionConfig(), title=name, bootstrap=20), robustness=ROWS
    )
    for name in ("one", "two")
}
PREDICTIONS = {name: six_predictions() for name in SETS}


def test_all_plots_are_written(tmp_path: Path) -> None:
    report = EvaluationReport(
        model=ModelInfo(name="tiny", version="1", sha256="0" * 64),
        split="val",
        seed=0,
        flip_test=True,
        sets=SETS,
    )
    paths = draw_plots(report, PREDICTIONS, DecisionConfig(), tmp_path / "plots")
    assert [path.stem for path in paths] == ["roc", "auc", "reliability", "scores", "robustness"]
    assert all(read_image(path).std() > 5 for path in paths)
    clean = {name: dataclasses.replace(each, robustness=()) for name, each in SETS.items()}
    paths = draw_plots(dataclasses.replace(report, sets=clean), PREDICTIONS, DecisionConfig(), tmp_path)
    assert "robustness" not in [path.stem for path in paths]


def test_the_roc_curve_has_the_area_of_the_auc() -> None:
    (axes,) = roc_figure(PREDICTIONS).axes
    false_positives, true_positives = axes.get_lines()[0].get_data()
    area = np.trapezoid(np.asarray(true_positives), np.asarray(false_positives))
    assert abs(area - SETS["one"].frame_level.auc.value) < 1e-3


def test_bars_and_curves_show_the_reported_values() -> None:
    (axes,) = auc_figure(SETS).axes
    widths = [patch.get_width() for patch in axes.patches]
    assert widths[:2] == [SETS["one"].frame_level.auc.value] * 2
    curve = robustness_figure(SETS).axes[0].get_lines()[0]
    assert list(curve.get_ydata()) == [0.8, 0.7]
    visible = [axes for axes in score_figure(PREDICTIONS, DecisionConfig()).axes if axes.get_visible()]
    assert [axes.get_title() for axes in visible] == ["one", "two"]
