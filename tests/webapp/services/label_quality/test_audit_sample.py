"""Rates of drawn faces, their bounds, and the rule for what may be published."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_score, recall_score

from laanet_core.evaluation.metrics import Interval
from webapp.db.audit_sample_queries import AuditedFace
from webapp.domain.enums import LabelValue, ModelRate
from webapp.services.label_quality.audit_sample import (
    SampleCounts,
    count_faces,
    published_groups,
    verdict_on,
)
from webapp.services.label_quality.report import Proportion

VERDICTS = ("real", "fake", "inconclusive")


def face(verdict: str | None, decision: str | None, fake_prob: float | None = None) -> AuditedFace:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    return AuditedFace(1, "1", "f" * 64, "image", at, verdict, fake_prob, 0.3, 0.7, decision)


decided = st.lists(
    st.tuples(st.sampled_from(VERDICTS), st.sampled_from(("real", "fake"))), min_size=1, max_size=30
)


@settings(deadline=None, max_examples=25)
@given(decided)
def test_rates_are_those_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    counts = count_faces(face(verdict, decision) for verdict, decision in pairs)
    labels = [decision == "fake" for _, decision in pairs]
    alarms = [verdict == "fake" for verdict, _ in pairs]
    expected = {
        ModelRate.PRECISION: precision_score(labels, alarms, zero_division=0),
        ModelRate.RECALL: recall_score(labels, alarms, zero_division=0),
        ModelRate.FALSE_ALARM_RATE: 1 - recall_score(labels, alarms, pos_label=0, zero_division=1),
    }
    for rate, value in expected.items():
        share = counts.rate(rate)
        if share.count:
            assert share.hits / share.count == pytest.approx(value), rate


@settings(deadline=None, max_examples=25)
@given(decided, st.lists(st.sampled_from(VERDICTS), max_size=5))
def test_bounds_are_the_extremes_of_all_ways_to_decide_the_rest(
    pairs: list[tuple[str, str]], undecided: list[str]
) -> None:
    counts = count_faces(
        [
            *(face(*pair) for pair in pairs),
            *(face(verdict, (None, "cannot_tell")[place % 2]) for place, verdict in enumerate(undecided)),
        ]
    )
    for rate in ModelRate:
        shares = []
        for values in itertools.product(("real", "fake"), repeat=len(undecided)):
            ways = count_faces(face(*pair) for pair in [*pairs, *zip(undecided, values, strict=True)])
            share = ways.rate(rate)
            shares.append(share.hits / share.count if share.count else None)
        if None in shares:
            continue
        possible = counts.possible(rate)
        assert possible is not None
        assert (possible.low, possible.high) == pytest.approx((min(shares), max(shares))), rate


def test_every_drawn_face_is_counted_once() -> None:
    decisions = (*LabelValue, None)
    counts = count_faces(face(verdict, decision) for verdict in (*VERDICTS, None) for decision in decisions)
    assert counts == SampleCounts(
        found_fakes=1,
        missed_fakes=2,
        false_alarms=1,
        passed_reals=2,
        inconclusive=3,
        # Three were decided so; five have no verdict, of which one was also decided so.
        unusable=3 + 5,
        open=3,
        undecided_alarms=2,
    )
    assert (counts.drawn, counts.decided, counts.undecided) == (20, 6, 6)
    assert counts.rate(ModelRate.PRECISION) == Proportion(1, 2)
    assert counts.possible(ModelRate.PRECISION) == Interval(1 / 4, 3 / 4)


def test_no_faces_have_no_bounds() -> None:
    assert SampleCounts().possible(ModelRate.RECALL) is None


@pytest.mark.parametrize(
    ("fake_prob", "verdict"), [(0.1, "real"), (0.3, "inconclusive"), (0.71, "fake"), (None, None)]
)
def test_a_clips_person_has_the_verdict_of_its_thresholds(fake_prob: float, verdict: str) -> None:
    assert verdict_on(face(None, None, fake_prob)) == verdict


@pytest.mark.parametrize(
    ("counts", "published"),
    [
        ({"a": 30}, "a"),
        ({"a": 29}, ""),
        ({"a": 30, "b": 30}, "ab"),
        # The difference of total and b would be the five of a.
        ({"a": 5, "b": 90}, ""),
        ({"a": 5, "b": 40, "c": 90}, "c"),
        ({"a": 5, "b": 26, "c": 90}, "c"),
        ({"a": 0, "b": 90}, "b"),
        ({}, ""),
    ],
)
def test_no_group_can_be_computed_from_the_others(counts: dict[str, int], published: str) -> None:
    assert published_groups(counts) == set(published)


@settings(deadline=None, max_examples=25)
@given(st.dictionaries(st.integers(0, 9), st.integers(0, 80)), st.integers(0, 50))
def test_withheld_groups_are_many_faces_together(counts: dict[int, int], others: int) -> None:
    total = sum(counts.values()) + others
    shown = published_groups(counts, total=total)
    rest = total - sum(counts[group] for group in shown)
    assert not shown or rest == 0 or rest >= 30
    assert all(counts[group] >= 30 for group in shown)
