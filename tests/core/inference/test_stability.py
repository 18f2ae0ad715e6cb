from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.decision import DecisionConfig, fake_probability, verdict_of
from laanet_core.documents import StabilityDocument
from laanet_core.faces.crops import crop_square
from laanet_core.faces.detector import DetectedFace
from laanet_core.inference.detector import Detector
from laanet_core.inference.stability import MAX_CHECKED, holds, stabilities, stability
from laanet_core.media.images import read_image
from laanet_core.results import FaceResult, Stability, Variant, Verdict
from laanet_core.types import RGBImage
from tests.conftest import ROOT

NAMES = ["jpeg_90", "jpeg_70", "jpeg_50", "half_size", "mirrored"]
SELF_BLENDED = ROOT / "webapp" / "examples" / "astronaut-self-blended.jpg"


def by_name(check: Stability) -> dict[str, Variant]:
    return {variant.name: variant for variant in check.variants}


def as_jpeg(rgb: RGBImage, quality: int, folder: Path) -> RGBImage:
    """A whole picture after a round through a JPEG file."""
    file = folder / f"{quality}.jpg"
    cv2.imwrite(str(file), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB), np.uint8)


@pytest.mark.parametrize("name", ["astronaut.png", "official_portrait_2012.jpg"])
def test_variant_scores_equal_those_of_the_changed_picture(
    detector: Detector, samples: Path, tmp_path: Path, name: str
) -> None:
    rgb = read_image(samples / name)
    rgb = rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2]
    face = detector.analyse_image(rgb).faces[0]
    assert face.heatmap is not None
    size, square = detector.config.input_size, face.heatmap.box
    check = by_name(stability(detector, rgb, face))
    assert list(check) == NAMES
    half = cv2.resize(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
    half_square = (square[0] / 2, square[1] / 2, square[2] / 2, square[3] / 2)
    expected = {
        **{
            f"jpeg_{quality}": crop_square(as_jpeg(rgb, quality, tmp_path), square, size)
            for quality in (90, 70, 50)
        },
        "half_size": crop_square(np.asarray(half, np.uint8), half_square, size),
    }
    logits = detector.score_crops(list(expected.values())).fake_logit
    # Warps round to 1/32 pixel, so the logits are not equal bit for bit. Blocks or pixel pairs that begin
    # elsewhere would change them by 0.01 to 2.
    assert [check[name].fake_logit for name in expected] == pytest.approx(logits.tolist(), abs=4e-3)
    crop = crop_square(rgb, square, size)
    mirrored, plain = detector.score_crops([np.ascontiguousarray(crop[:, ::-1]), crop], flip=False).fake_logit
    assert check["mirrored"].fake_logit == pytest.approx(
        float(mirrored), abs=0.02
    )  # the mirrored warp rounds its pixels the other way
    assert check["mirrored"].fake_logit != pytest.approx(float(plain), abs=0.02)
    mirrored = check["mirrored"].fake_logit
    assert mirrored is not None
    assert (mirrored + plain) / 2 == pytest.approx(face.fake_logit, abs=0.02)


def test_probabilities_and_verdicts_follow_the_detectors_thresholds(detector: Detector) -> None:
    rgb = read_image(SELF_BLENDED)
    (face,) = detector.analyse_image(rgb).faces
    check = stability(detector, rgb, face)
    for variant in check.variants:
        assert variant.fake_logit is not None
        assert variant.fake_prob == fake_probability(variant.fake_logit, detector.decision)
        assert variant.verdict == verdict_of(variant.fake_prob, detector.decision)
        assert variant.compared_to == face.verdict
    assert StabilityDocument.from_result(check).to_json()["variants"][0] == {
        "name": "jpeg_90",
        "fake_logit": round(check.variants[0].fake_logit or 0, 4),
        "fake_prob": round(check.variants[0].fake_prob or 0, 4),
        "verdict": check.variants[0].verdict,
        "compared_to": "fake",
        "opposite": False,
    }
    assert (
        StabilityDocument.from_result(check).to_json()["stable"],
        StabilityDocument.from_result(check).to_json()["verdict"],
    ) == (check.stable, check.verdict)


def test_contradicted_verdict_becomes_inconclusive(detector: Detector, samples: Path) -> None:
    """One sharp threshold between the scores of a real picture and of one of its variants."""
    rgb = read_image(samples / "astronaut.png")
    face = detector.analyse_image(rgb).faces[0]
    first = stability(detector, rgb, face)
    assert (first.stable, first.verdict) == (True, "real")
    lossy = [variant.fake_prob for variant in first.variants[:4] if variant.fake_prob is not None]
    assert face.fake_prob is not None
    assert max(lossy) > face.fake_prob, "no variant of this picture looks more like a fake than itself"
    between = (face.fake_prob + max(lossy)) / 2
    strict = Detector.from_weights("starter", device="cpu")
    strict.decision = dataclasses.replace(strict.decision, real_below=between, fake_above=between)
    check = stability(strict, rgb, strict.analyse_image(rgb).faces[0])
    assert any(variant.opposite for variant in check.variants)
    assert (check.stable, check.verdict) == (False, "inconclusive")


def variants(
    *verdicts: Verdict | None, mirrored: tuple[Verdict, Verdict] = ("real", "real"), own: Verdict = "real"
) -> list[Variant]:
    lossy = [Variant(name, None, None, verdict, own) for name, verdict in zip(NAMES, verdicts, strict=False)]
    return [*lossy, Variant("mirrored", 0.0, 0.5, *mirrored)]


def test_stable_verdicts() -> None:
    assert holds("real", variants("real", "real", "real", "real"))
    assert holds("real", variants("real", "inconclusive", "inconclusive", None))
    assert not holds("real", variants("real", "real", "fake", "real"))
    assert not holds("real", variants("inconclusive", "inconclusive", "inconclusive", "inconclusive"))
    assert not holds("real", variants("inconclusive", "inconclusive", "inconclusive", None))
    assert not holds("real", variants("real", "real", "real", "real", mirrored=("fake", "real")))
    assert not holds("real", variants("real", "real", "real", "real", mirrored=("real", "fake")))
    assert holds(
        "fake",
        variants("fake", "inconclusive", "fake", "fake", own="fake", mirrored=("inconclusive", "fake")),
    )
    assert not holds("fake", variants("fake", "fake", "fake", "real", own="fake", mirrored=("fake", "fake")))
    assert holds("inconclusive", variants("fake", "real", "inconclusive", "real", own="inconclusive"))


def test_several_faces_score_as_alone_and_unscored_faces_are_skipped(
    detector: Detector, samples: Path
) -> None:
    rgb = read_image(samples / "two_people.jpg")
    first, second = detector.analyse_image(rgb).faces
    unscored = FaceResult((5, 5, 30, 30), 0.99, None, None, None)
    together = stabilities(detector, rgb, [first, unscored, second])
    assert together[1] is None
    for face, check in ((first, together[0]), (second, together[2])):
        assert check is not None
        alone = stability(detector, rgb, face)
        assert [variant.fake_logit for variant in check.variants] == pytest.approx(
            [variant.fake_logit for variant in alone.variants], abs=1e-4
        )
    assert stabilities(detector, rgb, []) == []
    with pytest.raises(ValueError, match="without a score"):
        stability(detector, rgb, unscored)


def test_face_too_small_at_half_size_has_no_score_there(detector: Detector, samples: Path) -> None:
    rgb = cv2.resize(read_image(samples / "astronaut.png"), (280, 280), interpolation=cv2.INTER_AREA)
    face = detector.analyse_image(rgb).faces[0]
    assert (
        DecisionConfig().min_face_size
        <= min(face.box[2] - face.box[0], face.box[3] - face.box[1])
        < 2 * DecisionConfig().min_face_size
    )
    half = by_name(stability(detector, rgb, face))["half_size"]
    assert (half.fake_logit, half.fake_prob, half.verdict, half.opposite) == (None, None, None, False)


def test_faces_at_the_edge_and_outside(detector: Detector, samples: Path) -> None:
    rgb = read_image(samples / "astronaut.png")[
        70:165, 185:260
    ]  # the square reaches outside on every side, sizes are odd
    whole = DetectedFace((0.0, 0.0, 75.0, 95.0), 1.0)
    (face,) = detector.score_faces(rgb, [whole])
    assert [variant.name for variant in stability(detector, rgb, face).variants] == NAMES
    assert face.heatmap is not None
    moved = dataclasses.replace(face, heatmap=type(face.heatmap)(face.heatmap.values, (900, 900, 1000, 1000)))
    with pytest.raises(ValueError, match="outside of the picture"):
        stability(detector, rgb, moved)


def test_only_the_most_suspicious_faces_of_a_crowd_are_checked(detector: Detector, samples: Path) -> None:
    rgb = read_image(samples / "astronaut.png")
    face = detector.analyse_image(rgb).faces[0]
    assert face.fake_prob is not None
    crowd = [dataclasses.replace(face, fake_prob=face.fake_prob + index / 1000) for index in range(30)]
    checks = stabilities(detector, rgb, crowd)
    assert [check is None for check in checks] == [True] * 6 + [False] * MAX_CHECKED
