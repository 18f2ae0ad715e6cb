"""Simulated site: fakes, visitors who vote to mislead, repeated uploads and moderators, by the real services.

Only the model is simulated: it finds a share of the fakes and calls a share of the real faces fake.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from tests.webapp.services.conftest import picture
from webapp.db.near_duplicates import fingerprint_row
from webapp.db.session import Sessions
from webapp.db.tables import Account, Case, CaseItem, Consent, Decision, Media
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, ModelRate, Reason, Role, Vote
from webapp.domain.ids import new_id
from webapp.security.tokens import new_key, new_receipt, receipt_hash
from webapp.services.accounts import HOST, Person
from webapp.services.audit.log import AuditService
from webapp.services.label_quality.model_figures import RateFigures
from webapp.services.label_quality.model_measures import ModelMeasureService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules
from webapp.services.moderation.triage import Triage
from webapp.services.results.feedback import FeedbackService, Submission

FAKES = 0.2
# Probabilities of the verdicts fake and inconclusive by truth; all others are real.
FAKE_VERDICTS = {True: 0.7, False: 0.08}
INCONCLUSIVE = 0.1
# Share of the drawn faces that moderators cannot tell.
INCONCLUSIVE_LABELS = 0.04


@dataclass(frozen=True)
class SimulatedFace:
    """A file with one face: its truth, the model's verdict, and what decides whether it is drawn."""

    file: str
    bits: int
    is_fake: bool
    verdict: str
    fake_prob: float
    draw: float

    @property
    def is_wrong(self) -> bool:
        return (self.verdict == "fake") != self.is_fake


def faces_of(rng: random.Random, count: int) -> list[SimulatedFace]:
    """Return new faces of which the share FAKES is fake."""
    return [_face(rng, rng.random() < FAKES) for _ in range(count)]


def _face(rng: random.Random, is_fake: bool) -> SimulatedFace:
    place = rng.random()
    alarms = FAKE_VERDICTS[is_fake]
    verdict = "fake" if place < alarms else "inconclusive" if place < alarms + INCONCLUSIVE else "real"
    low = {"real": 0.01, "inconclusive": 0.25, "fake": 0.82}[verdict]
    return SimulatedFace(
        file=f"{rng.getrandbits(256):064x}",
        bits=rng.getrandbits(64),
        is_fake=is_fake,
        verdict=verdict,
        fake_prob=low + 0.17 * rng.random(),
        draw=rng.random(),
    )


def true_rate(faces: Iterable[SimulatedFace], rate: ModelRate) -> float:
    """Return the rate over all files that came, drawn or not."""
    known = list(faces)
    if rate == ModelRate.PRECISION:
        hits = [face.is_fake for face in known if face.verdict == "fake"]
    else:
        hits = [face.verdict == "fake" for face in known if face.is_fake == (rate == ModelRate.RECALL)]
    return sum(hits) / len(hits)


