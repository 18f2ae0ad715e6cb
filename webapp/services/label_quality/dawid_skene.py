"""Dawid-Skene estimate (1979) of each case's true value; labels count by the accuracy of their authors.

The estimate is a suggestion. Cases are settled by agreement, majority or an adjudicator.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_MAX_ITERATIONS = 200
# Largest change of a probability at which the iteration stops.
_TOLERANCE = 1e-6
# Labels added to every cell of a confusion table, so that no error has the probability 0.
_SMOOTHING = 0.01
# Smallest divisor, which prevents a division by zero.
_SMALLEST_TOTAL = 1e-300

Table = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Consensus:
    """Estimate for a set of labels.

    `truths` maps each case to the probability of every value. `shares` maps each value to its share of all
    cases. `accuracy` maps each author to the probability that the author's label is true.
    """

    truths: dict[Hashable, dict[Hashable, float]]
    shares: dict[Hashable, float]
    accuracy: dict[Hashable, float]


def estimate_consensus(
    labels: Iterable[tuple[Hashable, Hashable, Hashable]], *, smoothing: float = _SMOOTHING
) -> Consensus:
    """Return the consensus of (case, author, value) triples.

    Expectation maximisation starts with the relative frequency of each value among the labels of a case.
    `smoothing` is added to every cell of the authors' confusion tables.
    """
    triples = list(labels)
    if not triples:
        return Consensus({}, {}, {})
    # Plural: the distinct cases. Singular, (labels,): the index of each label's case. Likewise the others.
    cases, case = _indexed(label_case for label_case, _, _ in triples)
    authors, author = _indexed(label_author for _, label_author, _ in triples)
    values, value = _indexed(label_value for _, _, label_value in triples)
    # Probability of each value for each case, (cases, values).
    truth = np.zeros((len(cases), len(values)))
    np.add.at(truth, (case, value), 1.0)
    truth /= truth.sum(axis=1, keepdims=True)
    for _ in range(_MAX_ITERATIONS):
        shares, confusion = _maximise(
            truth, case, author, value, author_count=len(authors), smoothing=smoothing
        )
        previous = truth
        truth = _expect(shares, confusion, case, author, value, case_count=len(cases))
        if np.abs(truth - previous).max() < _TOLERANCE:
            break
    # Accuracy of an author: over all values, the share times the author's probability to recognise the value.
    accuracy = np.einsum("t,ptt->p", shares, confusion)
    truths = {name: _by_name(values, row) for name, row in zip(cases, truth, strict=True)}
    return Consensus(truths, _by_name(values, shares), _by_name(authors, accuracy))


def _by_name(names: list[Hashable], numbers: Table) -> dict[Hashable, float]:
    """Return a dictionary from each name to its number in `numbers` (names,)."""
    return dict(zip(names, map(float, numbers), strict=True))


def _indexed(names: Iterable[Hashable]) -> tuple[list[Hashable], Indices]:
    """Return the distinct names in order of appearance, and for each name its index there, (names,)."""
    all_names = list(names)
    indices = {name: index for index, name in enumerate(dict.fromkeys(all_names))}
    return list(indices), np.array([indices[name] for name in all_names], np.intp)


def _maximise(
    truth: Table, case: Indices, author: Indices, value: Indices, *, author_count: int, smoothing: float
) -> tuple[Table, Table]:
    """Return the shares of the values (values,) and the confusion tables (authors, labelled, true).

    `truth` is (cases, values); `case`, `author` and `value` are (labels,).
    """
    value_count = truth.shape[1]
    confusion = np.full((author_count, value_count, value_count), smoothing)
    np.add.at(confusion, (author, value), truth[case])
    # Without smoothing, the columns of values that no case has are zero and must stay so.
    totals = np.maximum(confusion.sum(axis=1, keepdims=True), _SMALLEST_TOTAL)
    return truth.mean(axis=0), confusion / totals


def _expect(
    shares: Table, confusion: Table, case: Indices, author: Indices, value: Indices, *, case_count: int
) -> Table:
    """Return the probability of every value for every case, (cases, values).

    `shares` is (values,), `confusion` (authors, labelled, true); `case`, `author` and `value` are (labels,).
    """
    with np.errstate(divide="ignore"):
        log_likelihoods = np.tile(np.log(shares), (case_count, 1))  # (cases, values)
        np.add.at(log_likelihoods, case, np.log(confusion[author, value]))
    # Subtract the maximum, so that the exponential does not underflow for every value.
    likelihoods = np.exp(log_likelihoods - log_likelihoods.max(axis=1, keepdims=True))
    return np.asarray(likelihoods / likelihoods.sum(axis=1, keepdims=True))
