"""The decision rule: hand-worked cases, and properties that hold for any labels."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.domain.enums import CaseState, LabelValue, Stage
from webapp.services.moderation.decision_rule import (
    ADJUDICATION,
    AGREEMENT,
    MAJORITY,
    MAX_MODERATORS,
    CaseStatus,
    CountedLabel,
    Outcome,
    apply_rule,
)

FAKE, REAL, UNSURE = LabelValue.FAKE, LabelValue.REAL, LabelValue.CANNOT_TELL
OPEN, DISPUTED, DECIDED = CaseState.OPEN, CaseState.DISPUTED, CaseState.DECIDED

LABELS = st.lists(
    st.builds(
        CountedLabel,
        account_id=st.integers(1, 5),
        stage=st.sampled_from(Stage),
        value=st.sampled_from(LabelValue),
    ),
    max_size=12,
)


def votes(*values: LabelValue) -> list[CountedLabel]:
    """Return final labels of different moderators."""
    return [CountedLabel(number, Stage.FINAL, value) for number, value in enumerate(values, start=1)]


@pytest.mark.parametrize(
    ("values", "required_votes", "status"),
    [
        ((), 2, CaseStatus(OPEN, 2, None)),
        ((FAKE,), 2, CaseStatus(OPEN, 2, None)),
        ((FAKE,), 1, CaseStatus(DECIDED, 1, Outcome(FAKE, AGREEMENT))),
        ((FAKE, FAKE), 2, CaseStatus(DECIDED, 2, Outcome(FAKE, AGREEMENT))),
        ((FAKE, REAL), 2, CaseStatus(OPEN, 3, None)),
        ((FAKE, REAL, REAL), 3, CaseStatus(DECIDED, 3, Outcome(REAL, MAJORITY))),
        ((FAKE, REAL, UNSURE), 3, CaseStatus(DISPUTED, 3, None)),
        ((UNSURE, UNSURE), 2, CaseStatus(DECIDED, 2, Outcome(UNSURE, AGREEMENT))),
    ],
)
def test_votes_become_a_status(
    values: tuple[LabelValue, ...], required_votes: int, status: CaseStatus
) -> None:
    assert apply_rule(votes(*values), required_votes=required_votes, is_gold=False) == status


def test_blind_labels_never_decide() -> None:
    labels = [CountedLabel(number, Stage.BLIND, FAKE) for number in (1, 2, 3)]
    assert apply_rule(labels, required_votes=2, is_gold=False) == CaseStatus(OPEN, 2, None)


def test_the_last_final_label_of_a_moderator_is_their_vote() -> None:
    labels = [*votes(REAL, FAKE), CountedLabel(1, Stage.FINAL, FAKE)]
    assert apply_rule(labels, required_votes=2, is_gold=False).outcome == Outcome(FAKE, AGREEMENT)


def test_an_adjudication_overrules_all_votes() -> None:
    labels = [*votes(REAL, FAKE, UNSURE), CountedLabel(9, Stage.ADJUDICATION, FAKE)]
    assert apply_rule(labels, required_votes=3, is_gold=False).outcome == Outcome(FAKE, ADJUDICATION)


@pytest.mark.parametrize(("count", "state"), [(1, OPEN), (2, DECIDED), (3, OPEN), (4, DECIDED)])
def test_a_gold_case_looks_like_any_other_and_has_no_outcome(count: int, state: CaseState) -> None:
    assert apply_rule(votes(*[FAKE] * count), required_votes=2, is_gold=True) == CaseStatus(state, 2, None)


@given(LABELS, st.integers(1, MAX_MODERATORS))
@settings(max_examples=300, deadline=None)
def test_invariants_of_the_rule(labels: list[CountedLabel], required_votes: int) -> None:
    """A case has an outcome exactly if it is decided, and its value was given by a moderator."""
    status = apply_rule(labels, required_votes=required_votes, is_gold=False)
    assert (status.outcome is not None) == (status.state == DECIDED)
    assert status.required_votes >= required_votes
    if status.outcome is not None:
        assert status.outcome.value in {label.value for label in labels if label.stage != Stage.BLIND}
    voters = {label.account_id for label in labels if label.stage == Stage.FINAL}
    if status.state == DISPUTED:
        assert len(voters) >= MAX_MODERATORS
    if status.state == OPEN:
        assert status.required_votes > len(voters)


@given(LABELS, st.integers(1, MAX_MODERATORS), st.permutations(range(1, 6)))
@settings(max_examples=200, deadline=None)
def test_names_of_moderators_do_not_matter(
    labels: list[CountedLabel], required_votes: int, order: list[int]
) -> None:
    """Renumbering the moderators changes nothing."""
    renamed = [CountedLabel(order[label.account_id - 1], label.stage, label.value) for label in labels]
    assert apply_rule(labels, required_votes=required_votes, is_gold=False) == apply_rule(
        renamed, required_votes=required_votes, is_gold=False
    )
