from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, recall_score, roc_auc_score

from laanet_core.evaluation import metrics


def random_case(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.append([0, 1], rng.integers(0, 2, 200))
    # Rounded, so that there are ties.
    scores = np.round(np.clip(0.3 * labels + rng.random(202) * 0.7, 0, 1), 2)
    return labels, scores


@pytest.mark.parametrize("seed", range(8))
def test_agreement_with_scikit_learn(seed: int) -> None:
    labels, scores = random_case(seed)
    assert metrics.roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))
    assert metrics.average_precision(labels, scores) == pytest.approx(average_precision_score(labels, scores))
    assert metrics.macro_recall(labels, scores) == pytest.approx(
        recall_score(labels, scores >= 0.5, average="macro")
    )
    assert metrics.brier_score(labels, scores) == pytest.approx(brier_score_loss(labels, scores))


def test_cases_worked_by_hand() -> None:
    labels, scores = np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.6, 0.9])
    assert metrics.roc_auc(labels, scores) == 0.75
    assert metrics.average_precision(labels, scores) == pytest.approx((1 + 2 / 3) / 2)
    assert metrics.macro_recall(labels, scores) == 0.5
    assert metrics.mf1(labels, scores) == pytest.approx(2 * (5 / 6) * 0.5 / (5 / 6 + 0.5))
    assert metrics.roc_auc(labels, np.zeros(4)) == 0.5


@pytest.mark.parametrize(
    ("labels", "scores", "complaint"),
    [
        ([0, 1], [0.1, float("nan")], "1 scores are not finite"),
        ([1, 1], [0.1, 0.2], "both classes"),
        ([], [], "both classes"),
        ([0, 1, 1], [0.1, 0.2], "one length"),
        ([0, 2], [0.1, 0.2], "0 .real. or 1 .fake."),
    ],
)
def test_invalid_labels_and_scores_are_refused(
    labels: list[int], scores: list[float], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        metrics.roc_auc(np.array(labels), np.array(scores))


def test_an_interval_contains_the_value_and_is_reproducible() -> None:
    labels, scores = random_case(0)
    interval = metrics.bootstrap_interval(metrics.roc_auc, labels, scores, samples=200)
    assert interval == metrics.bootstrap_interval(metrics.roc_auc, labels, scores, samples=200)
    assert interval.low < metrics.roc_auc(labels, scores) < interval.high
    assert 0.02 < interval.high - interval.low < 0.3


def test_an_interval_is_wider_if_items_form_groups() -> None:
    rng = np.random.default_rng(1)
    people = np.repeat(np.arange(20), 10)
    labels = np.tile([0, 1], 100)
    scores = (
        labels * 0.2
        + np.repeat(rng.normal(0, 1, 20) * np.repeat([0, 1], 10), 10) * (labels * 2 - 1)
        + rng.normal(0, 0.1, 200)
    )
    alone = metrics.bootstrap_interval(metrics.roc_auc, labels, scores, samples=200)
    grouped = metrics.bootstrap_interval(metrics.roc_auc, labels, scores, groups=people, samples=200)
    assert grouped.high - grouped.low > 1.3 * (alone.high - alone.low)


def test_intervals_cover_the_truth_at_their_level() -> None:
    """The AUC of two unit normals one apart is 0.7602; 46 to 60 of 60 intervals at 90 % should contain it."""
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(60):
        labels = np.repeat([0, 1], 60)
        interval = metrics.bootstrap_interval(
            metrics.roc_auc, labels, rng.normal(labels, 1), samples=150, level=0.9
        )
        covered += interval.low <= 0.7602 <= interval.high
    assert 46 <= covered <= 60


def test_impossible_intervals_are_refused() -> None:
    labels, scores = random_case(0)
    with pytest.raises(ValueError, match="groups for"):
        metrics.bootstrap_interval(metrics.roc_auc, labels, scores, groups=[1, 2])
    with pytest.raises(ValueError, match="level"):
        metrics.bootstrap_interval(metrics.roc_auc, labels, scores, level=1.5)


def test_a_paired_interval_of_four_items_by_hand() -> None:
    """Two groups of a real and a fake face each.

    The resamples (A, A), (A, B), (B, A) and (B, B) have the differences 1, 0.25, 0.25 and 0.
    """
    labels, groups = np.array([0, 1, 0, 1]), ["A", "A", "B", "B"]
    before, after = np.array([0.6, 0.4, 0.0, 1.0]), np.array([0.4, 0.6, 0.0, 1.0])
    # The AUC before is 0 for A, 1 for B and 0.75 for both, where 3 of 4 pairs are in order. After it is 1.
    interval = metrics.paired_bootstrap(
        metrics.roc_auc, labels, before, after, groups=groups, samples=4000, level=0.98, seed=1
    )
    assert (interval.low, interval.high) == (0.0, 1.0)
    middle = metrics.paired_bootstrap(
        metrics.roc_auc, labels, before, after, groups=groups, samples=4000, level=0.2, seed=1
    )
    assert (middle.low, middle.high) == (0.25, 0.25)
    assert metrics.paired_bootstrap(metrics.roc_auc, labels, after, after, groups=groups) == metrics.Interval(
        0.0, 0.0
    )


def test_a_paired_interval_is_narrower_than_two_separate_ones() -> None:
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, 400)
    before = labels + rng.normal(0, 1, 400)
    after = before + 0.3 * labels
    interval = metrics.paired_bootstrap(metrics.roc_auc, labels, before, after, samples=300)
    assert 0 < interval.low < metrics.roc_auc(labels, after) - metrics.roc_auc(labels, before) < interval.high
    apart = metrics.bootstrap_interval(metrics.roc_auc, labels, before, samples=300)
    assert interval.high - interval.low < apart.high - apart.low
    with pytest.raises(ValueError, match="not finite"):
        metrics.paired_bootstrap(metrics.roc_auc, labels, before, np.full(400, np.nan))


def test_verdict_shares_count_the_middle_as_inconclusive() -> None:
    probabilities = np.array([0.1, 0.5, 0.5, 0.9])
    shares = metrics.verdict_shares(probabilities, real_below=0.5, fake_above=0.5)
    assert shares == metrics.VerdictShares(real=0.25, inconclusive=0.5, fake=0.25)


def test_sigmoid_does_not_overflow() -> None:
    assert metrics.sigmoid(np.array([-800.0, 0.0, 800.0])).tolist() == [0.0, 0.5, 1.0]
