"""Rule by which imported files open cases."""

from __future__ import annotations

from collections.abc import Sequence

from webapp.domain.enums import ImportRule
from webapp.services.analysis_records.subjects import Subject


def selected_numbers(rule: ImportRule, subjects: Sequence[Subject], whole: Subject) -> set[int]:
    """Return the numbers of the subjects for which an imported file opens cases.

    ALL selects every judged face or person, another rule those with that verdict. If it selects none and the
    verdict on the whole file fits, it selects the whole file. NONE selects nothing.
    """
    if rule == ImportRule.NONE:
        return set()
    selected = {subject.number for subject in subjects if _fits(rule, subject)}
    if not selected and _fits(rule, whole):
        return {whole.number}
    return selected


def _fits(rule: ImportRule, subject: Subject) -> bool:
    return subject.verdict is not None and rule in (ImportRule.ALL, subject.verdict)
