"""Results that become cases, under any order and repetition."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, insert, select, text, update

from tests.webapp.conftest import Judged
from tests.webapp.receipt_services import receipt_service
from tests.webapp.services.conftest import Decides, Kept, Opens
from webapp.bootstrap.cases import rules_of
from webapp.db.near_duplicates import fingerprint_row
from webapp.db.session import Sessions
from webapp.db.tables import (
    Analysis,
    AuditEntry,
    Case,
    CaseItem,
    Claim,
    Consent,
    Decision,
    Face,
    Feedback,
    Fingerprint,
    Label,
    Media,
)
from webapp.domain.clock import now
from webapp.domain.enums import Reason
from webapp.domain.ids import new_id
from webapp.security.tokens import new_key, new_receipt, receipt_hash
from webapp.services.accounts import Person
from webapp.services.analysis.analysis_store import AnalysisStore
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.case_views import model_answer
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules
from webapp.services.moderation.triage import Triage
from webapp.services.results.feedback import FeedbackService, Submission
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.training.decided_cases import read_decided_cases
from webapp.settings import from_environment

pytestmark = pytest.mark.both_databases
BITS = 0x0123456789ABCDEF
Looks = Callable[..., Triage]


@pytest.fixture
def triage(log: CaseEvents) -> Triage:
    """Return a triage whose audit sample is empty."""
    return Triage(log, TriageRules(), draw=lambda: 1.0)


@pytest.fixture
def feedback(sessions: Sessions, triage: Triage) -> FeedbackService:
    return FeedbackService(sessions, on_stored=triage.process)


def vote(feedback: FeedbackService, receipt: str, said: str, subject: int = 1) -> None:
    assert feedback.submit(Submission(receipt, subject, said, "", new_key()))


def cases(sessions: Sessions) -> list[tuple[str, ...]]:
    """Return the reasons of the items of each case."""
    with sessions() as session:
        return [
            tuple(item.reason for item in case.items)
            for case in session.scalars(select(Case).order_by(Case.id))
        ]


def test_what_the_model_cannot_tell_becomes_a_case_and_what_it_can_does_not(
    sessions: Sessions, kept: Kept, triage: Triage
) -> None:
    for prob in (0.5, 0.05, 0.95):
        triage.process(receipt_hash(kept.add(prob)))
    assert cases(sessions) == [("uncertainty",)]
    with sessions() as session:
        item = session.scalars(select(CaseItem)).one()
        assert (item.subject, item.fake_prob, item.case.wanted, item.case.audited) == (1, 0.5, 2, False)
        audited = [
            (entry.actor, entry.subject, json.loads(entry.details))
            for entry in session.scalars(select(AuditEntry))
            if "case" in entry.action
        ]
    assert audited == [("system", f"case:{item.case.public_id}", {"reason": "uncertainty"})]


def test_the_uncertainty_range_is_configurable(sessions: Sessions, kept: Kept, log: CaseEvents) -> None:
    triage = Triage(log, TriageRules(wanted=3, uncertain=0.1), draw=lambda: 1.0)
    for prob in (0.65, 0.45):
        triage.process(receipt_hash(kept.add(prob)))
    with sessions() as session:
        item = session.scalars(select(CaseItem)).one()
        assert (item.fake_prob, item.case.wanted) == (0.45, 3)


def test_only_the_most_uncertain_faces_of_a_crowd_become_cases(
    sessions: Sessions, kept: Kept, triage: Triage
) -> None:
    faces = [
        Face(
            number=n,
            x1=n * 9,
            y1=0,
            x2=n * 9 + 8,
            y2=8,
            detection_prob=1,
            fake_logit=0,
            fake_prob=0.5 + n / 100,
            verdict="inconclusive",
        )
        for n in range(1, 11)
    ]
    triage.process(receipt_hash(kept.add(0.6, faces=faces)))
    with sessions() as session:
        assert sorted(session.scalars(select(CaseItem.subject))) == [1, 2, 3, 4, 5]


def test_results_without_kept_file_open_no_case(
    sessions: Sessions, kept: Kept, triage: Triage, feedback: FeedbackService
) -> None:
    receipt = kept.add(0.5, kept=False)
    triage.process(receipt_hash(receipt))
    vote(feedback, receipt, "disagree")
    triage.process("0" * 64)
    assert cases(sessions) == []


def test_a_disagreeing_vote_opens_a_case_and_others_join(
    sessions: Sessions, kept: Kept, feedback: FeedbackService
) -> None:
    file, (first, second, third) = "a" * 64, [0.05, 0.05, 0.05]
    one, two, three = (kept.add(prob, file=file) for prob in (first, second, third))
    vote(feedback, two, "agree")
    assert cases(sessions) == []
    vote(feedback, one, "disagree")
    assert cases(sessions) == [("disagreement",)]
    rank = ranks(sessions)
    vote(feedback, two, "agree")
    # Of a file with one face.
    vote(feedback, three, "not_sure", subject=0)
    assert cases(sessions) == [("disagreement",) * 3]
    # Visitors against each other.
    assert ranks(sessions) > rank
    # Thought better of it.
    vote(feedback, one, "agree")
    assert ranks(sessions) < rank


def test_conflict_opens_a_case_that_comes_first(
    sessions: Sessions, kept: Kept, triage: Triage, feedback: FeedbackService
) -> None:
    disputed = kept.add(0.5)
    for _ in range(3):
        vote(feedback, disputed, "disagree")
    contradicted = kept.add(0.02, conflict="edited_face_claimed_but_nothing_seen")
    unkept = kept.add(0.02, kept=False, conflict="signature_invalid")
    for receipt in (contradicted, unkept):
        triage.process(receipt_hash(receipt))
    assert cases(sessions) == [("disagreement",), ("conflict",)]
    with sessions() as session:
        first = session.scalars(select(Case).order_by(Case.rank.desc())).first()
        assert first is not None
        assert [item.reason for item in first.items] == ["conflict"]
    vote(feedback, contradicted, "agree")
    with sessions() as session:
        still_first = session.scalars(select(Case).order_by(Case.rank.desc())).first()
        assert still_first is not None
        assert still_first.id == first.id


@pytest.mark.parametrize("outcome", ["no_face", "face_too_small"])
def test_conflict_in_a_file_without_a_verdict_opens_a_case_that_is_decided(
    sessions: Sessions, kept: Kept, triage: Triage, opens: Opens, decides: Decides, outcome: str
) -> None:
    blank = {"outcome": outcome, "verdict": None, "faces": []}
    opens(0.5)
    unjudged = kept.add(conflict="signature_invalid", **blank)
    silent = kept.add(**blank)
    unkept = kept.add(kept=False, conflict="signature_invalid", **blank)
    with sessions.begin() as session:
        session.execute(update(Analysis).where(Analysis.outcome == outcome).values(fake_prob=None))
    assert triage.sweep() == 1
    for receipt in (unjudged, silent, unkept):
        triage.process(receipt_hash(receipt))
    assert cases(sessions) == [("uncertainty",), ("conflict",)]
    with sessions() as session:
        first = session.scalars(select(Case).order_by(Case.rank.desc())).first()
        assert first is not None
        (item,) = first.items
        assert (item.reason, item.subject, item.fake_prob) == ("conflict", 0, None)
        assert model_answer(session, first).fake_prob is None
    # The first in the queue is the one that is decided.
    decides("fake")
    stored = receipt_service(sessions, undo_period=timedelta(0)).result(unjudged)
    assert stored.decision is not None
    assert [(face.face, face.value) for face in stored.decision.faces] == [(0, "fake")]
    with sessions() as session:
        decided = read_decided_cases(session, now() + timedelta(minutes=1))
        assert [case.faces for case in decided.cases] == [()]


def test_another_age_reranks_waiting_cases(sessions: Sessions, opens: Opens, log: CaseEvents) -> None:
    """The configured age decides between an old case of low uncertainty and a new uncertain one."""
    short, long = (rules_of(from_environment({"LENS_CASE_AGE": days})) for days in ("3", "60"))
    old, new = opens(0.97, rules=short), opens(0.5, rules=short)
    with sessions.begin() as session:
        session.scalars(select(Case).where(Case.public_id == old)).one().opened_at = now() - timedelta(
            days=20
        )
    for rules, first in ((short, old), (long, new), (short, old)):
        assert Triage(log, rules).rerank_all() == 2
        with sessions() as session:
            assert session.scalars(select(Case.public_id).order_by(Case.rank.desc())).first() == first
    # By other rules than those before it: without comparing it would come first for years.
    latest = opens(0.5, rules=long)
    Triage(log, short).rerank_all()
    with sessions() as session:
        assert session.scalars(select(Case.public_id).order_by(Case.rank.desc())).all() == [old, new, latest]


def ranks(sessions: Sessions) -> float:
    with sessions() as session:
        return session.scalars(select(Case.rank)).one()


def test_near_duplicates_join_if_face_and_score_are_alike(
    sessions: Sessions, kept: Kept, triage: Triage
) -> None:
    def look(prob: float, bits: int, **changes: object) -> int:
        triage.process(receipt_hash(kept.add(prob, bits=bits, **changes)))
        return len(cases(sessions))

    assert look(0.5, BITS) == 1
    assert look(0.6, BITS ^ 0b10101) == 1
    # Another picture.
    assert look(0.5, ~BITS & 2**64 - 1) == 2
    # Looks alike, but the model sees another face in it: perhaps its manipulated copy.
    assert look(0.79, BITS) == 3
    # Scores of two models cannot be compared.
    assert look(0.5, BITS, model_sha256="e" * 64) == 4
    elsewhere = Face(
        number=1,
        x1=100,
        y1=100,
        x2=199,
        y2=199,
        detection_prob=1,
        fake_logit=0,
        fake_prob=0.5,
        verdict="inconclusive",
    )
    assert look(0.5, BITS, faces=[elsewhere]) == 5
    assert len(cases(sessions)[0]) == 2


def test_only_the_same_file_joins_a_decided_case(
    sessions: Sessions,
    kept: Kept,
    triage: Triage,
    claims: ClaimService,
    labelling: LabellingService,
    people: list[Person],
) -> None:
    triage.process(receipt_hash(kept.add(0.5, file="a" * 64, bits=BITS)))
    for person in people[1:3]:
        case = claims.take(person)
        assert case is not None
        labelling.submit_blind(person, case, LabelInput("fake", 2))
        labelling.submit_final(person, case)
    triage.process(receipt_hash(kept.add(0.5, file="a" * 64, bits=BITS)))
    triage.process(receipt_hash(kept.add(0.5, file="b" * 64, bits=BITS)))
    assert cases(sessions) == [("uncertainty",) * 2, ("uncertainty",)]


def test_the_audit_sample_is_drawn_once_per_face_whatever_its_score(
    sessions: Sessions, kept: Kept, log: CaseEvents
) -> None:
    draws = iter([0.0, 0.9, 0.019, 0.02])
    triage = Triage(log, TriageRules(audit_share=0.02), draw=lambda: next(draws))
    looked = [kept.add(prob) for prob in (0.5, 0.02, 0.97, 0.01)]
    # A fifth draw would fail.
    for receipt in looked * 3:
        triage.process(receipt_hash(receipt))
    assert cases(sessions) == [("audit",), ("audit",)]
    with sessions() as session:
        assert [item.fake_prob for item in session.scalars(select(CaseItem).order_by(CaseItem.id))] == [
            0.5,
            0.97,
        ]


def test_votes_do_not_change_the_rank_of_audited_cases(
    sessions: Sessions, kept: Kept, log: CaseEvents
) -> None:
    triage = Triage(log, TriageRules(), draw=lambda: 0.0)
    feedback = FeedbackService(sessions, on_stored=triage.process)
    receipt = kept.add(0.02)
    triage.process(receipt_hash(receipt))
    before = ranks(sessions)
    vote(feedback, receipt, "disagree")
    assert ranks(sessions) == before


def test_a_visitor_who_asks_for_moderators_opens_a_case(
    sessions: Sessions, kept: Kept, triage: Triage
) -> None:
    receipts = receipt_service(sessions, on_notice=triage.process)
    receipt = kept.add(0.02)
    receipts.set_notice_request(receipt, False)
    assert cases(sessions) == []
    receipts.set_notice_request(receipt, True)
    receipts.set_notice_request(receipt, True)
    assert cases(sessions) == [("report",)]
    assert receipts.result(receipt).to_json()["waiting"] == [1]


def test_persons_of_clips_have_video_level_scores(sessions: Sessions, kept: Kept, triage: Triage) -> None:
    def frame(number: int, track: int, logit: float) -> Face:
        scored = {"fake_logit": logit, "fake_prob": 0.5, "verdict": "fake"}
        return Face(
            number=number, x1=0, y1=0, x2=9, y2=9, detection_prob=1, time=number, track=track, **scored
        )

    faces = [frame(1, 0, -4.0), frame(2, 0, 4.2), frame(3, 1, 6.0), frame(4, 1, 7.0)]
    thresholds = {"temperature": 1.0, "real_below": 0.2, "fake_above": 0.8}
    receipt = kept.add(0.99, kind="video", faces=faces, **thresholds)
    triage.process(receipt_hash(receipt))
    with sessions() as session:
        item = session.scalars(select(CaseItem)).one()
        assert (item.subject, round(item.fake_prob or 0, 3)) == (1, 0.525)


def test_results_left_by_a_crash_are_processed_later(sessions: Sessions, kept: Kept, triage: Triage) -> None:
    first, second = kept.add(0.5), kept.add(0.02)
    assert triage.sweep() == 2
    assert cases(sessions) == [("uncertainty",)]
    # The vote is stored, but the process dies before triage.
    FeedbackService(sessions).submit(Submission(second, 1, "disagree", "", new_key()))
    assert triage.sweep() == 1
    assert triage.sweep() == 0
    assert cases(sessions) == [("uncertainty",), ("disagreement",)]
    assert first


def test_a_failed_triage_keeps_the_answer_and_the_vote(
    engine: Engine, sessions: Sessions, keeping: KeptMediaService, triage: Triage, judged: Judged
) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE case_item RENAME TO elsewhere"))
    service = AnalysisService(
        judged, AnalysisStore(sessions, kept_media=keeping, on_kept=triage.process), Jobs(), frames=4
    )
    analysed = service.analyse(judged.picture, consent=True)
    assert analysed.is_kept
    assert analysed.receipt is not None
    vote(FeedbackService(sessions, on_stored=triage.process), analysed.receipt, "disagree")
    with sessions() as session:
        assert session.scalars(select(Feedback.vote)).all() == ["disagree"]


def test_deleting_the_last_receipt_deletes_the_case(
    sessions: Sessions, keeping: KeptMediaService, triage: Triage, judged: Judged
) -> None:
    service = AnalysisService(
        judged, AnalysisStore(sessions, kept_media=keeping, on_kept=triage.process), Jobs(), frames=4
    )
    feedback, receipts = (
        FeedbackService(sessions, on_stored=triage.process),
        receipt_service(sessions, keeping=keeping),
    )
    one, two = (service.analyse(judged.picture, consent=True).receipt or "" for _ in range(2))
    for receipt in (one, two):
        vote(feedback, receipt, "disagree")
    assert set(cases(sessions)) == {("uncertainty",) * 2}
    receipts.delete(one)
    assert set(cases(sessions)) == {("uncertainty",)}
    receipts.delete(two)
    assert cases(sessions) == []


def test_concurrent_near_duplicates_open_one_case(sessions: Sessions, kept: Kept, triage: Triage) -> None:
    receipts = [kept.add(0.5, bits=BITS) for _ in range(8)]
    threads = [threading.Thread(target=triage.process, args=(receipt_hash(receipt),)) for receipt in receipts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cases(sessions) == [("uncertainty",) * 8]


@pytest.mark.parametrize("count", [60, pytest.param(10_000, marks=pytest.mark.proof)])
def test_puppets_open_no_cases_and_change_no_label(
    sessions: Sessions,
    kept: Kept,
    feedback: FeedbackService,
    claims: ClaimService,
    labelling: LabellingService,
    people: list[Person],
    count: int,
) -> None:
    """Half of the puppets send the same file, half a near duplicate; then one of them votes repeatedly."""
    first = kept.add(0.05, file="a" * 64, bits=BITS)
    vote(feedback, first, "disagree")
    for person in people[1:3]:
        case = claims.take(person)
        assert case is not None
        labelling.submit_blind(person, case, LabelInput("real", 3))
        labelling.submit_final(person, case)
    with sessions() as session:
        labels = [(label.id, label.value, label.withdrawn_at) for label in session.scalars(select(Label))]
    seconds = []
    for number in range(count // 2):
        receipt = (
            kept.add(0.05, file="a" * 64, bits=BITS)
            if number % 2
            else kept.add(0.05, bits=BITS ^ (1 << number % 8))
        )
        began = time.perf_counter()
        vote(feedback, receipt, "disagree")
        seconds.append(time.perf_counter() - began)
    for number in range(count // 2):
        vote(feedback, first, ("agree", "disagree")[number % 2])
    median, last = 1000 * statistics.median(seconds), 1000 * seconds[-1]
    print(f"{count} votes: the median took {median:.1f} ms, the last {last:.1f} ms")
    # One case for the file, one for its near duplicates.
    assert len(cases(sessions)) == 2
    with sessions() as session:
        assert [
            (label.id, label.value, label.withdrawn_at) for label in session.scalars(select(Label))
        ] == labels
        assert [decision.value for decision in session.scalars(select(Decision))] == ["real"]


@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=pytest.mark.proof)])
def test_triage_is_fast_among_many_open_cases(
    sessions: Sessions,
    engine: Engine,
    kept: Kept,
    triage: Triage,
    claims: ClaimService,
    people: list[Person],
    count: int,
) -> None:
    """The least processor time is asserted, because other work can only add to it. Medians are printed."""
    fill(sessions, count)
    opening = [timed(partial(triage.process, receipt_hash(kept.add(0.5)))) for _ in range(20)]
    taking = [timed(partial(claims.take, person)) for person in people[1:21]]
    with sessions() as session:
        assert (session.query(Case).count(), session.query(Claim).count()) == (count + 20, 20)
    for name, times, most in (("opening one", opening, 0.05), ("taking one", taking, 0.3)):
        wall, own = (statistics.median(column) for column in zip(*times, strict=True))
        times_text = f"{1000 * wall:.1f} ms, {1000 * own:.1f} of the processor"
        print(f"{engine.dialect.name}: among {count} open cases {name} takes {times_text}")
        assert min(own for _, own in times) < most


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return the wall-clock and the processor seconds of a call."""
    wall, own = time.perf_counter(), time.thread_time()
    call()
    return time.perf_counter() - wall, time.thread_time() - own


