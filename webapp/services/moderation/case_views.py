"""Views of a case: blind before the moderator's own label, with the model's answer after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from pydantic import BaseModel, ConfigDict, field_serializer
from sqlalchemy.orm import Session

from laanet_core.results import Conflict, FaceQuality
from laanet_core.types import Box
from webapp.db import case_queries as queries
from webapp.db.case_visibility import Viewer
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Case, CaseItem, Label
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, Role, Stage, Vote
from webapp.domain.errors import Refused
from webapp.media.masks import runs_of_mask
from webapp.services.accounts import Person, require
from webapp.services.analysis_records.rows import provenance_of, quality_of
from webapp.services.analysis_records.subjects import (
    faces_of,
    judged_faces_of,
    original_size,
    subject_of,
)
from webapp.services.moderation.case_rows import viewer_of
from webapp.services.moderation.claims import require_claim
from webapp.services.moderation.decision_rule import UNDO_PERIOD
from webapp.services.moderation.ranking import MAX_COUNTED_ITEMS
from webapp.texts import ENGLISH
from webapp.texts.provenance_sentences import view_of

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


class JudgedFace(FaceLocation):
    """Location of a face that has a score; `quality` is None for faces from before it was stored."""

    quality: FaceQuality | None


class CaseView(_FrozenModel):
    """A case without any opinion about it.

    `spots` are the faces in question, `size` is the upright original's (width, height). `subject` is
    the number of a face or person; 0 is the whole file, and
    then `spots` has all faces. `format` is None if the file is not kept. `labelled` is true after the viewer
    has submitted their blind label. `until` is the end of the viewer's claim.
    """

    id: str
    kind: str
    format: str | None
    subject: int
    spots: tuple[FaceLocation, ...]
    size: tuple[int, int] | None = None
    labelled: bool = False
    until: datetime | None = None

    @field_serializer("until")
    def _isoformat(self, until: datetime | None) -> str | None:
        return None if until is None else until.isoformat()


class RegionView(_FrozenModel):
    """Region that a moderator painted.

    `width` and `height` are the mask's own size in pixels. `runs` are lengths of runs as in
    `masks.mask_of_runs`. `time` is that of a clip's frame in seconds, None for pictures.
    """

    width: int
    height: int
    time: float | None
    runs: list[int]


class LabelView(_FrozenModel):
    """A label with its reasons. `moderator` is a number counted from 1 that stands for the author's name."""

    moderator: int
    stage: str
    value: str
    confidence: int
    note: str
    tags: tuple[str, ...]
    region: RegionView | None


class QueueCounts(_FrozenModel):
    """Numbers of cases for one person.

    `waiting`: open cases that they may label, the claimed one included. `today`: cases that they finished
    since midnight UTC.
    `disputed`: cases that they may adjudicate, 0 for moderators.
    """

    waiting: int
    today: int
    disputed: int


class CaseMedia(_FrozenModel):
    """Kept file of a case: store name, format, kind and EXIF orientation, and the faces in question.

    `size` is the (width, height) of the upright original, to which the faces' boxes refer.
    `judged_faces` are those of the subject's faces that have a score, in all frames.
    """

    name: str
    format: str
    kind: str
    orientation: int
    subject: int
    spots: tuple[FaceLocation, ...]
    judged_faces: tuple[JudgedFace, ...]
    size: tuple[int, int] | None = None


class ModelAnswer(_FrozenModel):
    """The model's calibrated answer for the case's subject, its name and version, and visitors' votes.

    `provenance` are sentences on what the file says about its own origin, contradictions included.
    """

    fake_prob: float | None
    verdict: str | None
    model: str
    votes: dict[str, int]
    provenance: tuple[str, ...] = ()


