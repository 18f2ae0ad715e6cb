"""What the holder of a receipt is told of the moderators' work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from webapp.db.decision_queries import items_with_decisions
from webapp.db.tables import Analysis, CaseItem, Decision
from webapp.domain.clock import now
from webapp.services.analysis_records.subjects import subjects_of
from webapp.services.label_quality.score_reliability import reliability_of


def told(session: Session, analysis: Analysis, delay: timedelta) -> dict[str, Any]:
    """For the record of a result, by the numbers of its faces or persons (0: the whole file).

    `decision`: {`faces`} with what was decided, None while there is nothing; not before `delay` is over, in which it may be undone.
    `waiting`: what the moderators still have to decide. `reliability`: how often such scores were fake, where enough is known.
    """
    decided, waiting = [], []
    for item, decision in items_with_decisions(session, analysis.id, now() - delay):
        if decision is None:
            waiting.append(item.subject)
        else:
            decided.append(_decided(analysis, item, decision))
    found = {
        subject.number: reliability_of(
            session, analysis.kind, analysis.model_sha256, subject.fake_prob, delay
        )
        for subject in subjects_of(analysis)
    }
    return {
        "decision": {"faces": decided} if decided else None,
        "waiting": waiting,
        "reliability": [
            {"face": number, **measured.to_json()}
            for number, measured in found.items()
            if measured is not None
        ],
    }


def _decided(analysis: Analysis, item: CaseItem, decision: Decision) -> dict[str, Any]:
    """`exact`: of this very file; else of a near copy of it."""
    media = None if analysis.consent is None else analysis.consent.media
    return {
        "face": item.subject,
        "value": decision.value,
        "how": decision.how,
        "decided_at": decision.decided_at.isoformat(),
        "exact": media is not None and media.sha256 == decision.media_sha256,
    }
