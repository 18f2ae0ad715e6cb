"""Cards of the faces of a photo or the persons of a clip: the evidence for each verdict, in close-up."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from laanet_core.decision import DecisionConfig
from laanet_core.inference.close_up import CloseUp, close_up
from laanet_core.inference.heatmap_peaks import vulnerable_points
from laanet_core.inference.key_frames import Moment
from laanet_core.inference.unjudged_tracks import unjudged_tracks
from laanet_core.results import AnalysisResult, FaceResult, NotJudgedReason, TrackResult, Verdict, size_text
from webapp.texts import Texts
from webapp.texts.formats import capitalised
from webapp.texts.sentences import fake_part_of, person_sentences, subject_name, verdict_phrase
from webapp.ui.render.faces import face_table
from webapp.ui.render.gauge import Gauge, gauge
from webapp.ui.render.picture import HEAT_OPACITY, data_uri
from webapp.ui.render.reliability import StabilityRow
from webapp.ui.templating import render

# Up to this number of cards all are shown in full. More are a crowd.
MAX_FULL_CARDS = 6
# Cards of a crowd that are shown before the others unfold: those with the highest scores.
CROWD_CARDS = 4
# Sides of a close-up in pixels, in full and in a crowd.
_SIDE, _CROWD_SIDE = 320, 144
# Parts of a close-up in which the words of a trace's place change: three columns and three rows.
_THIRDS = 3
# Most places that a card names.
_MAX_PLACES = 3


@dataclass(frozen=True)
class CloseUpImages:
    """Images of one close-up as data URIs. `heat` is "" without a heatmap.

    `points` are the places of the vulnerable points as CSS. `places` are the codes of the parts of the face
    with the strongest traces, such as `top-left`, strongest first.
    """

    crop: str
    heat: str
    points: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True)
class CardSubject:
    """Face of a photo or person of a clip, as its card shows it.

    `number` counts from 1. `images` is None for a person who is on none of the shown moments. `detail` is the
    face's size in pixels, or what a person's score stands for. `is_partly_fake`: a person looks manipulated
    in a part of the clip; the score is then that of the most suspicious passage.
    """

    number: int
    verdict: Verdict | None
    fake_prob: float | None
    not_judged: NotJudgedReason | None
    detail: str
    images: CloseUpImages | None
    is_partly_fake: bool = False


@dataclass(frozen=True)
class CardNotes:
    """Findings that arrive after the result. `rows` and `reliability` are by the number of the subject.

    `is_waiting`: the stability check still runs. `has_picture`: the page shows the picture of the faces.
    `has_heatmaps`: there are heatmaps, so that the cards can say what the verdicts rest on.
    """

    rows: Mapping[int, StabilityRow] = dataclasses.field(default_factory=dict)
    reliability: Mapping[int, str] = dataclasses.field(default_factory=dict)
    is_waiting: bool = False
    has_picture: bool = True
    has_heatmaps: bool = True


@dataclass(frozen=True)
class _Card:
    """Everything that the template needs of one subject."""

    subject: CardSubject
    name: str
    phrase: str
    reason: str
    gauge: Gauge | None
    row: StabilityRow | None
    reliability: str


def photo_images(photo: Moment) -> dict[int, CloseUpImages]:
    """Return the close-ups of all faces of a photo by number."""
    side = _SIDE if len(photo.faces) <= MAX_FULL_CARDS else _CROWD_SIDE
    return {number: _images(photo, face, side) for number, face in enumerate(photo.faces, start=1)}


def clip_images(moments: Sequence[Moment]) -> dict[int, CloseUpImages]:
    """Return a close-up of every person of a clip's shown moments by number, each at their highest score."""
    highest: dict[int, tuple[float, Moment, FaceResult]] = {}
    for moment in moments:
        for face in moment.faces:
            number = (face.track or 0) + 1
            score = -1.0 if face.fake_prob is None else face.fake_prob
            if number not in highest or score > highest[number][0]:
                highest[number] = (score, moment, face)
    side = _SIDE if len(highest) <= MAX_FULL_CARDS else _CROWD_SIDE
    return {number: _images(moment, face, side) for number, (_, moment, face) in sorted(highest.items())}


def subjects_of(
    result: AnalysisResult, images: Mapping[int, CloseUpImages], texts: Texts
) -> list[CardSubject]:
    """Return the subjects of a result in the order of their numbers.

    `result` has the verdicts after the stability check.
    """
    if result.kind == "image":
        return [
            CardSubject(
                number,
                face.verdict,
                face.fake_prob,
                face.not_judged,
                detail=texts.face_size.format(size=size_text(face.box)),
                images=images.get(number),
            )
            for number, face in enumerate(result.faces, start=1)
        ]
    subjects = [_person(result, track, images, texts) for track in result.tracks]
    for track in unjudged_tracks(result):
        number = track.track + 1
        subjects.append(CardSubject(number, None, None, track.reason, detail="", images=images.get(number)))
    return sorted(subjects, key=lambda subject: subject.number)


