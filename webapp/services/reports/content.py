"""What a report is made from, and the sentences that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from laanet_core.decision import DecisionConfig
from laanet_core.inference.key_frames import longest_fake
from laanet_core.inference.stability import Stability
from laanet_core.inference.stable_verdicts import checked_faces, finding, held_answer, named
from laanet_core.results import AnalysisResult, FaceResult, Verdict, number_text
from webapp.services.label_quality.score_reliability import ScoreReliability
from webapp.services.reports.english import ENGLISH


@dataclass(frozen=True)
class Report:
    """One analysis that a person may hand on: plain values, no file name, no receipt.

    `media_sha256` is of the file as it was given; `created` is when the report was made and must carry its zone. `notice` is the weights'
    licence notice. `words` has every key of ENGLISH. `reliability` is of every face of a photo or person of a clip in order, or empty.
    `stabilities` are of `holding.checked_faces(result)` in order, None while it is not known whether the verdicts hold. Raises ValueError
    for a time without a zone, words that lack a key, or another number of reliabilities or stabilities.
    """

    result: AnalysisResult
    decision: DecisionConfig
    media_sha256: str
    created: datetime
    notice: str | None = None
    words: Mapping[str, str] = field(default_factory=lambda: ENGLISH)
    reliability: Sequence[ScoreReliability | None] = ()
    stabilities: Sequence[Stability | None] | None = None

    def __post_init__(self) -> None:
        if self.created.tzinfo is None:
            raise ValueError("the time of a report must carry its zone")
        if missing := sorted(ENGLISH.keys() - self.words.keys()):
            raise ValueError(f"the words of the report lack {', '.join(missing)}")
        if self.reliability and len(self.reliability) != len(self._verdicts()):
            raise ValueError(
                f"{len(self.reliability)} reliabilities for {len(self._verdicts())} faces or persons"
            )
        if self.stabilities is not None and len(self.stabilities) != (
            count := len(checked_faces(self.result))
        ):
            raise ValueError(f"{len(self.stabilities)} stabilities for {count} faces")

    @property
    def shown(self) -> AnalysisResult:
        """The answer with the verdicts that are left, as far as that is known."""
        return self.result if self.stabilities is None else held_answer(self.result, self.stabilities)

    @property
    def created_utc(self) -> datetime:
        """To the second, in UTC."""
        return self.created.astimezone(UTC).replace(microsecond=0)

    @property
    def state(self) -> str:
        """The verdict where there is one, else the outcome; "unstable" where the verdict does not hold."""
        return (
            "unstable"
            if self.shown.verdict != self.result.verdict
            else self.result.verdict or self.result.outcome
        )

    @property
    def limits(self) -> list[str]:
        return [text for key, text in self.words.items() if key.startswith("limit.")]

    def title(self) -> str:
        return self.words[
            "title.rejected" if self.result.outcome == "rejected" else f"title.{self.result.kind}"
        ]

    def outcome(self) -> str:
        """The answer in one sentence, as the page has it."""
        if self._untold_of_several():
            return self.words["outcome.untold_of"].format(subject=self._subject("inconclusive"))
        sentence = self.words[f"outcome.{self.state}"]
        return sentence.format(subject=self._subject("fake")) if self.state == "fake" else sentence

    def explanation(self) -> str:
        error = self.result.error
        if error is not None:
            return self.words.get(f"error.{error.code}", error.message)
        return self.words.get(f"why.{self.state}", "")

    def additions(self) -> list[str]:
        """What else is to be said: that only a part was judged, and of what cannot be told the others' verdicts and when a clip looks
        manipulated.
        """
        said = [self.words[f"caution.{caution}"] for caution in self.result.cautions]
        if self._untold_of_several():
            verdicts = self._verdicts()
            kinds: tuple[Verdict | None, ...] = ("fake", "real", None)
            counts = [f"{verdicts.count(kind)} × {self.verdict(kind)}" for kind in kinds if kind in verdicts]
            said.append(self.words["others"].format(verdicts=", ".join(counts)))
        return (
            [*said, *self._stretch()]
            if self.state == "inconclusive" and self.result.kind == "video"
            else said
        )

    def _stretch(self) -> list[str]:
        unsure = [track.track for track in self.result.tracks if track.verdict == "inconclusive"]
        found = longest_fake(((face.track, face.time, face.verdict) for face in self.shown.faces), unsure)
        if found is None:
            return []
        sentence = self.words["stretch" if found.end > found.start else "stretch.frame"]
        who = (
            f"{self.words['person'].format(number=found.track + 1)}: " if len(self.result.tracks) > 1 else ""
        )
        return [who + sentence.format(start=f"{found.start:.2f}", end=f"{found.end:.2f}")]

    def tried(self) -> list[tuple[int, FaceResult, Stability]]:
        """The faces of which it is known whether their verdicts hold, as given, with the number of the face or person."""
        faces, found = checked_faces(self.result), self.stabilities or ()
        pairs = enumerate(zip(faces, found, strict=False), start=1)
        return [
            (number if face.track is None else face.track + 1, face, stability)
            for number, (face, stability) in pairs
            if stability is not None
        ]

    def came_to(self, face: FaceResult, stability: Stability) -> str:
        """What the trial of a face came to, as the page has it."""
        untold, too_small = self._changes(stability, "inconclusive"), self._changes(stability, None)
        said = [self.words[f"finding.{finding(face.verdict, stability)}"].format(names=untold)]
        said += [self.words["stability.too_small"].format(names=too_small)] if too_small else []
        whole = {track.track: track.verdict for track in self.result.tracks}.get(
            -1 if face.track is None else face.track, face.verdict
        )
        said += (
            [self.words["stability.one_frame"].format(verdict=self.verdict(whole))]
            if whole != face.verdict
            else []
        )
        return " ".join(said)

    def _changes(self, stability: Stability, verdict: Verdict | None) -> str:
        return ", ".join(self.words[f"change.{name}"] for name in named(stability, verdict))

    def probability(self) -> str | None:
        if self.result.fake_prob is None:
            return None
        key = f"probability.{self.result.kind}" if len(self._verdicts()) > 1 else "probability"
        return self.words[key].format(number=number_text(self.result.fake_prob))

    def measured(self) -> list[str]:
        """Of every face or person of which enough is known, how often scores like its own were fake."""
        key = "person" if self.result.kind == "video" else "face"
        return [
            self.words["measured"].format(
                name=self.words[key].format(number=number), sentence=self._measured(found)
            )
            for number, found in self.reliabilities()
        ]

    def reliabilities(self) -> list[tuple[int, ScoreReliability]]:
        """Those that are known, with the number of the face or person."""
        tracks, faces = (
            [track.track + 1 for track in self.result.tracks],
            range(1, len(self.result.faces) + 1),
        )
        numbers = tracks if self.result.kind == "video" else faces
        return [
            (number, found)
            for number, found in zip(numbers, self.reliability, strict=False)
            if found is not None
        ]

    def _measured(self, found: ScoreReliability) -> str:
        numbers = {"share": f"{found.share:.0%}", "low": f"{found.low:.0%}", "high": f"{found.high:.0%}"}
        return self.words["reliability"].format(count=found.count, **numbers)

    def size(self) -> str:
        if self.result.size is None:
            return self.words["size.unknown"]
        width, height = self.result.size
        return self.words["size"].format(width=width, height=height)

    def kind(self) -> str:
        return self.words[
            "kind.rejected" if self.result.outcome == "rejected" else f"kind.{self.result.kind}"
        ]

    def verdict(self, verdict: Verdict | None) -> str:
        return self.words[f"verdict.{verdict or 'none'}"]

    def _verdicts(self) -> list[Verdict | None]:
        if self.result.kind == "video":
            return [track.verdict for track in self.result.tracks]
        return [face.verdict for face in self.shown.faces]

    def _untold_of_several(self) -> bool:
        verdicts = self._verdicts()
        return self.shown.verdict == "inconclusive" and verdicts.count("inconclusive") < len(verdicts)

    def _subject(self, verdict: Verdict) -> str:
        verdicts = self._verdicts()
        if len(verdicts) == 1:
            return self.words["subject.one"]
        return self.words[f"subject.{self.result.kind}"].format(
            some=verdicts.count(verdict), count=len(verdicts)
        )
