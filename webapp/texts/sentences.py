"""Sentences composed from the catalogue, shared by the pages and the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from laanet_core.decision import fake_part
from laanet_core.inference.key_frames import longest_fake
from laanet_core.inference.stable_verdicts import finding, variants_with
from laanet_core.inference.unjudged_tracks import unjudged_tracks
from laanet_core.media.other_types import named_type
from laanet_core.results import (
    AnalysisResult,
    Coverage,
    FaceResult,
    Kind,
    Segment,
    Stability,
    TrackResult,
    Verdict,
)
from webapp.texts.counting import counted
from webapp.texts.formats import number_text, share_text
from webapp.texts.schema import Texts

# Most segments of a video that its title names.
_TITLE_SEGMENTS = 2
# Length in seconds from which on times are stated in whole seconds.
_LONG_SECONDS = 10

# Track number, time in seconds and verdict of one face in one frame.
JudgedFrame = tuple[int | None, float | None, Verdict | None]


def error_sentence(code: str, message: str, texts: Texts) -> str:
    """Return why a file was not judged, with its type if the library's `message` names an unsupported one."""
    named = named_type(message) if code == "unsupported_type" else None
    if named is None or named.name not in texts.file_types or named.advice not in texts.file_advice:
        return texts.errors.get(code, message)
    name = texts.file_types[named.name]
    if named.detail:
        name = f"{name} ({named.detail})"
    return texts.unsupported_file.format(type=name, advice=texts.file_advice[named.advice])


