"""Summary over forgers: the mean of their AUCs, and the AUC across sets (Cross-AUC).

An AUC within one set can be high although scores of different sources are not comparable. Cross-AUC takes the
real faces of one set against the fakes of another, because one threshold serves all sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from laanet_core.evaluation import metrics
from laanet_core.evaluation.predictions import Prediction
from laanet_core.evaluation.report import CrossAuc, Estimate, ForgerSummary, SetReport


def summarize_forgers(
    reports: Mapping[str, SetReport], predictions: Mapping[str, Sequence[Prediction]]
) -> ForgerSummary | None:
    """Return the summary of sets by name, each the work of one forger; None without sets.

    `predictions` has the predictions of the same sets.
    """
    if not reports:
        return None
    return ForgerSummary(
        forgers=list(reports),
        frame_auc=mean_estimate([report.frame_level.auc for report in reports.values()]),
        video_auc=mean_estimate([report.video_level.auc for report in reports.values()]),
        sharpness_auc=mean_estimate([report.sharpness_auc for report in reports.values()]),
        cross_auc=cross_auc(predictions) if len(reports) > 1 else None,
    )


def mean_estimate(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean of independent estimates, with an interval as wide as their errors add up to."""
    values, lows, highs = (
        np.array([getattr(estimate, name) for estimate in estimates]) for name in ("value", "low", "high")
    )
    mean = float(values.mean())
    below = float(np.sqrt(((values - lows) ** 2).sum())) / len(values)
    above = float(np.sqrt(((highs - values) ** 2).sum())) / len(values)
    return Estimate(round(mean, 4), round(mean - below, 4), round(mean + above, 4))


def cross_auc(predictions: Mapping[str, Sequence[Prediction]]) -> CrossAuc:
    """Return the AUCs of the real faces of one set against the fakes of another.

    Raises ValueError for fewer than two sets, or if a set lacks a class.
    """
    logits = {
        name: [np.array([face.fake_logit for face in faces if face.label == label]) for label in (0, 1)]
        for name, faces in predictions.items()
    }
    table: dict[str, dict[str, float]] = {}
    for real_name, (reals, _) in logits.items():
        table[real_name] = {}
        for fake_name, (_, fakes) in logits.items():
            labels = np.repeat([0, 1], [len(reals), len(fakes)])
            auc = metrics.roc_auc(labels, np.concatenate([reals, fakes]))
            table[real_name][fake_name] = round(auc, 4)
    pairs = [(table[real][fake], (real, fake)) for real in table for fake in table if real != fake]
    if not pairs:
        raise ValueError("Cross-AUC needs at least two sets")
    worst, worst_pair = min(pairs)
    mean = round(float(np.mean([auc for auc, _ in pairs])), 4)
    return CrossAuc(mean=mean, worst=worst, worst_pair=worst_pair, table=table)
