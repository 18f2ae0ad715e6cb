"""Tests of the sentences that pages and reports share."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator, Mapping

import pytest

from laanet_core.media.other_types import TYPE_ADVICE, TYPE_NAMES, refusal
from laanet_core.results import CAUTIONS, ErrorInfo, Kind, Stability, TrackResult, Variant, Verdict
from tests.webapp.sample_results import FAKE, PARTLY_FAKE, PHOTO, SMALL, TRACK, VIDEO, without_faces
from webapp.texts import LANGUAGES, Texts
from webapp.texts.counting import counted
from webapp.texts.formats import share_text
from webapp.texts.sentences import (
    error_sentence,
    numbered_subjects,
    other_video_verdict,
    person_sentences,
    person_verdict,
    reliability_sentence,
    stability_sentence,
    summarise,
)

ENGLISH = LANGUAGES["en"]
FINDINGS = ENGLISH.stability_findings
ALL_LANGUAGES = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
REAL = dataclasses.replace(FAKE, verdict="real", fake_prob=0.1)
UNSURE = dataclasses.replace(FAKE, verdict="inconclusive", fake_prob=0.5)


def test_title_counts_faces_if_there_are_several() -> None:
    assert summarise(PHOTO).title(ENGLISH) == "Looks manipulated: 1 of 2 faces"
    assert summarise(dataclasses.replace(PHOTO, faces=(FAKE,))).title(ENGLISH) == "Looks manipulated"
    assert summarise(without_faces(PHOTO)).title(ENGLISH) == "No face found"


@ALL_LANGUAGES
def test_title_and_sentences_say_how_many_faces_are_inconclusive(texts: Texts) -> None:
    crowd = dataclasses.replace(
        PHOTO, verdict="inconclusive", fake_prob=0.5, faces=(REAL, UNSURE, REAL, REAL)
    )
    summary = summarise(crowd)
    subject = texts.some_faces.format(some=1, count=4)
    title = texts.outcomes["inconclusive"][0]
    assert summary.title(texts) == texts.labelled.format(label=title, value=subject)
    others = texts.other_verdicts.format(verdicts=f"3 × {texts.verdicts['real']}")
    assert others in summary.sentences(texts)
    alike = summarise(dataclasses.replace(crowd, faces=(UNSURE, UNSURE)))
    assert alike.title(texts) == title
    assert not any("×" in sentence for sentence in alike.sentences(texts))


@ALL_LANGUAGES
def test_sentences_say_which_faces_differ_from_a_real_or_inconclusive_picture(texts: Texts) -> None:
    real = dataclasses.replace(PHOTO, verdict="real", fake_prob=0.1, faces=(REAL, UNSURE, FAKE))
    phrases = [f"1 × {texts.verdicts[verdict]}" for verdict, _ in _in_order(texts, fake=1, inconclusive=1)]
    others = texts.list_separator.join(phrases)
    assert texts.other_verdicts.format(verdicts=others) in summarise(real).sentences(texts)
    unsure = dataclasses.replace(PHOTO, verdict="inconclusive", fake_prob=0.5, faces=(FAKE, REAL, REAL))
    phrases = [f"{count} × {texts.verdicts[verdict]}" for verdict, count in _in_order(texts, fake=1, real=2)]
    summary = summarise(unsure)
    singles = texts.list_separator.join(phrases)
    assert texts.single_verdicts.format(verdicts=singles) in summary.sentences(texts)
    assert summary.title(texts) == texts.outcomes["inconclusive"][0]
    alike = summarise(dataclasses.replace(real, faces=(REAL, REAL)))
    assert not any("×" in sentence for sentence in alike.sentences(texts))


def _in_order(texts: Texts, **counts: int) -> list[tuple[str, int]]:
    return [(verdict, counts[verdict]) for verdict in texts.verdicts if verdict in counts]


@ALL_LANGUAGES
def test_partly_judged_files_get_a_caution(texts: Texts) -> None:
    for result in (PHOTO, VIDEO, without_faces(VIDEO)):
        for caution in CAUTIONS:
            sentences = summarise(dataclasses.replace(result, cautions=(caution,))).sentences(texts)
            expected = [code == caution for code in CAUTIONS]
            assert [texts.cautions[code] in sentences for code in CAUTIONS] == expected


@ALL_LANGUAGES
def test_faces_and_persons_without_a_verdict_are_counted(texts: Texts) -> None:
    assert texts.unjudged_faces.format(some=1, count=2) in summarise(PHOTO).sentences(texts)
    assert texts.unjudged_persons.format(some=1, count=2) in summarise(VIDEO).sentences(texts)
    alone = dataclasses.replace(VIDEO, faces=VIDEO.faces[:-1])
    assert not any(texts.unjudged_persons[:8] in sentence for sentence in summarise(alone).sentences(texts))


@ALL_LANGUAGES
@pytest.mark.parametrize("kind", ["image", "video"])
def test_title_of_files_without_a_judged_face_says_whether_size_is_the_reason(
    texts: Texts, kind: Kind
) -> None:
    small = dataclasses.replace(SMALL, time=0.0, track=0)
    for reason, state in (("too_small", "face_too_small"), ("hidden", "none_judged")):
        faces = (dataclasses.replace(small, not_judged=reason),)
        result = dataclasses.replace(without_faces(PHOTO, "face_too_small"), kind=kind, faces=faces)
        assert summarise(result).title(texts) == texts.outcomes[state][0]


def test_rejections_have_a_remedy_or_the_message_of_the_detector() -> None:
    rejected = without_faces(PHOTO, "rejected", error=ErrorInfo("corrupt_image", "It is damaged."))
    assert summarise(rejected).sentences(ENGLISH) == [ENGLISH.errors["corrupt_image"]]
    unknown = dataclasses.replace(rejected, error=ErrorInfo("new_code", "It is damaged."))
    assert summarise(unknown).sentences(ENGLISH) == ["It is damaged."]


def test_inconclusive_videos_say_when_they_look_manipulated() -> None:
    verdicts: list[Verdict] = ["fake", "real", "fake", "fake", "fake", "inconclusive", "fake", "fake"]
    frames = tuple(
        dataclasses.replace(FAKE, time=0.5 * number, track=0, verdict=verdict)
        for number, verdict in enumerate(verdicts)
    )
    unsure = TrackResult(0, 8, 0.4, 0.6, "inconclusive")
    video = dataclasses.replace(VIDEO, verdict="inconclusive", fake_prob=0.6, faces=frames, tracks=(unsure,))
    interval = ENGLISH.fake_interval.format(start="1.00", end="2.00")
    assert interval in summarise(video).sentences(ENGLISH)
    one = dataclasses.replace(video, faces=frames[:2])
    assert ENGLISH.fake_moment.format(start="0.00") in summarise(one).sentences(ENGLISH)
    small = dataclasses.replace(SMALL, time=1.5, track=1)
    two = dataclasses.replace(
        video, faces=(*frames, small), tracks=(unsure, dataclasses.replace(TRACK, track=1))
    )
    assert f"Person 1: {interval}" in summarise(two).sentences(ENGLISH)
    for other in (dataclasses.replace(video, faces=frames[1:2]), dataclasses.replace(video, verdict="fake")):
        assert "the face looks manipulated" not in " ".join(summarise(other).sentences(ENGLISH))


@pytest.mark.parametrize(
    ("variants", "stable", "sentence"),
    [
        ([("jpeg_90", "fake"), ("half_size", "fake")], True, FINDINGS["holds"]),
        (
            [("jpeg_90", "fake"), ("half_size", None)],
            True,
            f"{FINDINGS['partly']} Too small to judge: Half size.",
        ),
        (
            [("jpeg_90", "fake"), ("jpeg_50", "inconclusive"), ("half_size", "inconclusive")],
            True,
            "The verdict on this face becomes inconclusive here: JPEG quality 50, Half size. "
            "It never becomes the opposite.",
        ),
        (
            [("jpeg_90", "inconclusive"), ("half_size", None)],
            False,
            f"{FINDINGS['lost']} Too small to judge: Half size.",
        ),
    ],
)
def test_stability_sentence_names_the_variants(
    variants: list[tuple[str, Verdict | None]], stable: bool, sentence: str
) -> None:
    found = tuple(Variant(name, 0.0, 0.5, verdict, "fake") for name, verdict in variants)
    stability = Stability(found, stable, "fake" if stable else "inconclusive")
    assert stability_sentence("fake", stability, "", ENGLISH) == sentence


def test_inconclusive_faces_are_never_stable() -> None:
    unsure = Variant("jpeg_90", 0.0, 0.5, "inconclusive", "inconclusive")
    real = Variant("jpeg_50", -3.0, 0.05, "real", "inconclusive")
    small = Variant("half_size", None, None, None, "inconclusive")
    for variants, name in (
        ((unsure,), "always_unclear"),
        ((unsure, small), "always_unclear"),
        ((unsure, real), "unclear_original"),
    ):
        stability = Stability(variants, True, "inconclusive")
        assert stability_sentence("inconclusive", stability, "", ENGLISH).startswith(FINDINGS[name])


def test_stability_sentence_mentions_the_verdict_of_the_video() -> None:
    stable = Stability((Variant("jpeg_90", 1.0, 0.8, "fake", "fake"),), True, "fake")
    assert stability_sentence("fake", stable, "", ENGLISH) == FINDINGS["holds"]
    video = ENGLISH.stability_one_frame.format(verdict="inconclusive")
    assert stability_sentence("fake", stable, "inconclusive", ENGLISH) == f"{FINDINGS['holds']} {video}"


@ALL_LANGUAGES
def test_a_partly_fake_person_has_the_score_of_the_passage_and_the_mean(texts: Texts) -> None:
    (person,) = PARTLY_FAKE.tracks
    passage = texts.segment.format(start="0:02", end="0:06")
    mean = counted(texts.part_mean, 16).format(count=16, mean=share_text(0.6, texts))
    assert person_sentences(PARTLY_FAKE, person, texts) == [
        texts.fake_segments.format(segments=passage),
        texts.part_score.format(segment=passage),
        mean,
    ]
    assert person_verdict(PARTLY_FAKE, person, texts) == texts.partly_fake
    whole = counted(texts.person_frames, 3).format(count=3)
    assert person_sentences(VIDEO, TRACK, texts) == [whole]
    assert person_verdict(VIDEO, TRACK, texts) == texts.verdicts["fake"]


def test_one_frame_of_a_partly_fake_person_is_not_the_verdict_on_the_person() -> None:
    frame = PARTLY_FAKE.faces[0]
    assert other_video_verdict(PARTLY_FAKE, frame, ENGLISH) == "looks manipulated in part"
    assert other_video_verdict(VIDEO, frame, ENGLISH) == ""
    assert other_video_verdict(PHOTO, PHOTO.faces[0], ENGLISH) == ""


def test_a_partly_fake_person_counts_as_fake_among_others() -> None:
    others = tuple(TrackResult(number, 16, -3.0, 0.05, "real") for number in (1, 2))
    mixed = dataclasses.replace(
        PARTLY_FAKE, verdict="inconclusive", fake_prob=0.5, tracks=(*PARTLY_FAKE.tracks, *others)
    )
    assert ENGLISH.single_verdicts.format(
        verdicts="1 × looks manipulated, 2 × no sign of manipulation"
    ) in summarise(mixed).sentences(ENGLISH)


@ALL_LANGUAGES
def test_a_probability_of_a_file_that_is_not_fake_is_no_share(texts: Texts) -> None:
    unsure = summarise(dataclasses.replace(PHOTO, verdict="inconclusive", faces=(UNSURE,)))
    rest = texts.not_the_rest.format(share=share_text(0.29, texts), rest=share_text(0.71, texts))
    assert unsure.probability_caveat(0.29, texts) == f"{texts.not_a_share} {rest}"
    assert unsure.probability_caveat(0.6, texts) == texts.not_a_share
    assert unsure.probability_caveat(None, texts) == ""
    assert rest in summarise(dataclasses.replace(PHOTO, verdict="real")).probability_caveat(0.29, texts)
    assert summarise(PHOTO).probability_caveat(0.29, texts) == ""


def test_subjects_are_faces_or_persons() -> None:
    assert numbered_subjects(PHOTO, ENGLISH) == [(1, "Face 1"), (2, "Face 2")]
    assert numbered_subjects(VIDEO, ENGLISH) == [(1, "Person 1")]


def test_reliability_sentence_has_whole_per_cent() -> None:
    sentence = reliability_sentence(40, 0.75, (0.5981, 0.8581), "image", ENGLISH)
    assert sentence == ENGLISH.reliability.forms["other"].format(count=40, share="75%", low="60%", high="86%")
    of_person = reliability_sentence(40, 0.75, (0.5981, 0.8581), "video", ENGLISH)
    assert of_person == f"{sentence} {ENGLISH.reliability_of_mean}"


@ALL_LANGUAGES
def test_every_type_of_an_unsupported_file_is_translated(texts: Texts) -> None:
    assert set(texts.file_types) == set(TYPE_NAMES)
    assert set(texts.file_advice) == set(TYPE_ADVICE)


@pytest.mark.parametrize(
    ("content", "english", "chinese"),
    [
        (b"%PDF-1.7 " + bytes(64), "This is a PDF document,", "这是PDF 文档，"),
        (b"FUJIFILMCCD-RAW " + bytes(64), "a camera raw file (Fujifilm RAF)", "相机原始文件 (Fujifilm RAF)"),
        (b"words", "This type of file is not supported.", "不支持这种文件类型。"),
    ],
)
def test_unsupported_type_is_named(content: bytes, english: str, chinese: str) -> None:
    message = refusal(io.BytesIO(content), content[:64], is_supported=False)
    assert message is not None
    assert english in error_sentence("unsupported_type", message, LANGUAGES["en"])
    assert chinese in error_sentence("unsupported_type", message, LANGUAGES["zh"])


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_one_word_says_neither_real_nor_fake(texts: Texts) -> None:
    word = texts.verdicts["inconclusive"].casefold()
    assert texts.labels["cannot_tell"].casefold() == word
    assert texts.zones["inconclusive"].casefold() == word
    assert {texts.outcomes[state][0].casefold() for state in ("inconclusive", "unstable")} == {word}
    # A visitor who is not sure votes so; that is another thing.
    own = dataclasses.asdict(texts)
    del own["votes"], own["choose_vote"], own["refusals"]
    sentences = " ".join(strings(own))
    for other in (
        "unclear",
        "cannot tell",
        "undecided",
        "unklar",
        "unentschieden",
        "eindeutig",
        "不明确",
        "不确定",
    ):
        assert other not in sentences


def strings(value: object) -> Iterator[str]:
    """Yield every string in nested mappings and tuples, without the keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from strings(part)
