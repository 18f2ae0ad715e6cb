"""Labels of moderators: blind first, final after the reveal, adjudication of disputes, undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from webapp.db import case_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.tables import Case, Decision, Label, LabelRegion, LabelTag
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, CaseState, LabelValue, Role, Stage, user_actor
from webapp.domain.errors import Refused
from webapp.media.masks import Mask
from webapp.services.accounts import Person, require
from webapp.services.analysis_records.annotations import check_note, parse_region, parse_tags
from webapp.services.audit.log import RecordEvent
from webapp.services.moderation.case_events import CaseEvents, case_subject
from webapp.services.moderation.case_views import ModelAnswer, model_answer
from webapp.services.moderation.claims import require_claim
from webapp.services.moderation.decision_rule import CountedLabel, Outcome, apply_rule

# 1 is a guess, 3 is certain.
CONFIDENCES = (1, 2, 3)
UNDO_PERIOD = timedelta(minutes=10)


@dataclass(frozen=True)
class LabelInput:
    """A moderator's statement about a case: value, confidence (see CONFIDENCES), note and tags.

    `region`: PNG of one channel over the whole upright picture or clip frame, whatever its own size.
    `time`: seconds into the clip of the painted frame; None for pictures.
    """

    value: str
    confidence: int
    note: str = ""
    tags: Sequence[str] = ()
    region: bytes | None = None
    time: float | None = None


@dataclass(frozen=True)
class _LabelContext:
    """Circumstances stored with a label.

    `since`: start of the work on the case. `model_sha256`: model whose answer was revealed before the label,
    None for blind ones. `media_sha256`: kept file that the moderator saw.
    """

    case_id: int
    person: Person
    stage: Stage
    since: datetime
    model_sha256: str | None
    media_sha256: str | None


class LabellingService:
    """Stores labels and settles cases by `decision_rule`.

    Every method raises Refused with not_signed_in or not_allowed. Those that take a label also raise
    invalid_label, invalid_tag, invalid_note, note_too_long and invalid_region. `submit_blind` and
    `submit_final` raise claim_lost.
    """

    def __init__(self, log: CaseEvents, *, undo: timedelta = UNDO_PERIOD) -> None:
        """`undo`: period in which a moderator may withdraw their last label."""
        self._log = log
        self._undo = undo

    def submit_blind(self, person: Person | None, public_id: str, label: LabelInput) -> ModelAnswer:
        """Store the moderator's first label and return the model's answer, which they may see from now on.

        Raises Refused also with labelled_already.
        """
        moderator, mask = require(person, Role.MODERATOR), check_label(label)
        with self._log.transaction() as (session, record):
            queries.lock_cases(session)
            claim = require_claim(session, moderator, public_id)
            if queries.labels_of(session, claim.case_id, account_id=moderator.id):
                raise Refused("labelled_already", "You have labelled this case already.")
            _, media_sha256 = _shown_source(session, claim.case)
            context = _LabelContext(claim.case_id, moderator, Stage.BLIND, claim.taken_at, None, media_sha256)
            _add_label(session, _label_row(context, label, mask), claim.case, record)
            return model_answer(session, claim.case)

    def submit_final(self, person: Person | None, public_id: str, label: LabelInput | None = None) -> str:
        """Confirm the blind label (`label` is None) or replace it, release the claim and settle the case.

        Both labels stay stored. Return the case's state. Raises Refused also with not_labelled.
        """
        moderator = require(person, Role.MODERATOR)
        replacement = None if label is None else (label, check_label(label))
        with self._log.transaction() as (session, record):
            queries.lock_cases(session)
            claim = require_claim(session, moderator, public_id)
            case = queries.case_by_public_id(session, public_id, locked=True)
            own_labels = queries.labels_of(session, claim.case_id, account_id=moderator.id)
            if case is None or not own_labels or own_labels[-1].stage != Stage.BLIND:
                raise Refused("not_labelled", "Give your own label first.")
            context = _LabelContext(
                case.id, moderator, Stage.FINAL, claim.taken_at, *_shown_source(session, case)
            )
            row = _label_row(context, *(replacement or _repeat(own_labels[-1])))
            _add_label(session, row, case, record)
            session.delete(claim)
            session.flush()
            return _settle(session, case, record)

    def undo(self, person: Person | None, public_id: str) -> None:
        """Withdraw the person's last final label or adjudication, and the decision that rests on it.

        The blind label stands: the person has seen the answer and could not give another one blind.
        Raises Refused also with too_late.
        """
        moderator = require(person, Role.MODERATOR)
        with self._log.transaction() as (session, record):
            queries.lock_cases(session)
            case = queries.case_by_public_id(session, public_id, locked=True)
            own_labels = [] if case is None else queries.labels_of(session, case.id, account_id=moderator.id)
            revocable = [label for label in own_labels if label.stage != Stage.BLIND]
            if case is None or not revocable or revocable[-1].created_at < now() - self._undo:
                raise Refused("too_late", "This can no longer be undone.")
            moment = now()
            for label in revocable:
                label.withdrawn_at = moment
            details = {"labels": [label.id for label in revocable]}
            subject = case_subject(case.public_id)
            record(Event(user_actor(moderator.id), Action.CASE_UNDONE, subject, details))
            if case.gold is not None:
                return
            standing = queries.current_decision(session, case.id)
            if standing is not None:
                standing.undone_at = moment
            session.flush()
            _settle(session, case, record)

    def adjudicate(self, person: Person | None, public_id: str, label: LabelInput) -> None:
        """Decide a disputed case by an admin who has not labelled it.

        Raises Refused also with not_disputed and own_case.
        """
        admin, mask = require(person, Role.ADMIN), check_label(label)
        with self._log.transaction() as (session, record):
            queries.lock_cases(session)
            case = queries.case_by_public_id(session, public_id, locked=True)
            if case is None or case.state != CaseState.DISPUTED:
                raise Refused("not_disputed", "This case is not waiting for an adjudicator.")
            if queries.labels_of(session, case.id, account_id=admin.id):
                raise Refused("own_case", "You labelled this case yourself. Another admin must decide it.")
            context = _LabelContext(case.id, admin, Stage.ADJUDICATION, now(), *_shown_source(session, case))
            _add_label(session, _label_row(context, label, mask), case, record)
            _settle(session, case, record)


def check_label(label: LabelInput) -> Mask | None:
    """Return the painted region (H, W) of a valid label, None if nothing is painted.

    Raises Refused with invalid_label, invalid_tag, invalid_note, note_too_long or invalid_region.
    """
    if label.value not in set(LabelValue) or label.confidence not in CONFIDENCES:
        raise Refused(
            "invalid_label",
            f"A label must be one of {', '.join(LabelValue)}, its confidence 1 to {CONFIDENCES[-1]}.",
        )
    parse_tags(label.tags)
    check_note(label.note)
    return parse_region(label.region)


def _settle(session: Session, case: Case, record: RecordEvent) -> str:
    """Apply the decision rule, store a new decision, and return the case's state for its moderator.

    The stored state of a gold case never changes.
    """
    labels = [
        CountedLabel(label.account_id, Stage(label.stage), LabelValue(label.value))
        for label in queries.labels_of(session, case.id)
    ]
    status = apply_rule(labels, wanted=case.wanted, is_gold=case.gold is not None)
    if case.gold is not None:
        return status.state
    if status.outcome is not None and queries.current_decision(session, case.id) is None:
        session.add(_decision_row(session, case, status.outcome, record))
    case.state, case.wanted = status.state, status.wanted
    return status.state


def _decision_row(session: Session, case: Case, outcome: Outcome, record: RecordEvent) -> Decision:
    model_sha256, media_sha256 = _shown_source(session, case)
    details = {"value": str(outcome.value), "how": outcome.how, "model_sha256": model_sha256}
    record(Event(Actor.SYSTEM, Action.CASE_DECIDED, case_subject(case.public_id), details))
    return Decision(
        case_id=case.id,
        value=outcome.value,
        how=outcome.how,
        decided_at=now(),
        media_sha256=media_sha256,
    )


def _add_label(session: Session, label: Label, case: Case, record: RecordEvent) -> None:
    session.add(label)
    session.flush()
    action = Action.CASE_ADJUDICATED if label.stage == Stage.ADJUDICATION else Action.CASE_LABELLED
    details = {"label": label.id, "stage": str(label.stage), "value": str(label.value)}
    record(Event(user_actor(label.account_id), action, case_subject(case.public_id), details))


def _label_row(context: _LabelContext, label: LabelInput, mask: Mask | None) -> Label:
    moment = now()
    region = None
    if mask is not None:
        region = LabelRegion(width=mask.width, height=mask.height, time=label.time, png=mask.png)
    return Label(
        case_id=context.case_id,
        account_id=context.person.id,
        stage=context.stage,
        value=label.value,
        confidence=label.confidence,
        note=label.note,
        created_at=moment,
        seconds=(moment - context.since).total_seconds(),
        model_sha256=context.model_sha256,
        media_sha256=context.media_sha256,
        tags=[LabelTag(tag=tag) for tag in parse_tags(label.tags)],
        region=region,
    )


def _repeat(label: Label) -> tuple[LabelInput, Mask | None]:
    """Return the content of a stored label, so that it can be stored again at the final stage."""
    region, tags = label.region, [tag.tag for tag in label.tags]
    time = None if region is None else region.time
    mask = None if region is None else Mask(region.png, region.width, region.height)
    return LabelInput(label.value, label.confidence, label.note, tags, time=time), mask


def _shown_source(session: Session, case: Case) -> tuple[str, str | None]:
    """Return the sha256 of the model that judged the shown file, and of the file if it is kept."""
    item = queries.first_item(session, case.id)
    return item.analysis.model_sha256, queries.stored_media_sha256(session, item)
