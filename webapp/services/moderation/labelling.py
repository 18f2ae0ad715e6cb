"""Blind first: what a moderator says before anything is revealed, and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from webapp.db import case_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import Case, Decision, Label, LabelRegion, LabelTag
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, CaseState, LabelValue, Role, Stage, Tag, user_actor
from webapp.domain.errors import Refused
from webapp.domain.limits import MAX_NOTE, storable
from webapp.media.masks import Mask, read_mask
from webapp.services.accounts import Person, require
from webapp.services.analysis_records.subjects import subject_of
from webapp.services.audit.log import AuditService, Tell
from webapp.services.moderation.case_events import CaseEvents, case_subject
from webapp.services.moderation.claims import require_claim
from webapp.services.moderation.ranking import MAX_COUNTED_ITEMS

CONFIDENCES = (1, 2, 3)
UNDO = timedelta(minutes=10)
MOST_LABELS = 3  # of independent moderators, before an adjudicator decides


@dataclass(frozen=True)
class LabelInput:
    """What a moderator says of a case. `region` as in Submission; `time` of the frame it was painted on, in seconds, of a clip."""

    value: str
    confidence: int
    note: str = ""
    tags: Sequence[str] = ()
    region: bytes | None = None
    time: float | None = None


@dataclass(frozen=True)
class Revealed:
    """What is told after a blind label: the model's answer for the case's subject, and the visitors' votes."""

    fake_prob: float | None
    verdict: str | None
    model_sha256: str
    votes: tuple[str, ...]
    media_sha256: str | None = None


class LabellingService:
    """Every method raises Refused: not_signed_in, not_allowed, claim_lost, invalid_label, invalid_tag, invalid_note, invalid_region."""

    def __init__(self, sessions: Sessions, *, undo: timedelta = UNDO, log: CaseEvents | None = None) -> None:
        """`log` tells of all that is done; None: the audit log alone."""
        self._log = log or CaseEvents(AuditService(sessions))
        self._undo = undo

    def submit_blind(self, person: Person | None, public_id: str, said: LabelInput) -> Revealed:
        """Store the first label; only then is anything revealed. Raises Refused also with labelled_already."""
        known, mask = require(person, Role.MODERATOR), checked(said)
        with self._log.transaction() as (session, tell):
            queries.lock_cases(session)
            claim = require_claim(session, known, public_id)
            if queries.labels_of(session, claim.case_id, account_id=known.id):
                raise Refused("labelled_already", "You have labelled this case already.")
            shown = _revealed(session, claim.case)
            label = _label(
                _Circumstances(claim.case_id, known, Stage.BLIND, claim.taken_at, None, shown.media_sha256),
                said,
                mask,
            )
            _add(session, label, claim.case, tell)
            return shown

    def submit_final(self, person: Person | None, public_id: str, said: LabelInput | None = None) -> str:
        """Confirm the blind label (`said` None) or change it; gives the claim back, and settles the case where it can be.

        Both labels are kept. Returns the case's state. Raises Refused also with not_labelled.
        """
        known = require(person, Role.MODERATOR)
        changed = None if said is None else (said, checked(said))
        with self._log.transaction() as (session, tell):
            queries.lock_cases(session)
            claim = require_claim(session, known, public_id)
            case = queries.case_by_public_id(session, public_id, locked=True)
            given = queries.labels_of(session, claim.case_id, account_id=known.id)
            if case is None or not given or given[-1].stage != Stage.BLIND:
                raise Refused("not_labelled", "Give your own label first.")
            shown = _revealed(session, case)
            of = _Circumstances(
                case.id, known, Stage.FINAL, claim.taken_at, shown.model_sha256, shown.media_sha256
            )
            _add(session, _label(of, *(changed or _again(given[-1]))), case, tell)
            session.delete(claim)
            session.flush()
            return settle(session, case, tell)

    def undo(self, person: Person | None, public_id: str) -> None:
        """Withdraw what one said last of a case, for a while; a decision it led to is undone with it.

        The blind label stands: whoever gave it has seen the answer since, and could not give another one blind. Raises Refused also with
        too_late.
        """
        known = require(person, Role.MODERATOR)
        with self._log.transaction() as (session, tell):
            queries.lock_cases(session)
            case = queries.case_by_public_id(session, public_id, locked=True)
            every = [] if case is None else queries.labels_of(session, case.id, account_id=known.id)
            given = [label for label in every if label.stage != Stage.BLIND]
            if case is None or not given or given[-1].created_at < now() - self._undo:
                raise Refused("too_late", "This can no longer be undone.")
            moment = now()
            for label in given:
                label.withdrawn_at = moment
            tell(
                Event(
                    user_actor(known.id),
                    Action.CASE_UNDONE,
                    case_subject(case.public_id),
                    {"labels": [label.id for label in given]},
                )
            )
            if case.gold is not None:
                return
            standing = queries.standing_decision(session, case.id)
            if standing is not None:
                standing.undone_at = moment
            session.flush()
            settle(session, case, tell)

    def adjudicate(self, person: Person | None, public_id: str, said: LabelInput) -> None:
        """An admin who has given no label on it decides a disputed case. Raises Refused also with not_disputed, own_case."""
        known, mask = require(person, Role.ADMIN), checked(said)
        with self._log.transaction() as (session, tell):
            queries.lock_cases(session)
            case = queries.case_by_public_id(session, public_id, locked=True)
            if case is None or case.state != CaseState.DISPUTED:
                raise Refused("not_disputed", "This case is not waiting for an adjudicator.")
            if queries.labels_of(session, case.id, account_id=known.id):
                raise Refused("own_case", "You have labelled this case yourself; somebody else must decide.")
            shown = _revealed(session, case)
            of = _Circumstances(
                case.id, known, Stage.ADJUDICATION, now(), shown.model_sha256, shown.media_sha256
            )
            _add(session, _label(of, said, mask), case, tell)
            settle(session, case, tell)


