"""Plots of an evaluation: ROC, reliability and score histograms by set, AUCs by forger, robustness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from laanet_core.decision import DecisionConfig
from laanet_core.evaluation.calibration import reliability_bins
from laanet_core.evaluation.metrics import sigmoid
from laanet_core.evaluation.predictions import Prediction
from laanet_core.evaluation.report import EvaluationReport, SetReport

# Columns of a grid with one axes per set.
_COLUMNS = 3

_HISTOGRAM_BINS = 30


def draw_plots(
    report: EvaluationReport,
    predictions: Mapping[str, Sequence[Prediction]],
    decision: DecisionConfig,
    folder: Path,
) -> list[Path]:
    """Write all plots of a report as PNG files into a folder and return their paths.

    `predictions` has the predictions of the report's sets.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "roc": roc_figure(predictions),
        "auc": auc_figure(report.sets),
        "reliability": reliability_figure(predictions, decision),
        "scores": score_figure(predictions, decision),
    }
    if any(figures_of.robustness for figures_of in report.sets.values()):
        figures["robustness"] = robustness_figure(report.sets)
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=120)
    return paths


def roc_figure(predictions: Mapping[str, Sequence[Prediction]]) -> Figure:
    """Draw the frame-level ROC curve of every set."""
    figure, axes = _single_axes()
    for name, faces in predictions.items():
        labels, logits = _labels_and_logits(faces)
        order = np.argsort(-logits, kind="stable")
        false_positives = np.concatenate([[0], np.cumsum(labels[order] == 0) / max((labels == 0).sum(), 1)])
        true_positives = np.concatenate([[0], np.cumsum(labels[order] == 1) / max((labels == 1).sum(), 1)])
        axes.plot(false_positives, true_positives, label=name)
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.set(xlabel="real faces called fake", ylabel="fakes called fake", title="ROC by set, frame level")
    axes.legend(fontsize="small")
    return figure


def auc_figure(sets: Mapping[str, SetReport]) -> Figure:
    """Draw the frame-level AUC of every set with its interval, and sharpness alone beside it."""
    figure, axes = _single_axes()
    rows = np.arange(len(sets))
    for offset, label, estimates in (
        (0.2, "network", [report.frame_level.auc for report in sets.values()]),
        (-0.2, "sharpness alone", [report.sharpness_auc for report in sets.values()]),
    ):
        values = np.array([estimate.value for estimate in estimates])
        below = values - np.array([estimate.low for estimate in estimates])
        above = np.array([estimate.high for estimate in estimates]) - values
        errors = np.maximum(np.stack([below, above]), 0)
        axes.barh(rows + offset, values, height=0.38, xerr=errors, label=label)
    axes.axvline(0.5, linestyle=":", color="grey")
    axes.set_yticks(rows, list(sets))
    axes.set(xlim=(0, 1), xlabel="AUC", title="AUC by set, frame level, 95 % intervals")
    axes.legend(fontsize="small")
    return figure


def reliability_figure(predictions: Mapping[str, Sequence[Prediction]], decision: DecisionConfig) -> Figure:
    """Draw the reliability diagram of every set."""
    figure, grid = _grid(len(predictions))
    for axes, (name, faces) in zip(grid, predictions.items(), strict=False):
        labels, logits = _labels_and_logits(faces)
        bins = reliability_bins(labels, sigmoid(logits / decision.temperature))
        axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
        axes.plot([each.probability for each in bins], [each.fake_share for each in bins], marker="o")
        axes.set(title=name, xlabel="fake probability", ylabel="share of fakes")
    return figure


def score_figure(predictions: Mapping[str, Sequence[Prediction]], decision: DecisionConfig) -> Figure:
    """Draw the histograms of the fake probabilities of real faces and fakes, with the two thresholds."""
    figure, grid = _grid(len(predictions))
    bins = np.linspace(0, 1, _HISTOGRAM_BINS + 1)
    for axes, (name, faces) in zip(grid, predictions.items(), strict=False):
        labels, logits = _labels_and_logits(faces)
        probabilities = sigmoid(logits / decision.temperature)
        for label, word in ((0, "real"), (1, "fake")):
            axes.hist(probabilities[labels == label], bins=bins, alpha=0.6, density=True, label=word)
        for threshold in (decision.real_below, decision.fake_above):
            axes.axvline(threshold, linestyle=":", color="grey")
        axes.set(title=name, xlabel="fake probability")
        axes.legend(fontsize="small")
    return figure


def robustness_figure(sets: Mapping[str, SetReport]) -> Figure:
    """Draw the AUC of every set against the level of each corruption."""
    names = list(dict.fromkeys(row.corruption for report in sets.values() for row in report.robustness))
    figure, grid = _grid(len(names))
    for axes, corruption in zip(grid, names, strict=False):
        for set_name, report in sets.items():
            rows = [row for row in report.robustness if row.corruption == corruption]
            if rows:
                axes.plot([row.level for row in rows], [row.auc for row in rows], marker="o", label=set_name)
                axes.set_xlabel(rows[0].unit)
        axes.set(title=corruption, ylabel="AUC")
        axes.legend(fontsize="small")
    return figure


def _single_axes() -> tuple[Figure, Any]:
    figure = Figure(figsize=(8, 6), layout="constrained")
    return figure, figure.subplots()


def _grid(count: int) -> tuple[Figure, list[Any]]:
    """Return a figure with at least `count` axes, the surplus ones hidden."""
    rows = max(-(-count // _COLUMNS), 1)
    figure = Figure(figsize=(4 * _COLUMNS, 3.2 * rows), layout="constrained")
    axes = list(np.ravel(figure.subplots(rows, _COLUMNS, squeeze=False)))
    for surplus in axes[count:]:
        surplus.set_visible(False)
    return figure, axes


def _labels_and_logits(faces: Sequence[Prediction]) -> tuple[Any, Any]:
    labels = np.array([face.label for face in faces])
    return labels, np.array([face.fake_logit for face in faces], np.float64)
