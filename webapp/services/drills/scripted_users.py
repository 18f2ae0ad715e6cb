"""Scripted visitors and moderators: uploads, analyses, cases and decisions, all through the real services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from webapp.db.session import Sessions
from webapp.db.tables import Account, Analysis
from webapp.domain.clock import now
from webapp.domain.enums import LabelValue, Reason, Role
from webapp.security.tokens import receipt_hash
from webapp.services.accounts import Person
from webapp.services.analysis.service import AnalysisService
from webapp.services.analysis_records.subjects import WHOLE_FILE
from webapp.services.audit.log import AuditService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import CONFIDENCES, LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules, open_case

# Confidence that scripted moderators state: the highest.
_CONFIDENCE = CONFIDENCES[-1]


@dataclass(frozen=True)
class ScriptedUpload:
    """A picture of one face, the moderators' label, and the region that they paint (PNG of one channel).

    The label may be wrong, if moderators are to lie.
    """

    path: Path
    label: LabelValue
    region: bytes | None = None


@dataclass(frozen=True)
class UploadedCase:
    """A stored upload: its receipt, and the public id of its case, None if no face was scored."""

    receipt: str
    case: str | None


class ScriptedUsers:
    """Visitors who consent to storage, and moderators who agree on every case."""

    def __init__(self, sessions: Sessions, analysis: AnalysisService, *, moderator_count: int = 2) -> None:
        self._sessions = sessions
        self._analysis = analysis
        self._claims = ClaimService(sessions)
        self._labelling = LabellingService(CaseEvents(AuditService(sessions, None)))
        self._rules = TriageRules(wanted=moderator_count)
        self._moderators = _find_or_create_moderators(sessions, moderator_count)

    def upload(self, path: Path) -> UploadedCase:
        """Analyse a picture with consent and open a case for it. Raises ValueError if it was not stored."""
        analysed = self._analysis.analyse(path, consent=True)
        if analysed.receipt is None:
            raise ValueError(f"{path.name} could not be stored")
        if analysed.result.outcome != "verdict":
            return UploadedCase(analysed.receipt, None)
        with self._sessions.begin() as session:
            query = select(Analysis).where(Analysis.receipt_hash == receipt_hash(analysed.receipt))
            row = session.scalar(query)
            assert row is not None
            case = open_case(session, row, WHOLE_FILE, Reason.AUDIT, self._rules)
            return UploadedCase(analysed.receipt, case.public_id)

    def decide(self, uploads: Mapping[str, ScriptedUpload]) -> int:
        """Let every moderator label the open cases in `uploads`, whose keys are public ids of cases.

        Return the number of labels.
        """
        label_count = 0
        for moderator in self._moderators:
            skipped: list[str] = []
            while (case := self._claims.take(moderator, skipped)) is not None:
                upload = uploads.get(case)
                if upload is None:
                    self._claims.release(moderator)
                    skipped.append(case)
                    continue
                region = upload.region if upload.label == LabelValue.FAKE else None
                label = LabelInput(upload.label, _CONFIDENCE, region=region)
                self._labelling.submit_blind(moderator, case, label)
                self._labelling.submit_final(moderator, case)
                label_count += 1
        return label_count

    def upload_and_decide(self, uploads: Iterable[ScriptedUpload]) -> dict[str, ScriptedUpload]:
        """Upload everything, then decide everything. Return the uploads by the public ids of their cases."""
        by_case: dict[str, ScriptedUpload] = {}
        for upload in uploads:
            case = self.upload(upload.path).case
            if case is not None:
                by_case[case] = upload
        self.decide(by_case)
        return by_case


def _find_or_create_moderators(sessions: Sessions, count: int) -> Sequence[Person]:
    """Return the first `count` scripted moderators; accounts that are missing are created."""
    names = [f"script-{number + 1}" for number in range(count)]
    with sessions.begin() as session:
        existing = session.scalars(select(Account).where(Account.name.in_(names)))
        accounts = {account.name: account for account in existing}
        for name in names:
            if name not in accounts:
                accounts[name] = Account(name=name, role=Role.MODERATOR, created_at=now())
                session.add(accounts[name])
        session.flush()
        return [Person(accounts[name].id, name, Role.MODERATOR) for name in names]