def checked(said: LabelInput) -> Mask | None:
    """Raises Refused: invalid_label, invalid_tag, invalid_note, note_too_long, invalid_region."""
    if said.value not in set(LabelValue) or said.confidence not in CONFIDENCES:
        raise Refused(
            "invalid_label",
            f"A label must be one of {', '.join(LabelValue)}, its confidence 1 to {CONFIDENCES[-1]}.",
        )
    if not set(said.tags) <= set(Tag):
        raise Refused("invalid_tag", f"A reason must be one of {', '.join(Tag)}.")
    if len(said.note) > MAX_NOTE:
        raise Refused(
            "note_too_long", f"A note can have at most {MAX_NOTE} characters; this one has {len(said.note)}."
        )
    if not storable(said.note):
        raise Refused("invalid_note", "The note holds characters that cannot be stored.")
    return None if said.region is None else read_mask(said.region)


def settle(session: Session, case: Case, tell: Tell) -> str:
    """Bring a case's state in line with the labels that count; returns it. The person's last label is the one that counts.

    All wanted labels alike: agreed. Else one more is asked for, up to MOST_LABELS, of which more than half decide; else an adjudicator.
    A case with a known answer stays as it is, and answers as others would.
    """
    labels = queries.labels_of(session, case.id)
    ruling = next((label for label in reversed(labels) if label.stage == Stage.ADJUDICATION), None)
    last = {label.account_id: label.value for label in labels if label.stage == Stage.FINAL}
    values = list(last.values())
    if case.gold is not None:
        return CaseState.DECIDED if len(values) % case.wanted == 0 else CaseState.OPEN
    outcome = (ruling.value, "adjudication") if ruling is not None else _outcome(values, case.wanted)
    standing = queries.standing_decision(session, case.id)
    if outcome is not None:
        if standing is None:
            session.add(_decision(session, case, *outcome, tell))
        case.state = CaseState.DECIDED
    elif len(values) >= MOST_LABELS:
        case.state = CaseState.DISPUTED
    else:
        case.state = CaseState.OPEN
        if len(values) >= case.wanted:
            case.wanted = len(values) + 1
    return case.state


def _outcome(values: Sequence[str], wanted: int) -> tuple[str, str] | None:
    if not values or len(values) < wanted:
        return None
    top = max(sorted(set(values)), key=values.count)
    if values.count(top) == len(values):
        return top, "agreement"
    return (top, "majority") if len(values) >= MOST_LABELS and values.count(top) > len(values) / 2 else None


def _decision(session: Session, case: Case, value: str, how: str, tell: Tell) -> Decision:
    first = queries.first_item(session, case.id)
    model = first.analysis.model_sha256
    tell(
        Event(
            Actor.SYSTEM,
            Action.CASE_DECIDED,
            case_subject(case.public_id),
            {"value": value, "how": how, "model_sha256": model},
        )
    )
    return Decision(
        case_id=case.id,
        value=value,
        how=how,
        decided_at=now(),
        media_sha256=queries.shown_media(session, first),
    )


@dataclass(frozen=True)
class _Circumstances:
    """Of a label: by whom, when in the case's course, taken when, after the answer of which model was revealed, on which file."""

    case_id: int
    person: Person
    stage: Stage
    since: datetime
    model_sha256: str | None
    media_sha256: str | None


def _add(session: Session, label: Label, case: Case, tell: Tell) -> None:
    session.add(label)
    session.flush()
    action = Action.CASE_ADJUDICATED if label.stage == Stage.ADJUDICATION else Action.CASE_LABELLED
    details = {"label": label.id, "stage": str(label.stage), "value": str(label.value)}
    tell(Event(user_actor(label.account_id), action, case_subject(case.public_id), details))


def _label(of: _Circumstances, said: LabelInput, mask: Mask | None) -> Label:
    moment = now()
    return Label(
        case_id=of.case_id,
        account_id=of.person.id,
        stage=of.stage,
        value=said.value,
        confidence=said.confidence,
        note=said.note,
        created_at=moment,
        seconds=(moment - of.since).total_seconds(),
        model_sha256=of.model_sha256,
        media_sha256=of.media_sha256,
        tags=[LabelTag(tag=tag) for tag in Tag if tag in said.tags],
        region=None
        if mask is None
        else LabelRegion(width=mask.width, height=mask.height, time=said.time, png=mask.png),
    )


def _again(label: Label) -> tuple[LabelInput, Mask | None]:
    """What was said in a label, to be said once more."""
    region, tags = label.region, [tag.tag for tag in label.tags]
    said = LabelInput(
        label.value, label.confidence, label.note, tags, time=None if region is None else region.time
    )
    return said, None if region is None else Mask(region.png, region.width, region.height)


def _revealed(session: Session, case: Case) -> Revealed:
    first = queries.first_item(session, case.id)
    analysis, subject = first.analysis, subject_of(first.analysis, first.subject)
    votes = tuple(queries.votes_on(session, case.id, newest=MAX_COUNTED_ITEMS))
    prob, verdict = (
        (analysis.fake_prob, analysis.verdict) if subject is None else (subject.fake_prob, subject.verdict)
    )
    return Revealed(prob, verdict, analysis.model_sha256, votes, queries.shown_media(session, first))
