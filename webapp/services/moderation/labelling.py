"""Labels of moderators: blind first, final after the reveal, adjudication of disputes, undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from webapp.db import case_queries as queries
from webapp.db import case_summaries
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
from webapp.services.moderation.decision_rule import UNDO_PERIOD, CountedLabel, Outcome, apply_rule

# Degrees of confidence: 1 is a guess, 3 is certain.
CONFIDENCES = (1, 2, 3)


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

    `since` is the time at which the person's work on the case began. `model_sha256` is the model whose answer
    the person had seen before, None for blind labels. `media_sha256` is the kept file that they saw, None if
    none is kept.
    """

    case_id: int
    person: Person
    stage: Stage
    since: datetime
    model_sha256: str | None
    media_sha256: str | None


class LabellingService:
    """Stores labels and settles cases by `decision_rule`.

    Every method raises Refused with not_signed_in or not_allowed. Methods with a `label` parameter also raise
    it with invalid_label, invalid_tag, invalid_note, note_too_long or invalid_region. `submit_blind` and
    `submit_final` also raise it with claim_lost.
    """

    def __init__(self, log: CaseEvents, *, undo: timedelta = UNDO_PERIOD) -> None:
        """`undo`: see UNDO_PERIOD."""
        self._log = log
        self._undo_period = undo

    def submit_blind(self, person: Person | None, public_id: str, label: LabelInput) -> ModelAnswer:
        """Store the moderator's first label and return the model's answer, which they may see from now on.

        Raises Refused also with labelled_already.
        """
        moderator = require(person, Role.MODERATOR)
        mask = check_label(label)
        with self._log.transaction() as (session, record):
            queries.lock_cases(session)
            claim = require_claim(session, moderator, public_id)
            if queries.labels_of(session, claim.case_id, account_id=moderator.id):
                raise Refused("labelled_already", "You have labelled this case already.")
            _, media_sha256 = _source_hashes(session, claim.case)
            context = _LabelContext(
                case_id=claim.case_id,
                person=moderator,
                stage=Stage.BLIND,
                since=claim.taken_at,
                model_sha256=None,
                media_sha256=media_sha256,
            )
            _add_label(session, _label_row(context, label, mask), claim.case, record)
            return model_answer(session, claim.case)

    def submit_final(self, person: Person | None, public_id: str, label: LabelInput | None = None) -> str:
        """Store the moderator's final label, release the claim and settle the case. Return the case's state.

        `label` is None if the final label repeats the blind one. Both labels stay stored. Raises Refused also
        with not_labelled.
        """
        moderator = require(person, Role.MODERATOR)
        mask = None if label is None else check_label(label)
        with self._log.transaction() as (session, record):
            queries.lock_cases(session)
            claim = require_claim(session, moderator, public_id)
            case = queries.case_by_public_id(session, public_id, locked=True)
            own_labels = queries.labels_of(session, claim.case_id, account_id=moderator.id)
            has_blind_label = bool(own_labels) and own_labels[-1].stage == Stage.BLIND
            if case is None or not has_blind_label:
                raise Refused("not_labelled", "Give your own label first.")
            if label is None:
                label, mask = _stored_content(own_labels[-1])
            model_sha256, media_sha256 = _source_hashes(session, case)
            context = _LabelContext(
                case_id=case.id,
                person=moderator,
                stage=Stage.FINAL,
                since=claim.taken_at,
                model_sha256=model_sha256,
                media_sha256=media_sha256,
            )
            _add_label(session, _label_row(context, label, mask), case, record)
            session.delete(claim)
            session.flush()
            return _settle(session, case, record)

    def undo(self, person: Person | None, public_id: str) -> None:
        """Withdraw the person's final labels or adjudication of a case, and the decision that rests on them.

        The blind label stays: the person has seen the model's answer and cannot give another label blindly.
        Raises Refused also with too_late.
        """
        moderator = require(person, Role.MODERATOR)
        with self._log.transaction() as (session, record):
            queries.lock_cases(session)
            case = queries.case_by_public_id(session, public_id, locked=True)
            own_labels = [] if case is None else queries.labels_of(session, case.id, account_id=moderator.id)
            revocable = [label for label in own_labels if label.stage != Stage.BLIND]
            if case is None or not revocable:
                raise _too_late()
            moment = now()
            if revocable[-1].created_at < moment - self._undo_period:
                raise _too_late()
            for label in revocable:
                label.withdrawn_at = moment
            details = {"labels": [label.id for label in revocable]}
            subject = case_subject(case.public_id)
            record(Event(user_actor(moderator.id), Action.CASE_UNDONE, subject, details))
            if case.gold is not None:
                return
            decision = queries.current_decision(session, case.id)
            if decision is not None:
                decision.undone_at = moment
            session.flush()
            _settle(session, case, record)

    def adjudicate(self, person: Person | None, public_id: str, label: LabelInput) -> None:
        """Decide a disputed case by the label of an admin who has not labelled it before.

        Raises Refused also with not_disputed and own_case.
        """
        admin = require(person, Role.ADMIN)
        mask = check_label(label)
        with self._log.transaction() as (session, record):
            queries.lock_cases(session)
            case = queries.case_by_public_id(session, public_id, locked=True)
            if case is None or case.state != CaseState.DISPUTED:
                raise Refused("not_disputed", "This case is not waiting for an adjudicator.")
            if queries.labels_of(session, case.id, account_id=admin.id):
                raise Refused("own_case", "You labelled this case yourself. Another admin must decide it.")
            model_sha256, media_sha256 = _source_hashes(session, case)
            context = _LabelContext(
                case_id=case.id,
                person=admin,
                stage=Stage.ADJUDICATION,
                since=now(),
                model_sha256=model_sha256,
                media_sha256=media_sha256,
            )
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
    """Apply the decision rule, store a new decision, and return the state that the moderator sees.

    For a gold case the two states differ: the stored one never changes.
    """
    labels = [
        CountedLabel(label.account_id, Stage(label.stage), LabelValue(label.value))
        for label in queries.labels_of(session, case.id)
    ]
    status = apply_rule(labels, required_votes=case.wanted, is_gold=case.gold is not None)
    if case.gold is not None:
        return status.state
    if status.outcome is not None and queries.current_decision(session, case.id) is None:
        session.add(_decision_row(session, case, status.outcome, record))
    case.state = status.state
    case.wanted = status.required_votes
    case_summaries.refresh(session, [case.id])
    return status.state