def fill(sessions: Sessions, count: int) -> None:
    """Store open cases, each on its own kept picture."""
    import random

    chance, moment = random.Random(2), now()
    same = {
        "created_at": moment,
        "media_sha256": "0" * 64,
        "kind": "image",
        "outcome": "verdict",
        "verdict": "inconclusive",
        "fake_prob": 0.5,
    }
    model = {
        "seconds": 1,
        "model_name": "m",
        "model_version": "1",
        "model_sha256": "f" * 64,
        "notify": False,
        "triaged_at": moment,
    }
    with sessions.begin() as session:
        rows = [{**same, **model, "receipt_hash": receipt_hash(new_receipt())} for _ in range(count)]
        analyses = session.scalars(insert(Analysis).returning(Analysis.id), rows).all()
        bits = [fingerprint_row(0, chance.getrandbits(64)) for _ in analyses]
        bands = [{f"band_{n}": getattr(row, f"band_{n}") for n in (1, 2, 3, 4)} for row in bits]
        session.execute(
            insert(Fingerprint),
            [{"analysis_id": a, "number": 0, **row} for a, row in zip(analyses, bands, strict=True)],
        )
        files = [
            {
                "sha256": new_id() * 2,
                "name": new_id(),
                "kind": "image",
                "format": "png",
                "bytes": 9,
                "created_at": moment,
            }
            for _ in analyses
        ]
        media = session.scalars(insert(Media).returning(Media.id), files).all()
        held = [
            {"analysis_id": a, "media_id": m, "given_at": moment, "text_version": "1"}
            for a, m in zip(analyses, media, strict=True)
        ]
        session.execute(insert(Consent), held)
        opened = [
            {"public_id": new_id(), "opened_at": moment, "state": "open", "wanted": 2, "rank": float(n)}
            for n in range(count)
        ]
        ids = session.scalars(insert(Case).returning(Case.id), opened).all()
        items = [
            {
                "case_id": c,
                "analysis_id": a,
                "subject": 1,
                "reason": Reason.AUDIT,
                "created_at": moment,
                "fake_prob": 0.5,
            }
            for c, a in zip(ids, analyses, strict=True)
        ]
        session.execute(insert(CaseItem), items)
    with sessions() as session:
        session.execute(text("ANALYZE"))


def test_a_face_that_is_not_judged_is_not_triaged(
    sessions: Sessions, kept: Kept, log: CaseEvents, feedback: FeedbackService
) -> None:
    receipt, other_receipt = kept.add(0.05), kept.add(0.05)
    with sessions.begin() as session:
        for analysis in session.scalars(select(Analysis)).all():
            hidden = Face(number=2, x1=60, y1=0, x2=110, y2=50, detection_prob=0.99, not_judged="hidden")
            analysis.faces.append(hidden)
    vote(feedback, receipt, "disagree", subject=2)
    assert cases(sessions) == []
    # A draw of 0 takes every subject into the audit sample.
    Triage(log, TriageRules(audit_share=0.5), draw=lambda: 0.0).process(receipt_hash(other_receipt))
    with sessions() as session:
        assert [item.subject for item in session.scalars(select(CaseItem))] == [1]
