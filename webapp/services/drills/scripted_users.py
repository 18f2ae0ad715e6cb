"""Visitors and moderators by script: pictures arrive, are judged and kept, become cases and are decided, all by the services themselves.

For proofs and drills; a script is told what is true of each picture, and may lie.
"""

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
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules, open_case


@dataclass(frozen=True)
class Arrival:
    """A picture of one face, and what the moderators will say of it; `region` is what they paint (a PNG of one channel)."""

    path: Path
    label: LabelValue
    region: bytes | None = None


@dataclass(frozen=True)
class Arrived:
    """The receipt, and the case that was opened; None where no face was judged in it."""

    receipt: str
    case: str | None


class Script:
    """`wanted` moderators decide each case, all of one mind."""

    def __init__(self, sessions: Sessions, analysis: AnalysisService, *, wanted: int = 2) -> None:
        self._sessions = sessions
        self._analysis = analysis
        self._claims, self._labelling = (
            ClaimService(sessions),
            LabellingService(CaseEvents(AuditService(sessions, None))),
        )
        self._rules = TriageRules(wanted=wanted)
        self._people = _moderators(sessions, wanted)

    def arrive(self, path: Path) -> Arrived:
        """A visitor gives a picture, lets it be kept, and it becomes a case. Raises ValueError where it could not be stored."""
        analysed = self._analysis.analyse(path, consent=True)
        if analysed.receipt is None:
            raise ValueError(f"{path.name} could not be stored")
        if analysed.result.outcome != "verdict":
            return Arrived(analysed.receipt, None)
        with self._sessions.begin() as session:
            row = session.scalar(
                select(Analysis).where(Analysis.receipt_hash == receipt_hash(analysed.receipt))
            )
            assert row is not None
            return Arrived(
                analysed.receipt, open_case(session, row, WHOLE_FILE, Reason.AUDIT, self._rules).public_id
            )

    def decide(self, truth: Mapping[str, Arrival]) -> int:
        """The moderators label the open cases (public ids) that a script knows; how many labels they gave."""
        given = 0
        for person in self._people:
            skipped: list[str] = []
            while (case := self._claims.take(person, skipped)) is not None:
                arrival = truth.get(case)
                if arrival is None:
                    self._claims.release(person)
                    skipped.append(case)
                    continue
                region = arrival.region if arrival.label == LabelValue.FAKE else None
                self._labelling.submit_blind(person, case, LabelInput(arrival.label, 3, region=region))
                self._labelling.submit_final(person, case)
                given += 1
        return given

    def play(self, arrivals: Iterable[Arrival]) -> dict[str, Arrival]:
        """All arrive, then all are decided; what became a case, by its public id."""
        truth = {
            case: arrival for arrival in arrivals if (case := self.arrive(arrival.path).case) is not None
        }
        self.decide(truth)
        return truth


def _moderators(sessions: Sessions, wanted: int) -> Sequence[Person]:
    names = [f"script-{number + 1}" for number in range(wanted)]
    with sessions.begin() as session:
        there = {
            account.name: account
            for account in session.scalars(select(Account).where(Account.name.in_(names)))
        }
        for name in names:
            if name not in there:
                there[name] = Account(name=name, role=Role.MODERATOR, created_at=now())
                session.add(there[name])
        session.flush()
        return [Person(there[name].id, name, Role.MODERATOR) for name in names]
