"""Page on which moderators find cases: list, filters, search, and a case's page. `case_list.js` fills it."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.domain.enums import CaseState, LabelValue, Reason
from webapp.services.moderation.case_search import MAX_TEXT
from webapp.texts.case_list import CaseListTexts
from webapp.ui.templating import render


def case_list(texts: CaseListTexts) -> str:
    """Return the empty page as HTML."""
    return render("desk/case_list.jinja", texts=texts, filters=filter_choices(texts), max_text=MAX_TEXT)


def filter_choices(texts: CaseListTexts) -> Mapping[str, Mapping[str, str]]:
    """Return the values of each filter with their texts. The server sends those of model and moderator."""
    values = {str(value): texts.values[value] for value in LabelValue}
    return {
        "state": {state: texts.states[state] for state in CaseState},
        "kind": texts.kinds,
        "verdict": texts.verdicts,
        "reason": {reason: texts.reasons[reason] for reason in Reason},
        "conflict": texts.conflicts,
        "decision": values,
        "label": values,
        "moderator": {},
        "model": {},
        "age": texts.ages,
    }