@dataclass(frozen=True)
class ResultSummary:
    """Facts that the headline of a result states.

    `state` is the verdict, or the outcome if there is no verdict, or "unstable" if the verdict changes under
    compression, resizing or mirroring. `verdicts` are those of the faces of a photo or the persons of a
    video, in order; a person who looks manipulated in a part of the video counts as fake. `frames` and
    `tracks` describe a video: every judged face, and the track number of every person with a verdict;
    `unjudged` counts the persons or faces without one. `segments` and `coverage` do too; older stored results
    have none.
    """

    kind: Kind
    state: str
    verdicts: tuple[Verdict | None, ...]
    error_code: str | None = None
    error_message: str = ""
    cautions: tuple[str, ...] = ()
    frames: tuple[JudgedFrame, ...] = ()
    tracks: tuple[int, ...] = ()
    segments: tuple[Segment, ...] = ()
    coverage: Coverage | None = None
    unjudged: int = 0

    @property
    def colour(self) -> str:
        """Return the verdict or outcome whose colour the headline has."""
        return "inconclusive" if self.state == "unstable" else self.state

    def title(self, texts: Texts) -> str:
        """Return the result in one phrase, with the number of faces or persons if only some decide it."""
        title, _ = texts.outcomes[self.state]
        if self._is_partly_fake():
            return texts.part_fake.format(segments=self._fake_segments(texts, limit=_TITLE_SEGMENTS))
        is_fake_of_several = self.state == "fake" and len(self.verdicts) > 1
        if not is_fake_of_several and not self._is_partly_inconclusive():
            return title
        template = texts.some_persons if self.kind == "video" else texts.some_faces
        subject = template.format(some=self._count(self.colour), count=len(self.verdicts))
        return texts.labelled.format(label=title, value=subject)

    def sentences(self, texts: Texts) -> list[str]:
        """Return the explanation, then every other sentence that a reader needs to judge the result."""
        _, explanation = texts.outcomes[self.state]
        if self.error_code is not None:
            explanation = error_sentence(self.error_code, self.error_message, texts)
        sentences = [explanation] if explanation else []
        sentences += [texts.cautions[caution] for caution in self.cautions]
        if self._has_other_verdicts():
            sentences.append(self._other_verdicts(texts))
        judged = len(self.verdicts) - self._count(None)
        if self.unjudged and judged:
            template = texts.unjudged_persons if self.kind == "video" else texts.unjudged_faces
            sentences.append(template.format(some=self.unjudged, count=judged + self.unjudged))
        passages = self._fake_interval(texts)
        # The title names a few segments itself.
        if self.segments and not (self._is_partly_fake() and self._fake_count() <= _TITLE_SEGMENTS):
            phrase = self._fake_segments(texts)
            passages = texts.fake_segments.format(segments=phrase) if phrase else ""
        if passages:
            sentences.append(passages)
        if self.coverage is not None:
            sentences.append(_coverage_sentence(self.coverage, texts))
        return sentences

    def probability_note(self, texts: Texts) -> str:
        """Return what the probability of the whole file comes from; "" if there is only one."""
        if len(self.verdicts) < 2:
            return ""
        return texts.all_persons if self.kind == "video" else texts.all_faces

    def probability_caveat(self, fake_prob: float | None, texts: Texts) -> str:
        """Return what the probability of a file does not mean; "" if there is none or the file is fake.

        Only a low one invites the reader to take the rest for a probability of "real".
        """
        if fake_prob is None or self.colour not in ("real", "inconclusive"):
            return ""
        if fake_prob > 0.5:
            return texts.not_a_share
        share, rest = percent_text(fake_prob, texts), percent_text(1 - fake_prob, texts)
        return f"{texts.not_a_share} {texts.not_the_rest.format(share=share, rest=rest)}"

    def _count(self, verdict: str | None) -> int:
        return sum(own == verdict for own in self.verdicts)

    def _is_partly_inconclusive(self) -> bool:
        """Return True if the result is inconclusive and some, but not all, verdicts are."""
        count = self._count("inconclusive")
        return self.colour == "inconclusive" and 0 < count < len(self.verdicts)

    def _has_other_verdicts(self) -> bool:
        """Return True if the file is real or inconclusive, but not every face or person in it is."""
        if self.colour == "real":
            return any(verdict in ("fake", "inconclusive") for verdict in self.verdicts)
        is_mixed = self._is_partly_inconclusive() or not self._count("inconclusive")
        return self.colour == "inconclusive" and is_mixed

    def _other_verdicts(self, texts: Texts) -> str:
        """Return how many faces or persons have each verdict other than the file's."""
        parts = []
        for verdict, phrase in texts.verdicts.items():
            count = self._count(None if verdict == "unjudged" else verdict)
            if count and verdict != self.colour:
                parts.append(f"{count} × {phrase}")
        template = texts.other_verdicts if self._count(self.colour) else texts.single_verdicts
        return template.format(verdicts=texts.list_separator.join(parts))

    def _fake_count(self) -> int:
        return sum(segment.verdict == "fake" for segment in self.segments)

    def _is_partly_fake(self) -> bool:
        """Return True if a video is fake because of some segments, and others of it are not fake."""
        return self.state == "fake" and 0 < self._fake_count() < len(self.segments)

    def _fake_segments(self, texts: Texts, *, limit: int | None = None) -> str:
        """Return up to `limit` segments that look manipulated, with their persons if there are several.

        Returns "" if there is none. More segments than `limit` are counted.
        """
        phrases = []
        fake = [segment for segment in self.segments if segment.verdict == "fake"]
        for segment in fake[:limit]:
            phrase = segment_times(segment, texts)
            if len(self.tracks) > 1:
                person = texts.person_number.format(number=segment.track + 1)
                phrase = texts.with_note.format(text=phrase, note=person)
            phrases.append(phrase)
        if len(phrases) < len(fake):
            phrases.append(texts.more_segments.format(count=len(fake) - len(phrases)))
        return texts.list_separator.join(phrases)

    def _fake_interval(self, texts: Texts) -> str:
        """Return the longest interval in which an inconclusive video looks manipulated, or "".

        Results with segments name these instead.
        """
        if self.segments or self.state != "inconclusive" or self.kind != "video":
            return ""
        pairs = zip(self.tracks, self.verdicts, strict=True)
        inconclusive = [track for track, verdict in pairs if verdict == "inconclusive"]
        interval = longest_fake(self.frames, inconclusive)
        if interval is None:
            return ""
        template = texts.fake_interval if interval.end > interval.start else texts.fake_moment
        sentence = template.format(
            start=number_text(interval.start, texts, 2), end=number_text(interval.end, texts, 2)
        )
        if len(self.verdicts) == 1:
            return sentence
        person = texts.person_number.format(number=interval.track + 1)
        return texts.labelled.format(label=person, value=sentence)


