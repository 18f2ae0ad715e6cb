"""Verdicts that remain after the stability check, and a finding for each face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from laanet_core.inference.key_frames import worst_times
from laanet_core.results import AnalysisResult, FaceResult, Stability, Verdict

# Outcome of a face's stability check.
# always_unclear: inconclusive, also in every variant.
# unclear_original: inconclusive, but not in every variant.
# flips: some variant has the opposite verdict.
# lost: no lossy variant has the face's verdict.
# wavers: some variant is inconclusive.
# partly: every variant that could be judged has the face's verdict.
# holds: every variant has the face's verdict.
Finding = Literal["always_unclear", "unclear_original", "flips", "lost", "wavers", "partly", "holds"]


def checked_faces(result: AnalysisResult) -> tuple[FaceResult, ...]:
    """Return the faces whose stability is checked, in their order.

    These are all faces of a picture, or those of a clip's most suspicious frame.
    """
    if result.kind == "image":
        return result.faces
    worst = worst_times(result, limit=1)
    return tuple(face for face in result.faces if worst and face.time == worst[0])


def stable_result(result: AnalysisResult, checks: Sequence[Stability | None]) -> AnalysisResult:
    """Return the result with the verdicts that remain after the stability check.

    An unstable face becomes inconclusive, and so does its picture, unless the picture is fake and another
    face still is. A clip keeps its verdict, because only one of its frames was checked. `checks` are of
    `checked_faces`, in their order. Without unstable faces the result itself is returned.
    Raises ValueError for another number of checks.
    """
    unstable = {
        id(face)
        for face, stability in zip(checked_faces(result), checks, strict=True)
        if stability and not stability.stable
    }
    if not unstable:
        return result
    faces = tuple(
        replace(face, verdict="inconclusive") if id(face) in unstable else face for face in result.faces
    )
    if result.kind == "video":
        return replace(result, faces=faces)
    stays_fake = result.verdict == "fake" and any(face.verdict == "fake" for face in faces)
    return replace(result, faces=faces, verdict="fake" if stays_fake else "inconclusive")


def finding(verdict: Verdict | None, stability: Stability) -> Finding:
    """Return the finding of the stability check of a face with this verdict."""
    judged = [variant for variant in stability.variants if variant.verdict is not None]
    same = all(variant.verdict == verdict for variant in judged)
    if verdict == "inconclusive":
        return "always_unclear" if same else "unclear_original"
    if not stability.stable:
        return "flips" if any(variant.opposite for variant in judged) else "lost"
    if not same:
        return "wavers"
    return "holds" if len(judged) == len(stability.variants) else "partly"


def variants_with(stability: Stability, verdict: Verdict | None) -> list[str]:
    """Return the names of the variants with this verdict.

    None stands for variants in which the face is too small to judge.
    """
    return [variant.name for variant in stability.variants if variant.verdict == verdict]
