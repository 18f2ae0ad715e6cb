"""What is left of an answer once it was tried whether its verdicts hold, and what that trial came to, face by face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from laanet_core.inference.key_frames import worst_times
from laanet_core.results import AnalysisResult, FaceResult, Stability, Verdict

# untold: in no copy; told_after: in some copy, though not as given; flips: into its opposite; lost: in every lossy copy;
# wavers: cannot be told in some copy; partly: the same wherever it could be judged; holds: the same in every copy
Finding = Literal["untold", "told_after", "flips", "lost", "wavers", "partly", "holds"]
_GRAVEST_FIRST: tuple[Verdict, ...] = ("fake", "inconclusive", "real")


def checked_faces(result: AnalysisResult) -> tuple[FaceResult, ...]:
    """The faces whose verdicts are tried: all of a picture; of a clip those of its most suspicious frame."""
    if result.kind == "image":
        return result.faces
    worst = worst_times(result, limit=1)
    return tuple(face for face in result.faces if worst and face.time == worst[0])


def held_answer(result: AnalysisResult, found: Sequence[Stability | None]) -> AnalysisResult:
    """The answer with the verdicts that are left: a face whose verdict does not hold cannot be told, and so cannot its picture, unless
    another face is fake. `found` is of `checked_faces`, in their order; without a fallen verdict the answer itself comes back.

    A clip keeps its verdict: of its frames one was tried. Raises ValueError for another number of faces.
    """
    fallen = {
        id(face)
        for face, stability in zip(checked_faces(result), found, strict=True)
        if stability and not stability.stable
    }
    if not fallen:
        return result
    faces = tuple(
        replace(face, verdict="inconclusive") if id(face) in fallen else face for face in result.faces
    )
    if result.kind == "video":
        return replace(result, faces=faces)
    left = {face.verdict for face in faces}
    return replace(
        result, faces=faces, verdict=next(verdict for verdict in _GRAVEST_FIRST if verdict in left)
    )


def finding(given: Verdict | None, stability: Stability) -> Finding:
    """What the trial of a face with the verdict `given` came to."""
    judged = [variant for variant in stability.variants if variant.verdict is not None]
    same = all(variant.verdict == given for variant in judged)
    if given == "inconclusive":
        return "untold" if same else "told_after"
    if not stability.stable:
        return "flips" if any(variant.opposite for variant in judged) else "lost"
    if not same:
        return "wavers"
    return "holds" if len(judged) == len(stability.variants) else "partly"


def named(stability: Stability, verdict: Verdict | None) -> list[str]:
    """Names of the changes after which a face has this verdict; None: after which it is too small to judge."""
    return [variant.name for variant in stability.variants if variant.verdict == verdict]
