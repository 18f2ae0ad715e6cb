"""Views of a case: blind before the moderator's own label, with the model's answer after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, field_serializer
from sqlalchemy.orm import Session

from laanet_core.types import Box
from webapp.db import case_queries as queries
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Case, CaseItem, Label
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, Role, Stage, Vote
from webapp.domain.errors import Refused
from webapp.media.masks import runs_of_mask
from webapp.services.accounts import Person, require
from webapp.services.analysis_records.subjects import faces_of, subject_of
from webapp.services.moderation.claims import require_claim
from webapp.services.moderation.ranking import MAX_COUNTED_ITEMS

# Frames of a clip that a moderator may open.
MAX_LOCATIONS = 24
# Disputed cases that an admin may page through.
MAX_DISPUTES = 200


class _FrozenModel(BaseModel):
    model_config = ConfigDict(frozen=True)


class FaceLocation(_FrozenModel):
    """Box (x1, y1, x2, y2) of a face in pixels of the upright original.

    `time` of a clip's frame in seconds, None for pictures.
    """

    box: Box
    time: float | None


class CaseView(_FrozenModel):
    """A case without any opinion about it.

    `subject` 0 is the whole file: `spots` are then all its faces. `format` is None if the file is not kept.
    `labelled`: the viewer has given their blind label. `until`: end of the viewer's claim.
    """

    id: str
    kind: str
    format: str | None
    subject: int
    spots: tuple[FaceLocation, ...]
    labelled: bool = False
    until: datetime | None = None

    @field_serializer("until")
    def _isoformat(self, until: datetime | None) -> str | None:
        return None if until is None else until.isoformat()


class RegionView(_FrozenModel):
    """Painted region in mask pixels; `runs` as in `masks.mask_of_runs`; `time` in seconds."""

    width: int
    height: int
    time: float | None
    runs: list[int]


class LabelView(_FrozenModel):
    """A label with its argument. `moderator` counts authors from 1 and replaces their name."""

    moderator: int
    stage: str
    value: str
    confidence: int
    note: str
    tags: tuple[str, ...]
    region: RegionView | None


class QueueCounts(_FrozenModel):
    """Cases that wait for the person, those they finished since midnight UTC, and their disputes."""

    waiting: int
    today: int
    disputed: int


class CaseMedia(_FrozenModel):
    """Kept file of a case: store name, format, kind and EXIF orientation, and the faces in question."""

    name: str
    format: str
    kind: str
    orientation: int
    subject: int
    spots: tuple[FaceLocation, ...]


class ModelAnswer(_FrozenModel):
    """The model's calibrated answer for the case's subject, its name and version, and visitors' votes."""

    fake_prob: float | None
    verdict: str | None
    model: str
    votes: dict[str, int]


class CaseViewService:
    """Reads cases for moderators and admins.

    Every method raises Refused with not_signed_in or not_allowed; methods for one case also raise
    unknown_case or claim_lost.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def queue_counts(self, person: Person | None) -> QueueCounts:
        moderator = require(person, Role.MODERATOR)
        today = now().replace(hour=0, minute=0, second=0, microsecond=0)
        with self._sessions() as session:
            disputed: Sequence[Case] = ()
            if moderator.role == Role.ADMIN:
                disputed = queries.disputed_cases(session, moderator.id, limit=MAX_DISPUTES)
            return QueueCounts(
                waiting=queries.count_open_cases(session, moderator.id),
                today=queries.count_labelled(session, moderator.id, today),
                disputed=len(disputed),
            )

    def claimed_case(self, person: Person | None, public_id: str) -> CaseView:
        """Return the case that the person has claimed."""
        moderator = require(person, Role.MODERATOR)
        with self._sessions() as session:
            claim = require_claim(session, moderator, public_id)
            labels = queries.labels_of(session, claim.case_id, account_id=moderator.id)
            labelled = bool(labels) and labels[-1].stage == Stage.BLIND
            view = _case_view(session, claim.case)
            return view.model_copy(update={"labelled": labelled, "until": claim.until})

    def next_case(self, person: Person | None, skipped: Sequence[str]) -> CaseView | None:
        """Return the case that the person will probably get next, so that its picture can be prefetched."""
        moderator = require(person, Role.MODERATOR)
        with self._sessions() as session:
            case = queries.upcoming_case(session, moderator.id, skipped)
            return None if case is None else _case_view(session, case)

    def media(self, person: Person | None, public_id: str) -> CaseMedia | None:
        """Return the kept file of a case that the person may see, None if it is not kept.

        A moderator may see open cases and the one they have claimed (a gold case counts as decided).
        An admin may also see disputed cases.
        """
        moderator = require(person, Role.MODERATOR)
        with self._sessions() as session:
            case = queries.case_by_public_id(session, public_id)
            if case is None or not _may_see(session, moderator, case):
                raise unknown_case()
            item = queries.displayed_item(session, case.id)
            consent = None if item is None else item.analysis.consent
            if item is None or consent is None or consent.media is None:
                return None
            media = consent.media
            return CaseMedia(
                name=media.name,
                format=media.format,
                kind=media.kind,
                orientation=consent.orientation,
                subject=item.subject,
                spots=_locations(item),
            )

    def model_answer(self, person: Person | None, public_id: str) -> ModelAnswer:
        """Return the model's answer to a moderator who has labelled the case, or an admin who decides it.

        Raises Refused also with not_labelled.
        """
        moderator = require(person, Role.MODERATOR)
        with self._sessions() as session:
            case = queries.case_by_public_id(session, public_id)
            if case is None:
                raise unknown_case()
            decides = moderator.role == Role.ADMIN and case.state == CaseState.DISPUTED
            if not decides and not queries.labels_of(session, case.id, account_id=moderator.id):
                raise Refused("not_labelled", "Give your own label first.")
            return model_answer(session, case)

    def own_label(self, person: Person | None, public_id: str) -> LabelView | None:
        """Return the person's latest label on the case that they have claimed, for a reloaded page."""
        moderator = require(person, Role.MODERATOR)
        with self._sessions() as session:
            claim = require_claim(session, moderator, public_id)
            labels = queries.labels_of(session, claim.case_id, account_id=moderator.id)
            return _label_view(labels[-1], 1) if labels else None

    def next_dispute(self, person: Person | None, skipped: Sequence[str] = ()) -> str | None:
        """Return the public id of the disputed case that has waited longest for the admin's decision."""
        admin = require(person, Role.ADMIN)
        with self._sessions() as session:
            cases = queries.disputed_cases(session, admin.id, limit=MAX_DISPUTES)
            return next((case.public_id for case in cases if case.public_id not in skipped), None)

    def dispute(self, person: Person | None, public_id: str) -> tuple[CaseView, tuple[LabelView, ...]]:
        """Return a disputed case and all its labels without their authors' names.

        Raises Refused also with not_disputed and own_case.
        """
        admin = require(person, Role.ADMIN)
        with self._sessions() as session:
            case = queries.case_by_public_id(session, public_id)
            if case is None or case.state != CaseState.DISPUTED:
                raise Refused("not_disputed", "This case is not waiting for an adjudicator.")
            labels = queries.labels_of(session, case.id)
            if any(label.account_id == admin.id for label in labels):
                raise Refused("own_case", "You labelled this case yourself. Another admin must decide it.")
            authors = list(dict.fromkeys(label.account_id for label in labels))
            views = tuple(_label_view(label, authors.index(label.account_id) + 1) for label in labels)
            return _case_view(session, case), views


