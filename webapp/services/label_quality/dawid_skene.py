"""What the truth of a case probably is, given who said what: labels weighed by how often each person is right (Dawid and Skene 1979).

It may suggest, and never decides: cases are settled by agreement, majority or an adjudicator.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_ROUNDS = 200
_SETTLED = 1e-6  # the largest change of a probability
_DOUBT = 0.01  # of a label in every cell of a person's table: whoever was never wrong is not taken to be incapable of it

Table = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Consensus:
    """`truths`: for every case the probability of every value; `shares`: how frequent the values are; `accuracy`: of every person, the
    chance of saying what is true.
    """

    truths: dict[Hashable, dict[Hashable, float]]
    shares: dict[Hashable, float]
    accuracy: dict[Hashable, float]


def estimate_consensus(
    labels: Iterable[tuple[Hashable, Hashable, Hashable]], *, doubt: float = _DOUBT
) -> Consensus:
    """From (case, person, value) triples, by expectation maximisation that starts from the shares of the votes."""
    given = list(labels)
    if not given:
        return Consensus({}, {}, {})
    cases, case = _numbered(label[0] for label in given)
    people, person = _numbered(label[1] for label in given)
    values, value = _numbered(label[2] for label in given)
    truth = np.zeros((len(cases), len(values)))
    np.add.at(truth, (case, value), 1.0)
    truth /= truth.sum(axis=1, keepdims=True)
    for _ in range(_ROUNDS):
        shares, tables = _maximised(truth, case, person, value, len(people), doubt)
        before, truth = truth, _expected(shares, tables, case, person, value, len(cases))
        if np.abs(truth - before).max() < _SETTLED:
            break
    right = np.einsum("t,ptt->p", shares, tables)
    return Consensus(
        {
            name: dict(zip(values, map(float, row), strict=True))
            for name, row in zip(cases, truth, strict=True)
        },
        dict(zip(values, map(float, shares), strict=True)),
        dict(zip(people, map(float, right), strict=True)),
    )


def _numbered(names: Iterable[Hashable]) -> tuple[list[Hashable], npt.NDArray[np.intp]]:
    listed = list(names)
    places = {name: place for place, name in enumerate(dict.fromkeys(listed))}
    return list(places), np.array([places[name] for name in listed], np.intp)


def _maximised(
    truth: Table, case: Any, person: Any, value: Any, people: int, doubt: float
) -> tuple[Table, Table]:
    """How frequent every value is (values,), and of every person how often a true value is called what (people, said, true)."""
    tables = np.full((people, truth.shape[1], truth.shape[1]), doubt)
    np.add.at(tables, (person, value), truth[case])
    return truth.mean(axis=0), tables / np.maximum(tables.sum(axis=1, keepdims=True), 1e-300)


def _expected(shares: Table, tables: Table, case: Any, person: Any, value: Any, cases: int) -> Table:
    """The probability of every value for every case (cases, values)."""
    with np.errstate(divide="ignore"):
        logs = np.tile(np.log(shares), (cases, 1))
        np.add.at(logs, case, np.log(tables[person, value]))
    chances = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))
