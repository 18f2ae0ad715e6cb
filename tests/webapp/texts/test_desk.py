"""Tests of the desk's sentences against the states of the program."""

from __future__ import annotations

from webapp.domain.enums import CaseState, Concern, LabelValue, Role, Tag, Vote
from webapp.services.moderation.case_images import VIEWS
from webapp.services.moderation.labelling import CONFIDENCES
from webapp.texts.desk import ENGLISH


def test_every_state_of_the_program_has_a_sentence() -> None:
    assert set(ENGLISH.values) == set(ENGLISH.value_help) == set(LabelValue)
    assert set(ENGLISH.tag_names) == set(Tag)
    assert set(ENGLISH.concerns) == set(Concern)
    assert set(ENGLISH.votes) == set(Vote)
    assert set(ENGLISH.roles) == set(Role)
    assert set(ENGLISH.states) == {*CaseState, "gone"}
    assert set(ENGLISH.views) == {"plain", *VIEWS}
    assert len(ENGLISH.confidences) == len(CONFIDENCES)