class AuditWorld:
    """A site with one moderator whose labels are right."""

    def __init__(self, sessions: Sessions, share: float) -> None:
        log = CaseEvents(AuditService(sessions, None))
        self._sessions = sessions
        # What the random generator returns next.
        self._draw = 1.0
        self._triage = Triage(log, TriageRules(wanted=1, audit_share=share), draw=lambda: self._draw)
        self._feedback = FeedbackService(sessions, on_stored=self._triage.process)
        self._claims = ClaimService(sessions)
        self._labelling = LabellingService(log)
        self._measures = ModelMeasureService(sessions, delay=timedelta(0))
        with sessions.begin() as session:
            account = Account(name="moderator", role=Role.MODERATOR, created_at=now())
            session.add(account)
            session.flush()
            self._moderator = Person(account.id, account.name, Role.MODERATOR)

    def store(self, faces: Iterable[SimulatedFace]) -> list[str]:
        """Store analyses with kept files, as the analysis does before the triage; return their receipts."""
        receipts = []
        with self._sessions.begin() as session:
            for face in faces:
                receipt = new_receipt()
                analysis = picture(face.fake_prob)
                analysis.receipt_hash, analysis.width, analysis.height = receipt_hash(receipt), 200, 200
                analysis.verdict = analysis.faces[0].verdict = face.verdict
                analysis.fingerprints = [fingerprint_row(0, face.bits)]
                media = session.scalar(select(Media).where(Media.sha256 == face.file)) or Media(
                    sha256=face.file, name=new_id(), kind="image", format="png", bytes=9, created_at=now()
                )
                analysis.consent = Consent(given_at=now(), text_version="1", media=media)
                session.add(analysis)
                receipts.append(receipt)
        return receipts

    def triage(self, receipt: str, draw: float) -> None:
        self._draw = draw
        self._triage.process(receipt_hash(receipt))

    def mislead(self, face: SimulatedFace, receipt: str, draw: float) -> None:
        """Vote against a right verdict, or for a wrong one."""
        self._draw = draw
        vote = Vote.AGREE if face.is_wrong else Vote.DISAGREE
        assert self._feedback.submit(Submission(receipt, 1, vote, "", new_key()))

    def drawn(self) -> set[str]:
        """Return the files of the audit sample."""
        query = (
            select(Media.sha256)
            .join(Consent, Consent.media_id == Media.id)
            .join(CaseItem, CaseItem.analysis_id == Consent.analysis_id)
            .where(CaseItem.reason == Reason.AUDIT)
        )
        with self._sessions() as session:
            return set(session.scalars(query))

    def decide(self, faces: Iterable[SimulatedFace], rng: random.Random) -> None:
        """Decide the audit sample by rows, which is faster than `moderate`."""
        truths = {face.file: face.is_fake for face in faces}
        with self._sessions.begin() as session:
            for case in session.scalars(select(Case).where(Case.audited)):
                value = _label(truths[self._file_of(case)], rng)
                case.state = CaseState.DECIDED
                case.decisions = [Decision(value=value, how="agreement", decided_at=now())]

    def moderate(self, faces: Iterable[SimulatedFace], rng: random.Random) -> int:
        """Label cases in the order of the queue until the audit sample is finished; return their number."""
        truths = {face.file: face.is_fake for face in faces}
        with self._sessions() as session:
            waiting = {case.public_id: self._file_of(case) for case in session.scalars(select(Case))}
            audited = set(session.scalars(select(Case.public_id).where(Case.audited)))
        count = 0
        while audited:
            case = self._claims.take(self._moderator)
            assert case is not None
            label = LabelInput(_label(truths[waiting[case]], rng), 3)
            self._labelling.submit_blind(self._moderator, case, label)
            self._labelling.submit_final(self._moderator, case)
            audited.discard(case)
            count += 1
        return count

    def measured(self, rate: ModelRate) -> RateFigures:
        (model,) = self._measures.present(HOST).models
        return model.total.rates.by_rate()[rate]

    @staticmethod
    def _file_of(case: Case) -> str:
        consent = case.items[0].analysis.consent
        assert consent is not None
        assert consent.media is not None
        return consent.media.sha256


def bring(world: AuditWorld, faces: list[SimulatedFace], rng: random.Random) -> list[SimulatedFace]:
    """Let visitors bring faces and vote; return everything that came.

    Of the visitors 20 % vote to mislead, half of them before the triage. Every second wrongly judged file
    comes again, as the very same file or as a near copy, with the luckiest draw.
    """
    for face, receipt in zip(faces, world.store(faces), strict=True):
        place = rng.random()
        if place < 0.1:
            world.mislead(face, receipt, face.draw)
        else:
            world.triage(receipt, face.draw)
        if place > 0.9:
            world.mislead(face, receipt, 0.0)
    repeats = [_repeat(face, rng) for face in faces if face.is_wrong and rng.random() < 0.5]
    for receipt in world.store(repeats):
        world.triage(receipt, 0.0)
    return [*faces, *repeats]


def _label(is_fake: bool, rng: random.Random) -> str:
    """Return the right label, or that the moderator cannot tell."""
    if rng.random() < INCONCLUSIVE_LABELS:
        return "cannot_tell"
    return "fake" if is_fake else "real"


def _repeat(face: SimulatedFace, rng: random.Random) -> SimulatedFace:
    """Return the very same file, or a near copy that differs in two bits of its perceptual hash."""
    if rng.random() < 0.5:
        return face
    return SimulatedFace(
        file=f"{rng.getrandbits(256):064x}",
        bits=face.bits ^ 0b11 << rng.randrange(60),
        is_fake=face.is_fake,
        verdict=face.verdict,
        fake_prob=face.fake_prob,
        draw=0.0,
    )