class CaseViewService:
    """Reads cases for moderators and admins.

    Every method raises Refused with not_signed_in or not_allowed; methods for one case also raise
    unknown_case or claim_lost.
    """

    def __init__(self, sessions: Sessions, *, undo: timedelta = UNDO_PERIOD) -> None:
        """`undo`: time for which a decision can be undone."""
        self._sessions = sessions
        self._undo_period = undo

    def queue_counts(self, person: Person | None) -> QueueCounts:
        """Return the numbers of cases that the desk shows to the person."""
        moderator = require(person, Role.MODERATOR)
        midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
        with self._sessions() as session:
            disputed: Sequence[Case] = ()
            if moderator.role == Role.ADMIN:
                disputed = queries.disputed_cases(session, moderator.id, limit=MAX_DISPUTES)
            return QueueCounts(
                waiting=queries.count_takeable_cases(session, moderator.id, now()),
                today=queries.count_labelled(session, moderator.id, midnight),
                disputed=len(disputed),
            )

    def claimed_case(self, person: Person | None, public_id: str) -> CaseView:
        """Return the case that the person has claimed."""
        moderator = require(person, Role.MODERATOR)
        with self._sessions() as session:
            claim = require_claim(session, moderator, public_id)
            labels = queries.labels_of(session, claim.case_id, account_id=moderator.id)
            has_blind_label = bool(labels) and labels[-1].stage == Stage.BLIND
            view = case_view(session, claim.case)
            return view.model_copy(update={"labelled": has_blind_label, "until": claim.until})

    def next_case(self, person: Person | None, skipped: Sequence[str]) -> CaseView | None:
        """Return the case that the person will probably get next, so that its picture can be prefetched.

        `skipped`: public ids of cases that the person skipped.
        """
        moderator = require(person, Role.MODERATOR)
        with self._sessions() as session:
            case = queries.upcoming_case(session, moderator.id, skipped)
            return None if case is None else case_view(session, case)

    def media(self, person: Person | None, public_id: str) -> CaseMedia | None:
        """Return the kept file of a case that the person may see, None if it is not kept.

        A moderator may see open cases, the one they have claimed, those they have labelled, and settled ones
        (`Viewer.is_settled`). An admin may also see disputed cases.
        """
        moderator = require(person, Role.MODERATOR)
        with self._sessions() as session:
            case = queries.case_by_public_id(session, public_id)
            viewer = viewer_of(moderator, self._undo_period)
            if case is None or not _may_see(session, viewer, case):
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
                judged_faces=_judged_faces(item),
                size=original_size(item.analysis),
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
            is_adjudicator = moderator.role == Role.ADMIN and case.state == CaseState.DISPUTED
            own_labels = queries.labels_of(session, case.id, account_id=moderator.id)
            if not own_labels and not is_adjudicator:
                raise Refused("not_labelled", "Give your own label first.")
            return model_answer(session, case)

    def own_label(self, person: Person | None, public_id: str) -> LabelView | None:
        """Return the person's latest label on the case that they have claimed, None before the first.

        The desk restores it after the moderator reloads the page.
        """
        moderator = require(person, Role.MODERATOR)
        with self._sessions() as session:
            claim = require_claim(session, moderator, public_id)
            labels = queries.labels_of(session, claim.case_id, account_id=moderator.id)
            return label_view(labels[-1], moderator=1) if labels else None

    def next_dispute(self, person: Person | None, skipped: Sequence[str] = ()) -> str | None:
        """Return the public id of the disputed case that has waited longest for the admin's decision.

        None if there is none but the `skipped` ones (public ids).
        """
        admin = require(person, Role.ADMIN)
        with self._sessions() as session:
            cases = queries.disputed_cases(session, admin.id, limit=MAX_DISPUTES)
            for case in cases:
                if case.public_id not in skipped:
                    return case.public_id
            return None

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
            # Authors are numbered in the order of their first label.
            author_numbers: dict[int, int] = {}
            views = []
            for label in labels:
                number = author_numbers.setdefault(label.account_id, len(author_numbers) + 1)
                views.append(label_view(label, moderator=number))
            return case_view(session, case), tuple(views)


