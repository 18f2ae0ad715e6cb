from __future__ import annotations

import dataclasses

import pytest

from laanet_core.inference.key_frames import FakeInterval, longest_fake
from laanet_core.inference.stable_verdicts import checked_faces, finding, stable_result
from laanet_core.results import (
    AnalysisResult,
    FaceResult,
    ModelInfo,
    Stability,
    TrackResult,
    Variant,
    Verdict,
)

HOLDS, FALLS = Stability((), True, "fake"), Stability((), False, "inconclusive")
PROBS: dict[Verdict, float] = {"real": 0.1, "inconclusive": 0.5, "fake": 0.9}


def picture(*verdicts: Verdict | None) -> AnalysisResult:
    faces = [
        FaceResult((0, 0, 50, 50), 0.9, None, None if verdict is None else PROBS[verdict], verdict)
        for verdict in verdicts
    ]
    highest = max(
        (face for face in faces if face.fake_prob is not None), key=lambda face: face.fake_prob or 0.0
    )
    return AnalysisResult(
        "image", "verdict", highest.verdict, highest.fake_prob, tuple(faces), ModelInfo("m", "1", "0"), 0.1
    )


@pytest.mark.parametrize(
    ("verdicts", "checks", "left", "file"),
    [
        (("real",), [FALLS], ("inconclusive",), "inconclusive"),
        (("real", None), [HOLDS, None], ("real", None), "real"),
        (("real", "real", "real"), [HOLDS, FALLS, HOLDS], ("real", "inconclusive", "real"), "inconclusive"),
        (("fake", "real"), [FALLS, HOLDS], ("inconclusive", "real"), "inconclusive"),
        (("fake", "real"), [HOLDS, FALLS], ("fake", "inconclusive"), "fake"),
        (("fake", "fake", None), [FALLS, HOLDS, None], ("inconclusive", "fake", None), "fake"),
    ],
)
def test_picture_of_an_unstable_face_is_inconclusive_unless_another_is_fake(
    verdicts: tuple[Verdict | None, ...],
    checks: list[Stability | None],
    left: tuple[Verdict | None, ...],
    file: Verdict,
) -> None:
    result = picture(*verdicts)
    answer = stable_result(result, checks)
    assert (tuple(face.verdict for face in answer.faces), answer.verdict) == (left, file)
    assert [face.fake_prob for face in answer.faces] == [face.fake_prob for face in result.faces]
    assert (answer is result) == (left == verdicts)


def test_picture_stays_inconclusive_beside_a_stable_fake_face() -> None:
    crowd = dataclasses.replace(picture("fake", "real"), verdict="inconclusive", fake_prob=0.6)
    assert stable_result(crowd, [HOLDS, FALLS]).verdict == "inconclusive"


def test_unstable_face_is_identified_among_equal_faces() -> None:
    face = FaceResult((0, 0, 50, 50), 0.9, 1.0, 0.9, "fake")
    result = dataclasses.replace(picture("fake"), faces=(face, dataclasses.replace(face)))
    assert [face.verdict for face in stable_result(result, [HOLDS, FALLS]).faces] == ["fake", "inconclusive"]
    with pytest.raises(ValueError, match="shorter"):
        stable_result(result, [FALLS])


def test_unstable_frame_does_not_change_the_verdict_of_the_clip() -> None:
    faces = tuple(
        FaceResult((0, 0, 50, 50), 0.9, 1.0, prob, "fake", time=float(n), track=0)
        for n, prob in enumerate((0.8, 0.9, 0.85))
    )
    track = TrackResult(0, 3, 1.0, 0.85, "fake")
    clip = dataclasses.replace(picture("fake"), kind="video", faces=faces, tracks=(track,))
    assert [face.time for face in checked_faces(clip)] == [1.0]
    answer = stable_result(clip, [FALLS])
    assert [face.verdict for face in answer.faces] == ["fake", "inconclusive", "fake"]
    assert (answer.verdict, answer.tracks) == ("fake", (track,))


def test_only_an_opposite_verdict_of_a_copy_is_a_flip() -> None:
    lost = (
        Variant("jpeg_90", 0.0, 0.5, "inconclusive", "fake"),
        Variant("half_size", None, None, None, "fake"),
    )
    turned = Variant("mirrored", -3.0, 0.05, "real", "fake")
    assert finding("fake", Stability(lost, False, "inconclusive")) == "lost"
    assert finding("fake", Stability((*lost, turned), False, "inconclusive")) == "flips"


def test_longest_fake_interval_has_one_track() -> None:
    def frames(track: int, verdicts: str) -> list[tuple[int | None, float | None, Verdict | None]]:
        names: dict[str, Verdict | None] = {"f": "fake", "r": "real", "i": "inconclusive", ".": None}
        return [(track, float(time), names[letter]) for time, letter in enumerate(verdicts)]

    clip = [*frames(0, "ffrfff.fi"), *frames(1, "rffffffff")]
    assert longest_fake(reversed(clip), [0]) == FakeInterval(0, 3.0, 7.0, 4)
    assert longest_fake(clip, [0, 1]) == FakeInterval(1, 1.0, 8.0, 8)
    assert longest_fake(frames(0, "rfr"), [0]) == FakeInterval(0, 1.0, 1.0, 1)
    assert longest_fake(frames(0, "fr" * 3), [0]) == FakeInterval(0, 0.0, 0.0, 1)
    assert longest_fake(frames(0, "ri."), [0]) is None
    assert longest_fake(clip, []) is None
