"""Dawid-Skene estimate (1979) of the true value of each case, with labels weighed by their author's accuracy.

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
# Labels added to every cell of a confusion table, so that an author without errors so far can still err.
_SMOOTHING = 0.01

Table = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Consensus:
    """Probabilities of each case's values, shares of the values, and authors' chance of a true label."""

    truths: dict[Hashable, dict[Hashable, float]]
    shares: dict[Hashable, float]
    accuracy: dict[Hashable, float]


def estimate_consensus(
    labels: Iterable[tuple[Hashable, Hashable, Hashable]], *, smoothing: float = _SMOOTHING
) -> Consensus:
    """Return the consensus of (case, author, value) triples.

    Expectation maximisation starts from the shares of each case's labels.
    """
    triples = list(labels)
    if not triples:
        return Consensus({}, {}, {})
    # `cases` has the distinct cases, `case` (labels,) the index of each label's case; likewise the others.
    cases, case = _indexed(label[0] for label in triples)
    authors, author = _indexed(label[1] for label in triples)
    values, value = _indexed(label[2] for label in triples)
    truth = np.zeros((len(cases), len(values)))
    np.add.at(truth, (case, value), 1.0)
    truth /= truth.sum(axis=1, keepdims=True)
    for _ in range(_MAX_ITERATIONS):
        shares, confusion = _maximise(truth, case, author, value, len(authors), smoothing)
        previous = truth
        truth = _expect(shares, confusion, case, author, value, len(cases))
        if np.abs(truth - previous).max() < _TOLERANCE:
            break
    # Chance of a true label by author: over the values, their share times the author's chance to name them.
    accuracy = np.einsum("t,ptt->p", shares, confusion)
    truths = {name: _by_name(values, row) for name, row in zip(cases, truth, strict=True)}
    return Consensus(truths, _by_name(values, shares), _by_name(authors, accuracy))


def _by_name(names: list[Hashable], numbers: Table) -> dict[Hashable, float]:
    """Return the numbers (names,) by name."""
    return dict(zip(names, map(float, numbers), strict=True))


def _indexed(names: Iterable[Hashable]) -> tuple[list[Hashable], Indices]:
    """Return the distinct names in order, and the index of each name, (names,)."""
    listed = list(names)
    indices = {name: index for index, name in enumerate(dict.fromkeys(listed))}
    return list(indices), np.array([indices[name] for name in listed], np.intp)


def _maximise(
    truth: Table, case: Indices, author: Indices, value: Indices, authors: int, smoothing: float
) -> tuple[Table, Table]:
    """Return the shares of the values (values,) and the confusion tables (authors, labelled, true).

    `truth` is (cases, values); `case`, `author` and `value` are (labels,).
    """
    confusion = np.full((authors, truth.shape[1], truth.shape[1]), smoothing)
    np.add.at(confusion, (author, value), truth[case])
    # Columns of values that no case has stay zero.
    totals = np.maximum(confusion.sum(axis=1, keepdims=True), 1e-300)
    return truth.mean(axis=0), confusion / totals


def _expect(
    shares: Table, confusion: Table, case: Indices, author: Indices, value: Indices, cases: int
) -> Table:
    """Return the probability of every value for every case, (cases, values).

    `shares` is (values,), `confusion` (authors, labelled, true); `case`, `author` and `value` are (labels,).
    """
    with np.errstate(divide="ignore"):
        logs = np.tile(np.log(shares), (cases, 1))
        np.add.at(logs, case, np.log(confusion[author, value]))
    likelihoods = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(likelihoods / likelihoods.sum(axis=1, keepdims=True))
