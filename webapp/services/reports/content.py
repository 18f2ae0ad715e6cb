"""Content of a report: its inputs, and the sentences that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from laanet_core.decision import DecisionConfig
from laanet_core.inference.stable_verdicts import checked_faces, stable_result
from laanet_core.results import (
    AnalysisResult,
    FaceResult,
    NotJudgedReason,
    Stability,
    Verdict,
)
from webapp.services.label_quality.score_reliability import ScoreReliability
from webapp.texts import ENGLISH, Texts
from webapp.texts.addresses import address
from webapp.texts.formats import number_text
from webapp.texts.provenance_sentences import ProvenanceView, view_of
from webapp.texts.sentences import (
    ResultSummary,
    numbered_subjects,
    other_video_verdict,
    reliability_sentence,
    stability_sentence,
    subject_name,
    summarise,
    verdict_phrase,
)


@dataclass(frozen=True)
class CheckedFace:
    """A face with the result of its stability check.

    `number` is counted from 1: the number of the face in a photo, or of the person in a video.
    """

    number: int
    face: FaceResult
    stability: Stability


@dataclass(frozen=True)
class SubjectReliability:
    """Reliability of the scores of one face or person. `number` is counted from 1."""

    number: int
    name: str
    reliability: ScoreReliability


@dataclass(frozen=True)
class ReportIdentity:
    """Public number of a signed report, and the host that signs it.

    `number` is derived from the receipt and leads to the stored result, but never to the receipt; None if the
    result could not be stored. `host` is the public address of the site without a slash at the end, "" if
    the operator has set none.
    """

    number: str | None
    host: str

    def page(self, texts: Texts) -> str | None:
        """Return the address at which a report in a language can be checked, None without a public one."""
        if not self.host:
            return None
        number = "" if self.number is None else f"#{self.number}"
        return f"{self.host}{address(texts, 'verify')}{number}"


@dataclass(frozen=True)
class Report:
    """One analysis that a person may pass on: no file name, no path, no receipt.

    `media_sha256` is the hash of the uploaded file. `created` is the time of the report and must have a time
    zone. `notice` is the licence notice of the weights. `reliability` has an entry for every face of a photo
    or person of a video, in order, or is empty. `stabilities` are those of `checked_faces(result)`, in order,
    or None before the stability check. `identity` is None if the report will not be signed. Raises
    ValueError for a time without a zone, or a wrong number of reliabilities or stabilities.
    """

    result: AnalysisResult
    decision: DecisionConfig
    media_sha256: str
    created: datetime
    notice: str | None = None
    texts: Texts = ENGLISH
    reliability: Sequence[ScoreReliability | None] = ()
    stabilities: Sequence[Stability | None] | None = None
    identity: ReportIdentity | None = None

    def __post_init__(self) -> None:
        if self.created.tzinfo is None:
            raise ValueError("the time of a report must have a time zone")
        subjects = len(numbered_subjects(self.result, self.texts))
        if self.reliability and len(self.reliability) != subjects:
            raise ValueError(f"{len(self.reliability)} reliabilities for {subjects} faces or persons")
        faces = len(checked_faces(self.result))
        if self.stabilities is not None and len(self.stabilities) != faces:
            raise ValueError(f"{len(self.stabilities)} stabilities for {faces} faces")

    @property
    def shown(self) -> AnalysisResult:
        """Return the result with the verdicts after the stability check, as far as it has run."""
        return self.result if self.stabilities is None else stable_result(self.result, self.stabilities)

    @property
    def created_utc(self) -> datetime:
        """Return the time of the report in UTC, to the second."""
        return self.created.astimezone(UTC).replace(microsecond=0)

    @property
    def summary(self) -> ResultSummary:
        """Return the facts for the headline, which the page shows too."""
        shown = self.shown
        return summarise(shown, unstable=shown.verdict != self.result.verdict)

    @property
    def provenance(self) -> ProvenanceView | None:
        """Return in words what the file says about its own origin; None if it was not read."""
        return view_of(self.result.provenance, self.result.conflict, self.texts.provenance)

    @property
    def is_video(self) -> bool:
        """Return whether the analysed file is a video."""
        return self.result.kind == "video"

    def limits(self) -> list[str]:
        """Return what the report can and cannot say; the last sentence is about its signature."""
        words = self.texts.report
        return [*words.limits, words.unsigned if self.identity is None else words.signed]

    def title(self) -> str:
        """Return the title of the report."""
        return self.texts.report.titles[self._kind()]

    def kind(self) -> str:
        """Return the kind of file in words."""
        return self.texts.report.kinds[self._kind()]

    def size(self) -> str:
        """Return width and height of the file in words."""
        if self.result.size is None:
            return self.texts.report.size_unknown
        width, height = self.result.size
        return self.texts.report.size.format(width=width, height=height)

    def probability(self) -> str | None:
        """Return the fake probability of the file in words, None without a score."""
        if self.result.fake_prob is None:
            return None
        sentence = f"{self.texts.fake_probability} {number_text(self.result.fake_prob, self.texts)}"
        note = self.summary.probability_note(self.texts)
        return self.texts.with_note.format(text=sentence, note=note) if note else sentence

    def verdict(self, verdict: Verdict | None, *, not_judged: NotJudgedReason | None = None) -> str:
        """Return the phrase for a verdict, or the reason why a face has no verdict."""
        return verdict_phrase(verdict, self.texts, not_judged=not_judged)

    def subject(self, number: int) -> str:
        """Return the name of face or person `number`, counted from 1."""
        return subject_name(number, self.result.kind, self.texts)

    def labelled(self, label: str, value: str) -> str:
        """Return "label: value" with the punctuation of the language."""
        return self.texts.labelled.format(label=label, value=value)

    def checked(self) -> list[CheckedFace]:
        """Return every face that has a stability, with its verdict from before the check."""
        if self.stabilities is None:
            return []
        pairs = zip(checked_faces(self.result), self.stabilities, strict=True)
        entries = []
        for position, (face, stability) in enumerate(pairs, start=1):
            if stability is not None:
                number = position if face.track is None else face.track + 1
                entries.append(CheckedFace(number, face, stability))
        return entries

    def stability_conclusion(self, checked: CheckedFace) -> str:
        """Return the sentence about the stability check of one face, the same as on the page."""
        face = checked.face
        video_phrase = other_video_verdict(self.result, face, self.texts)
        return stability_sentence(face.verdict, checked.stability, video_phrase, self.texts)

    def reliabilities(self) -> list[SubjectReliability]:
        """Return the reliabilities that are known, in the order of the faces or persons."""
        subjects = numbered_subjects(self.result, self.texts)
        return [
            SubjectReliability(number, name, reliability)
            for (number, name), reliability in zip(subjects, self.reliability, strict=False)
            if reliability is not None
        ]

    def reliability_lines(self) -> list[str]:
        """Return one sentence per known reliability: the share of fakes among faces with similar scores."""
        lines = []
        for subject in self.reliabilities():
            reliability = subject.reliability
            interval = (reliability.low, reliability.high)
            sentence = reliability_sentence(
                reliability.count, reliability.share, interval, self.result.kind, self.texts
            )
            lines.append(self.labelled(subject.name, sentence))
        return lines

    def _kind(self) -> str:
        return "rejected" if self.result.outcome == "rejected" else self.result.kind
