from __future__ import annotations

import dataclasses

import pytest

from laanet_core.decision import DecisionConfig
from laanet_core.evaluation.forgers import cross_auc, mean_estimate, summarize_forgers
from laanet_core.evaluation.predictions import Prediction
from laanet_core.evaluation.report import Estimate, report_set
from tests.core.evaluation.test_report import six_predictions


def shifted(predictions: list[Prediction], by: float) -> list[Prediction]:
    return [dataclasses.replace(each, fake_logit=each.fake_logit + by) for each in predictions]


def test_shifted_scores_lower_the_cross_auc_only() -> None:
    separable = [each for each in six_predictions() if each.name not in ("2", "3")]
    sets = {"low": separable, "high": shifted(separable, 10)}
    cross = cross_auc(sets)
    # Real faces at -2 and -1, fakes at 2 and 3; those of the second set are 10 higher.
    assert cross.table == {"low": {"low": 1.0, "high": 1.0}, "high": {"low": 0.0, "high": 1.0}}
    assert (cross.mean, cross.worst, cross.worst_pair) == (0.5, 0.0, ("high", "low"))
    with pytest.raises(ValueError, match="two sets"):
        cross_auc({"low": separable})


def test_the_mean_has_the_interval_of_independent_estimates() -> None:
    mean = mean_estimate([Estimate(0.8, 0.77, 0.84), Estimate(0.6, 0.56, 0.63)])
    assert (mean.value, mean.low, mean.high) == (0.7, 0.675, 0.725)


def test_the_summary_covers_the_sets_of_forgers() -> None:
    predictions = {"one": six_predictions(), "two": shifted(six_predictions(), 1)}
    reports = {name: report_set(each, DecisionConfig(), bootstrap=20) for name, each in predictions.items()}
    summary = summarize_forgers(reports, predictions)
    assert summary is not None
    assert summary.frame_auc.value == pytest.approx(8 / 9, abs=1e-4)
    assert summary.sharpness_auc.value == 0
    assert summary.cross_auc is not None
    assert summary.to_json()["cross_auc"]["worst_pair"] == ("two", "one")
    alone = summarize_forgers({"one": reports["one"]}, {"one": predictions["one"]})
    assert alone is not None
    assert alone.cross_auc is None
    assert summarize_forgers({}, {}) is None