def model_answer(session: Session, case: Case) -> ModelAnswer:
    """Return the stored answer for the case's subject, and the visitors' latest votes on it.

    If the subject has no score of its own, the answer is that for the whole file.
    """
    first = queries.first_item(session, case.id)
    analysis = first.analysis
    subject = subject_of(analysis, first.subject)
    judged = analysis if subject is None else subject
    votes = queries.latest_votes(session, case.id, newest=MAX_COUNTED_ITEMS)
    return ModelAnswer(
        fake_prob=judged.fake_prob,
        verdict=judged.verdict,
        model=f"{analysis.model_name} {analysis.model_version}",
        votes={vote.value: votes.count(vote) for vote in Vote},
        provenance=_provenance_sentences(analysis),
    )


def _provenance_sentences(analysis: Analysis) -> tuple[str, ...]:
    """Return what the file says about its own origin; the desk has English texts only."""
    conflict = cast(Conflict | None, analysis.conflict)
    view = view_of(provenance_of(analysis), conflict, ENGLISH.provenance)
    if view is None:
        return ()
    return (view.headline, *view.sentences) if view.headline else view.sentences


def unknown_case() -> Refused:
    return Refused("unknown_case", "There is no such case, or it is not yours to see.")


def _may_see(session: Session, viewer: Viewer, case: Case) -> bool:
    claim = queries.claim_of_account(session, viewer.account_id)
    if claim is not None and claim.case_id == case.id:
        return True
    if case.state == CaseState.OPEN or viewer.is_settled(case):
        return True
    if viewer.is_admin and case.state == CaseState.DISPUTED:
        return True
    return bool(queries.labels_of(session, case.id, account_id=viewer.account_id))


def case_view(session: Session, case: Case) -> CaseView:
    """Return the view of a case. Raises Refused with unknown_case if its last result is deleted."""
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
        size=original_size(item.analysis),
    )


def _locations(item: CaseItem) -> tuple[FaceLocation, ...]:
    """Return the subject's faces in a picture, or in up to MAX_LOCATIONS evenly chosen frames of a clip."""
    analysis: Analysis = item.analysis
    faces = faces_of(analysis, item.subject)
    if analysis.kind == "image":
        return tuple(FaceLocation(box=(face.x1, face.y1, face.x2, face.y2), time=None) for face in faces)
    frame_times = sorted({face.time for face in faces if face.time is not None})
    chosen_times = set(_evenly_chosen(frame_times, MAX_LOCATIONS))
    faces_to_show = [face for face in faces if face.time in chosen_times]
    faces_to_show.sort(key=lambda face: (face.time or 0, face.number))
    return tuple(
        FaceLocation(box=(face.x1, face.y1, face.x2, face.y2), time=face.time) for face in faces_to_show
    )


def _judged_faces(item: CaseItem) -> tuple[JudgedFace, ...]:
    return tuple(
        JudgedFace(box=(face.x1, face.y1, face.x2, face.y2), time=face.time, quality=quality_of(face))
        for face in judged_faces_of(item.analysis, item.subject)
    )


def _evenly_chosen(values: Sequence[float], count: int) -> list[float]:
    """Return `count` values at even distances, or all if there are no more than `count`."""
    if len(values) <= count:
        return list(values)
    step = len(values) / count
    return [values[int(index * step)] for index in range(count)]


def label_view(label: Label, moderator: int) -> LabelView:
    """Return a label as the desk shows it. `moderator` is the number that stands for its author."""
    region = label.region
    region_view = None
    if region is not None:
        region_view = RegionView(
            width=region.width, height=region.height, time=region.time, runs=runs_of_mask(region.png)
        )
    return LabelView(
        moderator=moderator,
        stage=label.stage,
        value=label.value,
        confidence=label.confidence,
        note=label.note,
        tags=tuple(tag.tag for tag in label.tags),
        region=region_view,
    )