def _decision_row(session: Session, case: Case, outcome: Outcome, record: RecordEvent) -> Decision:
    """Return the row of a decision and audit it."""
    model_sha256, media_sha256 = _source_hashes(session, case)
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
    """Store a label and audit it."""
    session.add(label)
    session.flush()
    action = Action.CASE_ADJUDICATED if label.stage == Stage.ADJUDICATION else Action.CASE_LABELLED
    details = {"label": label.id, "stage": str(label.stage), "value": str(label.value)}
    record(Event(user_actor(label.account_id), action, case_subject(case.public_id), details))


def _label_row(context: _LabelContext, label: LabelInput, mask: Mask | None) -> Label:
    """Return the row of a valid label. `mask` is its painted region from `check_label`."""
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


def _stored_content(label: Label) -> tuple[LabelInput, Mask | None]:
    """Return the content of a stored label, so that it can be stored again at the final stage."""
    region = label.region
    content = LabelInput(
        value=label.value,
        confidence=label.confidence,
        note=label.note,
        tags=[tag.tag for tag in label.tags],
        time=None if region is None else region.time,
    )
    mask = None if region is None else Mask(region.png, region.width, region.height)
    return content, mask


def _too_late() -> Refused:
    return Refused("too_late", "This can no longer be undone.")


def _source_hashes(session: Session, case: Case) -> tuple[str, str | None]:
    """Return two sha256: of the model that judged the file of the case, and of the file if it is kept."""
    item = queries.first_item(session, case.id)
    return item.analysis.model_sha256, queries.stored_media_sha256(session, item)