def model_answer(session: Session, case: Case) -> ModelAnswer:
    """Return the stored answer for the case's subject and the visitors' latest votes on it."""
    first = queries.first_item(session, case.id)
    analysis, subject = first.analysis, subject_of(first.analysis, first.subject)
    judged = analysis if subject is None else subject
    votes = queries.latest_votes(session, case.id, newest=MAX_COUNTED_ITEMS)
    return ModelAnswer(
        fake_prob=judged.fake_prob,
        verdict=judged.verdict,
        model=f"{analysis.model_name} {analysis.model_version}",
        votes={vote.value: votes.count(vote) for vote in Vote},
    )


def unknown_case() -> Refused:
    return Refused("unknown_case", "There is no such case, or it is not yours to see.")


def _may_see(session: Session, moderator: Person, case: Case) -> bool:
    claim = queries.claim_of_account(session, moderator.id)
    if claim is not None and claim.case_id == case.id:
        return True
    return case.state == CaseState.OPEN or (case.state == CaseState.DISPUTED and moderator.role == Role.ADMIN)


def _case_view(session: Session, case: Case) -> CaseView:
    item = queries.displayed_item(session, case.id)
    # A visitor may delete the last result of a case at any moment.
    if item is None:
        raise unknown_case()
    consent = item.analysis.consent
    media = None if consent is None else consent.media
    return CaseView(
        id=case.public_id,
        kind=item.analysis.kind,
        format=None if media is None else media.format,
        subject=item.subject,
        spots=_locations(item),
    )


def _locations(item: CaseItem) -> tuple[FaceLocation, ...]:
    """Return the subject's faces in a picture, or in up to MAX_LOCATIONS evenly chosen frames of a clip."""
    analysis: Analysis = item.analysis
    faces = faces_of(analysis, item.subject)
    if analysis.kind == "image":
        return tuple(FaceLocation(box=(face.x1, face.y1, face.x2, face.y2), time=None) for face in faces)
    times = sorted({face.time for face in faces if face.time is not None})
    step = max(len(times) / MAX_LOCATIONS, 1)
    chosen = {times[int(place * step)] for place in range(min(len(times), MAX_LOCATIONS))}
    shown = [face for face in faces if face.time in chosen]
    shown.sort(key=lambda face: (face.time or 0, face.number))
    return tuple(FaceLocation(box=(face.x1, face.y1, face.x2, face.y2), time=face.time) for face in shown)


def _label_view(label: Label, moderator: int) -> LabelView:
    region = label.region
    painted = None
    if region is not None:
        painted = RegionView(
            width=region.width, height=region.height, time=region.time, runs=runs_of_mask(region.png)
        )
    return LabelView(
        moderator=moderator,
        stage=label.stage,
        value=label.value,
        confidence=label.confidence,
        note=label.note,
        tags=tuple(tag.tag for tag in label.tags),
        region=painted,
    )