def face_cards(
    result: AnalysisResult,
    subjects: Sequence[CardSubject],
    decision: DecisionConfig,
    notes: CardNotes,
    texts: Texts,
    *,
    is_sample: bool = False,
) -> Markup:
    """Return a card for every subject, and a table with all numbers; "" without subjects.

    A sample has no title, no table and no way to a picture. Of a crowd, the cards with the highest
    scores come first and the others unfold.
    """
    if not subjects:
        return Markup("")
    is_crowd = len(subjects) > MAX_FULL_CARDS
    ordered = sorted(subjects, key=_rank) if is_crowd else subjects
    cards = [_card(subject, result, decision, notes, texts) for subject in ordered]
    shown = CROWD_CARDS if is_crowd else len(cards)
    return render(
        "cards.jinja",
        cards=cards[:shown],
        more=cards[shown:],
        is_crowd=is_crowd,
        is_sample=is_sample,
        is_clip=result.kind == "video",
        is_waiting=notes.is_waiting,
        has_picture=notes.has_picture and result.kind == "image" and not is_sample,
        has_heat=any(card.subject.images is not None and card.subject.images.heat for card in cards),
        table=face_table(result, texts),
        texts=texts,
    )


def _person(
    result: AnalysisResult, track: TrackResult, images: Mapping[int, CloseUpImages], texts: Texts
) -> CardSubject:
    """Return a person with the verdict and score of the clip, or of its most suspicious fake passage."""
    shown = fake_part_of(result, track) or track
    number = track.track + 1
    return CardSubject(
        number,
        shown.verdict,
        shown.fake_prob,
        None,
        detail=" ".join(person_sentences(result, track, texts)),
        images=images.get(number),
        is_partly_fake=shown is not track,
    )


def _rank(subject: CardSubject) -> tuple[float, int]:
    """Order subjects by score, the highest first, those without a score last."""
    return (1.0 if subject.fake_prob is None else -subject.fake_prob, subject.number)


def _card(
    subject: CardSubject, result: AnalysisResult, decision: DecisionConfig, notes: CardNotes, texts: Texts
) -> _Card:
    name = subject_name(subject.number, result.kind, texts)
    phrase = verdict_phrase(subject.verdict, texts, not_judged=subject.not_judged)
    if subject.is_partly_fake:
        phrase = texts.partly_fake
    return _Card(
        subject=subject,
        name=name,
        phrase=capitalised(phrase),
        reason=_reason(subject, notes, texts),
        gauge=None if subject.fake_prob is None else gauge(subject.fake_prob, decision, texts),
        row=notes.rows.get(subject.number),
        reliability=notes.reliability.get(subject.number, ""),
    )


def _reason(subject: CardSubject, notes: CardNotes, texts: Texts) -> str:
    """Return in words what the verdict rests on, or why there is none; "" if its heatmap is not at hand."""
    if subject.not_judged is not None:
        return texts.not_judged_reasons[subject.not_judged]
    if subject.fake_prob is None:
        return texts.cautions["not_all_faces"]
    if not notes.has_heatmaps:
        return ""
    if subject.images is None:
        return texts.not_in_moments
    places = texts.list_separator.join(texts.face_parts[place] for place in subject.images.places)
    spots = "spots" if places else "no_spots"
    return texts.reasons[f"{spots}_{subject.verdict}"].format(places=places)


def _images(moment: Moment, face: FaceResult, side: int) -> CloseUpImages:
    shown = close_up(moment.rgb, face, side)
    crop = data_uri(shown.crop, ".jpg")
    if face.heatmap is None:
        return CloseUpImages(crop, "", (), ())
    inside = _places_inside(face, shown)
    return CloseUpImages(
        crop=crop,
        heat=data_uri(shown.with_heat(HEAT_OPACITY), ".jpg"),
        points=tuple(f"left:{x:.2%};top:{y:.2%}" for x, y in inside),
        places=tuple(dict.fromkeys(_place_code(x, y) for x, y in inside))[:_MAX_PLACES],
    )


def _places_inside(face: FaceResult, shown: CloseUp) -> list[tuple[float, float]]:
    """Return the vulnerable points inside a close-up as shares of its side, strongest first."""
    assert face.heatmap is not None
    left, top, right, _ = shown.square
    side = right - left
    places = [((point.x - left) / side, (point.y - top) / side) for point in vulnerable_points(face.heatmap)]
    return [(x, y) for x, y in places if 0 <= x <= 1 and 0 <= y <= 1]


def _place_code(x: float, y: float) -> str:
    """Return the part of the close-up at shares (x, y) of its side."""
    column = ("left", "middle", "right")[min(int(x * _THIRDS), _THIRDS - 1)]
    row = ("top", "middle", "bottom")[min(int(y * _THIRDS), _THIRDS - 1)]
    return f"{row}-{column}"