def summarise(result: AnalysisResult, *, unstable: bool = False) -> ResultSummary:
    """Summarise `result`, whose verdicts are those after the stability check.

    `unstable` is true if that check changed the verdict of the whole file.
    """
    state: str = "unstable" if unstable else (result.verdict or result.outcome)
    reasons = {face.not_judged for face in result.faces}
    if result.outcome == "face_too_small" and not reasons <= {None, "too_small"}:
        state = "none_judged"
    verdicts = tuple(face.verdict for face in result.faces)
    unjudged = verdicts.count(None)
    frames: tuple[JudgedFrame, ...] = ()
    if result.kind == "video":
        verdicts = tuple((fake_part_of(result, track) or track).verdict for track in result.tracks)
        unjudged = len(unjudged_tracks(result))
        frames = tuple((face.track, face.time, face.verdict) for face in result.faces)
    return ResultSummary(
        kind=result.kind,
        state=state,
        verdicts=verdicts,
        error_code=None if result.error is None else result.error.code,
        error_message="" if result.error is None else result.error.message,
        cautions=tuple(result.cautions),
        frames=frames,
        tracks=tuple(track.track for track in result.tracks),
        segments=result.segments,
        coverage=result.coverage,
        unjudged=unjudged,
    )


def fake_part_of(result: AnalysisResult, track: TrackResult) -> Segment | None:
    """Return the most suspicious passage of a person who looks manipulated in a part of a video only."""
    return fake_part(track, result.segments, result.verdict)


def fake_passages(segments: Iterable[Segment], texts: Texts) -> str:
    """Return when one person of a video looks manipulated by that person's segments; "" if never."""
    times = [segment_times(segment, texts) for segment in segments if segment.verdict == "fake"]
    return texts.fake_segments.format(segments=texts.list_separator.join(times)) if times else ""


def person_sentences(result: AnalysisResult, track: TrackResult, texts: Texts) -> list[str]:
    """Return when a person looks manipulated, and what the score that is shown for the person stands for.

    That is the mean over the video, or the score of the most suspicious passage (`fake_part`).
    """
    passages = fake_passages((part for part in result.segments if part.track == track.track), texts)
    part = fake_part_of(result, track)
    if part is None:
        mean = counted(texts.person_frames, track.frames).format(count=track.frames)
        return [passages, mean] if passages else [mean]
    score = texts.part_score.format(segment=segment_times(part, texts))
    mean = counted(texts.part_mean, track.frames).format(
        count=track.frames, mean=percent_text(track.fake_prob, texts)
    )
    return [passages, score, mean]


def person_verdict(result: AnalysisResult, track: TrackResult, texts: Texts) -> str:
    """Return the phrase for the verdict on a person of a video."""
    return texts.partly_fake if fake_part_of(result, track) else texts.verdicts[track.verdict]


def subject_name(number: int, kind: str, texts: Texts) -> str:
    """Return the name of face or person `number`, counted from 1, or of the whole file for 0."""
    if number == 0:
        return texts.whole_file
    template = texts.person_number if kind == "video" else texts.face_number
    return template.format(number=number)


