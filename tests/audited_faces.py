"""Faces of the random audit sample as rows, and a model whose measures are known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from tests.webapp.services.conftest import picture
from webapp.db.session import Sessions
from webapp.db.tables import Account, Case, CaseItem, Decision, Label, LabelTag
from webapp.domain.enums import LabelValue, Reason, Role, Stage
from webapp.domain.ids import new_id

# Scores by verdict.
_SCORES = {"fake": 0.9, "real": 0.1, "inconclusive": 0.5}


def add_audited(
    sessions: Sessions,
    count: int,
    verdict: str,
    decision: str | None,
    *,
    at: datetime = datetime(2026, 7, 15, tzinfo=UTC),
    model: str = "f" * 64,
    kind: str = "image",
    tags: Sequence[str] = (),
    blind: str | None = None,
    reason: Reason = Reason.AUDIT,
) -> None:
    """Store `count` faces that were drawn at a time and decided an hour later; None: open.

    One moderator gave a `blind` label, by default the decision, with `tags`.
    """
    with sessions.begin() as session:
        account = session.scalar(select(Account).where(Account.name == "auditor"))
        if account is None:
            account = Account(name="auditor", role=Role.MODERATOR, created_at=at)
        for _ in range(count):
            analysis = picture(_SCORES[verdict])
            analysis.created_at, analysis.model_sha256, analysis.model_version = at, model, model[:3]
            analysis.kind = kind
            if kind == "video":
                analysis.faces, analysis.real_below, analysis.fake_above = [], 0.3, 0.7
            item = CaseItem(
                analysis=analysis, subject=1, reason=reason, created_at=at, fake_prob=_SCORES[verdict]
            )
            case = Case(
                public_id=new_id(),
                opened_at=at,
                state="open" if decision is None else "decided",
                wanted=1,
                rank=0.0,
                audited=reason == Reason.AUDIT,
                items=[item],
            )
            if decision is not None:
                done = at + timedelta(hours=1)
                case.decisions = [Decision(value=decision, how="agreement", decided_at=done)]
                case.labels = [
                    Label(
                        account=account,
                        stage=stage,
                        value=value,
                        confidence=3,
                        created_at=done,
                        seconds=20.0,
                        tags=[LabelTag(tag=tag) for tag in tags],
                    )
                    for stage, value in ((Stage.BLIND, blind or decision), (Stage.FINAL, decision))
                ]
            session.add(case)


def add_two_models(sessions: Sessions, serving: str = "b" * 64, *, open_faces: int = 7) -> None:
    """Store an earlier model over two months, and the serving one, whose recall fell.

    The serving model has too few faces in its second month.
    """
    july, august, september = (datetime(2026, month, 15, tzinfo=UTC) for month in (7, 8, 9))
    for at in (july, august):
        add_audited(sessions, 36, "fake", LabelValue.FAKE, at=at, model="a" * 64, tags=("teeth",))
        add_audited(sessions, 4, "real", LabelValue.FAKE, at=at, model="a" * 64)
        add_audited(sessions, 4, "fake", LabelValue.REAL, at=at, model="a" * 64)
        add_audited(sessions, 116, "real", LabelValue.REAL, at=at, model="a" * 64)
    add_audited(sessions, open_faces, "inconclusive", None, at=august, model="a" * 64)
    add_audited(sessions, 5, "fake", LabelValue.CANNOT_TELL, at=august, model="a" * 64)
    add_audited(sessions, 2, "fake", LabelValue.UNUSABLE, at=august, model="a" * 64)
    for kind, share in (("image", 1), ("video", 2)):
        add_audited(
            sessions,
            10 * share,
            "fake",
            LabelValue.FAKE,
            at=september,
            model=serving,
            kind=kind,
            blind="real",
        )
        add_audited(sessions, 22 * share, "real", LabelValue.FAKE, at=september, model=serving, kind=kind)
        add_audited(sessions, 60, "real", LabelValue.REAL, at=september, model=serving, kind=kind)
    add_audited(sessions, 25, "fake", LabelValue.REAL, at=september, model=serving)
    add_audited(sessions, 9, "fake", LabelValue.FAKE, at=september + timedelta(days=30), model=serving)
