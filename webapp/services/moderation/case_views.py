"""What a moderator may see of a case: before his own label the picture and where the face is, and nothing that anybody said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from webapp.db import case_queries as queries
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Case, CaseItem, Label
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, Role, Stage, Vote
from webapp.domain.errors import Refused
from webapp.media.masks import runs_of_mask
from webapp.services.accounts import Person, require
from webapp.services.analysis_records.subjects import subject_of
from webapp.services.moderation.claims import require_claim
from webapp.services.moderation.ranking import MAX_COUNTED_ITEMS

MAX_LOCATIONS = 24  # frames of a clip that are shown
LISTED = 200  # disputed cases

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class FaceLocation:
    """Where the face in question is: (x1, y1, x2, y2) in pixels of the upright original, and of a clip the frame's time in seconds."""

    box: Box
    time: float | None


@dataclass(frozen=True)
class CaseView:
    """A case, blind. `subject` 0 is the whole file: `spots` are then all its faces. `format` is None where the file is not kept.

    `labelled`: the person has given his blind label on it, so that `Argued` may follow. `until` the person holds it, if he does.
    """

    id: str
    kind: str
    format: str | None
    subject: int
    spots: tuple[FaceLocation, ...]
    labelled: bool = False
    until: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "until": None if self.until is None else self.until.isoformat()}


@dataclass(frozen=True)
class LabelView:
    """A label with its argument, without its author's name: `moderator` counts from 1. `runs` as in `mask_of_runs`."""

    moderator: int
    stage: str
    value: str
    confidence: int
    note: str
    tags: tuple[str, ...]
    region: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class QueueCounts:
    """How many cases wait for a label of the person, how many he has finished since midnight (UTC), how many wait for his decision."""

    waiting: int
    today: int
    disputed: int

    def to_json(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True)
class CaseMedia:
    """A kept file: which it is, what it is, how a JPEG is turned; and where in it the face is."""

    name: str
    format: str
    kind: str
    orientation: int
    subject: int
    spots: tuple[FaceLocation, ...]


@dataclass(frozen=True)
class ModelAnswer:
    """What is revealed: the model's answer for the case's subject, which model, and how many visitors said what of it."""

    fake_prob: float | None
    verdict: str | None
    model: str
    votes: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class CaseViewService:
    """Every method raises Refused: not_signed_in, not_allowed; those of one case also unknown_case or claim_lost."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def queue_counts(self, person: Person | None) -> QueueCounts:
        known = require(person, Role.MODERATOR)
        today = now().replace(hour=0, minute=0, second=0, microsecond=0)
        with self._sessions() as session:
            disputed = (
                queries.disputed_cases(session, known.id, limit=LISTED) if known.role == Role.ADMIN else ()
            )
            waiting = queries.count_waiting(session, known.id)
            return QueueCounts(waiting, queries.count_labelled(session, known.id, today), len(disputed))

    def claimed_case(self, person: Person | None, public_id: str) -> CaseView:
        """The case that the person holds."""
        known = require(person, Role.MODERATOR)
        with self._sessions() as session:
            claim = require_claim(session, known, public_id)
            given = queries.labels_of(session, claim.case_id, account_id=known.id)
            labelled = bool(given) and given[-1].stage == Stage.BLIND
            return replace(_seen(session, claim.case), labelled=labelled, until=claim.until)

    def next_case(self, person: Person | None, without: Sequence[str]) -> CaseView | None:
        """The case that will probably come next, so that its picture can be fetched; nobody holds it yet."""
        known = require(person, Role.MODERATOR)
        with self._sessions() as session:
            case = queries.following_case(session, known.id, without)
            return None if case is None else _seen(session, case)

    def media(self, person: Person | None, public_id: str) -> CaseMedia | None:
        """The file of a case that is open, or disputed and the person an admin; None where it is not kept."""
        known = require(person, Role.MODERATOR)
        with self._sessions() as session:
            case = queries.case_by_public_id(session, public_id)
            claim = queries.claim_of(session, known.id)
            holds = (
                case is not None and claim is not None and claim.case_id == case.id
            )  # a case with a known answer is decided already
            waits = case is not None and (
                case.state == CaseState.OPEN
                or (case.state == CaseState.DISPUTED and known.role == Role.ADMIN)
            )
            if case is None or not (holds or waits):
                raise unknown_case()
            item = queries.shown_item(session, case.id)
            consent = None if item is None else item.analysis.consent
            if item is None or consent is None or consent.media is None:
                return None
            media = consent.media
            return CaseMedia(
                media.name, media.format, media.kind, consent.orientation, item.subject, _spots(item)
            )

    def model_answer(self, person: Person | None, public_id: str) -> ModelAnswer:
        """For whoever has given his own label, and for an admin who decides. Raises Refused also with not_labelled."""
        known = require(person, Role.MODERATOR)
        with self._sessions() as session:
            case = queries.case_by_public_id(session, public_id)
            if case is None:
                raise unknown_case()
            decides = known.role == Role.ADMIN and case.state == CaseState.DISPUTED
            if not decides and not queries.labels_of(session, case.id, account_id=known.id):
                raise Refused("not_labelled", "Give your own label first.")
            return _answer(session, case)

    def own_label(self, person: Person | None, public_id: str) -> LabelView | None:
        """What the person said last on the case that he holds, for a page that was loaded anew."""
        known = require(person, Role.MODERATOR)
        with self._sessions() as session:
            claim = require_claim(session, known, public_id)
            given = queries.labels_of(session, claim.case_id, account_id=known.id)
            return _told(given[-1], 1) if given else None

    def next_dispute(self, person: Person | None, without: Sequence[str] = ()) -> str | None:
        """The public id of the disputed case that waits longest for the admin's decision."""
        known = require(person, Role.ADMIN)
        with self._sessions() as session:
            cases = queries.disputed_cases(session, known.id, limit=LISTED)
            return next((case.public_id for case in cases if case.public_id not in without), None)

    def dispute(self, person: Person | None, public_id: str) -> tuple[CaseView, tuple[LabelView, ...]]:
        """A disputed case, and all that moderators said of it, by number and not by name. Raises Refused also with not_disputed."""
        known = require(person, Role.ADMIN)
        with self._sessions() as session:
            case = queries.case_by_public_id(session, public_id)
            if case is None or case.state != CaseState.DISPUTED:
                raise Refused("not_disputed", "This case is not waiting for an adjudicator.")
            labels = queries.labels_of(session, case.id)
            if any(label.account_id == known.id for label in labels):
                raise Refused("own_case", "You have labelled this case yourself; somebody else must decide.")
            numbers = {
                account: place
                for place, account in enumerate(dict.fromkeys(label.account_id for label in labels), start=1)
            }
            return _seen(session, case), tuple(_told(label, numbers[label.account_id]) for label in labels)