def numbered_subjects(result: AnalysisResult, texts: Texts) -> list[tuple[int, str]]:
    """Return number and name of every face of a photo or person of a video, in order."""
    if result.kind == "video":
        numbers = [track.track + 1 for track in result.tracks]
    else:
        numbers = list(range(1, len(result.faces) + 1))
    return [(number, subject_name(number, result.kind, texts)) for number in numbers]


def verdict_phrase(verdict: str | None, texts: Texts, *, not_judged: str | None = None) -> str:
    """Return the phrase for a verdict, or the reason for which a face has none."""
    if verdict is None and not_judged is not None:
        return texts.not_judged[not_judged]
    return texts.verdicts[verdict or "unjudged"]


def percent_text(probability: float | None, texts: Texts, thresholds: Sequence[float] = ()) -> str:
    """Format a probability in [0, 1] as per cent without decimals; None becomes a dash.

    It is never 0% or 100%, because the model is never certain. It has a decimal if it would otherwise look
    equal to one of the `thresholds`.
    """
    if probability is None:
        return "–"
    if probability < 0.01:
        return f"<{share_text(0.01, texts)}"
    if probability > 0.99:
        return f">{share_text(0.99, texts)}"
    text = share_text(probability, texts)
    is_equal = text in [share_text(threshold, texts) for threshold in thresholds]
    return share_text(probability, texts, 1) if is_equal else text


def clock_time(seconds: float) -> str:
    """Return a time in a clip as players show it: 75.2 seconds are "1:15"."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def segment_times(segment: Segment, texts: Texts) -> str:
    """Return the first and the last time of a segment."""
    return texts.segment.format(start=clock_time(segment.start), end=clock_time(segment.end))


def _coverage_sentence(coverage: Coverage, texts: Texts) -> str:
    """Return how much of a clip was looked at."""
    decimals = 1 if coverage.seconds < _LONG_SECONDS else 0
    return counted(texts.coverage, coverage.frames_judged).format(
        frames=coverage.frames_judged,
        covered=number_text(coverage.seconds_covered, texts, decimals),
        length=number_text(coverage.seconds, texts, decimals),
    )


def other_video_verdict(result: AnalysisResult, face: FaceResult, texts: Texts) -> str:
    """Return the phrase for the verdict on a face's person over the whole video if it differs, else ""."""
    for track in result.tracks:
        phrase = person_verdict(result, track, texts)
        if track.track == face.track and phrase != verdict_phrase(face.verdict, texts):
            return phrase
    return ""


def stability_sentence(verdict: Verdict | None, stability: Stability, video_phrase: str, texts: Texts) -> str:
    """Return the outcome of the stability check of one face.

    `verdict` is the face's own. `video_phrase` is `other_video_verdict`.
    """
    unclear_names = _variant_names(stability, "inconclusive", texts)
    template = texts.stability_findings[finding(verdict, stability)]
    sentences = [template.format(names=unclear_names)]
    too_small_names = _variant_names(stability, None, texts)
    if too_small_names:
        sentences.append(texts.stability_too_small.format(names=too_small_names))
    if video_phrase:
        sentences.append(texts.stability_one_frame.format(verdict=video_phrase))
    return " ".join(sentences)


def _variant_names(stability: Stability, verdict: Verdict | None, texts: Texts) -> str:
    """Return the names of the variants that got this verdict."""
    return texts.list_separator.join(
        texts.stability_names[name] for name in variants_with(stability, verdict)
    )


def reliability_sentence(count: int, share: float, interval: Sequence[float], kind: str, texts: Texts) -> str:
    """Return how often similar scores were fake: `share` of `count` cases, with its 95 % interval.

    The score of a person in a video (`kind`) is the mean, also if the page shows a passage's score.
    """
    low, high = interval
    sentence = counted(texts.reliability, count).format(
        count=count,
        share=share_text(share, texts),
        low=share_text(low, texts),
        high=share_text(high, texts),
    )
    return f"{sentence} {texts.reliability_of_mean}" if kind == "video" else sentence
