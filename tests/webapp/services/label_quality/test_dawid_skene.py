"""The Dawid-Skene estimate against the published example."""

from __future__ import annotations

import numpy as np

from webapp.services.label_quality.dawid_skene import estimate_consensus

# Dawid and Skene 1979, table 1: labels of five anaesthetists for 45 patients.
# The first of them labelled three times.
ROWS = (
    "1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 "
    "2322223 4444444 2223343 1111111 2223212 1211111 1112111 1111111 1111111 "
    "2222221 2221322 2222222 2222221 2223222 2212222 1111111 1111111 2322222 "
    "1111111 1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343 "
    "2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222"
)
OBSERVERS = (1, 1, 1, 2, 3, 4, 5)


def test_the_published_example() -> None:
    """Their table 4 gives the classes' shares as 0.40, 0.42, 0.11 and 0.07."""
    labels = [
        (patient, observer, value)
        for patient, row in enumerate(ROWS.split())
        for observer, value in zip(OBSERVERS, row, strict=True)
    ]
    estimate = estimate_consensus(labels, smoothing=0.0)
    assert [round(estimate.shares[value], 2) for value in "1234"] == [0.40, 0.42, 0.11, 0.07]
    assert estimate.truths[0]["1"] > 0.999
    assert all(abs(sum(row.values()) - 1) < 1e-9 for row in estimate.truths.values())


def test_accurate_authors_weigh_more() -> None:
    """Three accurate authors outvote four guessing ones, which a plain majority does not achieve."""
    rng = np.random.default_rng(3)
    truth = rng.integers(2, size=400)
    labels = []
    for case, value in enumerate(truth):
        labels += [(case, f"good {n}", int(value if rng.random() < 0.9 else 1 - value)) for n in range(3)]
        labels += [(case, f"guessing {n}", int(rng.integers(2))) for n in range(4)]
    estimate = estimate_consensus(labels)
    weighed = np.array(
        [max(estimate.truths[case], key=estimate.truths[case].__getitem__) for case in range(400)]
    )
    votes = np.array([sum(value for c, _, value in labels if c == case) > 3.5 for case in range(400)])
    assert (weighed == truth).mean() > 0.95 > (votes == truth).mean()
    assert min(estimate.accuracy[f"good {n}"] for n in range(3)) > 0.85
    assert max(estimate.accuracy[f"guessing {n}"] for n in range(4)) < 0.6


def test_no_labels_give_no_estimate() -> None:
    assert estimate_consensus([]).truths == {}
    assert estimate_consensus([("a", "b", "fake")]).truths == {"a": {"fake": 1.0}}