def unknown_case() -> Refused:
    return Refused("unknown_case", "There is no such case, or it is not yours to see.")


def _seen(session: Session, case: Case) -> CaseView:
    item = queries.shown_item(session, case.id)
    if item is None:  # its last result was deleted just now
        raise unknown_case()
    consent = item.analysis.consent
    media = None if consent is None else consent.media
    return CaseView(
        case.public_id,
        item.analysis.kind,
        None if media is None else media.format,
        item.subject,
        _spots(item),
    )


def _answer(session: Session, case: Case) -> ModelAnswer:
    first = queries.first_item(session, case.id)
    analysis, subject = first.analysis, subject_of(first.analysis, first.subject)
    prob, verdict = (
        (analysis.fake_prob, analysis.verdict) if subject is None else (subject.fake_prob, subject.verdict)
    )
    votes = queries.votes_on(session, case.id, newest=MAX_COUNTED_ITEMS)
    return ModelAnswer(
        prob,
        verdict,
        f"{analysis.model_name} {analysis.model_version}",
        {vote.value: votes.count(vote) for vote in Vote},
    )


def _spots(item: CaseItem) -> tuple[FaceLocation, ...]:
    """Of a picture its face, or all of them; of a clip the person's face in up to MOST_SPOTS frames, evenly chosen."""
    analysis: Analysis = item.analysis
    if analysis.kind == "image":
        faces = [face for face in analysis.faces if item.subject in (0, face.number)]
        return tuple(FaceLocation((face.x1, face.y1, face.x2, face.y2), None) for face in faces)
    faces = [
        face
        for face in analysis.faces
        if face.time is not None and (item.subject == 0 or face.track == item.subject - 1)
    ]
    times = sorted({face.time for face in faces if face.time is not None})
    step = max(len(times) / MAX_LOCATIONS, 1)
    chosen = {times[int(place * step)] for place in range(min(len(times), MAX_LOCATIONS))}
    kept = sorted(
        (face for face in faces if face.time in chosen), key=lambda face: (face.time or 0, face.number)
    )
    return tuple(FaceLocation((face.x1, face.y1, face.x2, face.y2), face.time) for face in kept)


def _told(label: Label, moderator: int) -> LabelView:
    region = label.region
    painted = (
        None
        if region is None
        else {
            "width": region.width,
            "height": region.height,
            "time": region.time,
            "runs": runs_of_mask(region.png),
        }
    )
    tags = tuple(tag.tag for tag in label.tags)
    return LabelView(moderator, label.stage, label.value, label.confidence, label.note, tags, painted)
