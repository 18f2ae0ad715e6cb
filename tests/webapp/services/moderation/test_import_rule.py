"""Rule by which imported files open cases."""

from __future__ import annotations

import pytest

from webapp.domain.enums import ImportRule
from webapp.services.analysis_records.subjects import WHOLE_FILE, Subject
from webapp.services.moderation.import_rule import selected_numbers


def subjects(*verdicts: str) -> list[Subject]:
    return [Subject(number, 0.5, verdict, None) for number, verdict in enumerate(verdicts, start=1)]


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [("all", {1, 2, 3, 4}), ("fake", {2}), ("inconclusive", {3, 4}), ("none", set())],
)
def test_the_rule_selects_faces_by_their_verdict(rule: str, numbers: set[int]) -> None:
    faces = subjects("real", "fake", "inconclusive", "inconclusive")
    whole = Subject(WHOLE_FILE, 0.9, "fake", None)
    assert selected_numbers(ImportRule(rule), faces, whole) == numbers


@pytest.mark.parametrize(("rule", "numbers"), [("all", {1, 2}), ("fake", {0}), ("inconclusive", set())])
def test_the_whole_file_stands_in_if_no_face_fits(rule: str, numbers: set[int]) -> None:
    whole = Subject(WHOLE_FILE, 0.9, "fake", None)
    assert selected_numbers(ImportRule(rule), subjects("real", "real"), whole) == numbers


def test_a_file_without_a_verdict_opens_no_case() -> None:
    whole = Subject(WHOLE_FILE, None, None, None)
    assert selected_numbers(ImportRule.ALL, [], whole) == set()
