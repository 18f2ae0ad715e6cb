"""Persons of a clip whose faces are not judged on any frame."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from laanet_core.decision import MIN_TRACK_SHARE
from laanet_core.results import AnalysisResult, NotJudgedReason


@dataclass(frozen=True)
class UnjudgedTrack:
    """Track without a judged face: found on `frames` frames, and the most frequent reason of these faces.

    The reason is None if the clip shows more faces than are judged.
    """

    track: int
    frames: int
    reason: NotJudgedReason | None


def unjudged_tracks(result: AnalysisResult) -> tuple[UnjudgedTrack, ...]:
    """Return a clip's unjudged tracks by number; none for pictures.

    Tracks of finds that are no faces are left out. So are tracks on less than MIN_TRACK_SHARE of the frames,
    unless no track lasts longer.
    """
    reasons: dict[int, Counter[NotJudgedReason | None]] = {}
    for face in result.faces:
        if face.track is not None:
            reasons.setdefault(face.track, Counter()).update([face.not_judged])
    for track in result.tracks:
        reasons.pop(track.track, None)
    found = [
        UnjudgedTrack(track, counts.total(), counts.most_common(1)[0][0])
        for track, counts in sorted(reasons.items())
        if set(counts) != {"not_a_face"}
    ]
    coverage = result.coverage
    frames = len({face.time for face in result.faces}) if coverage is None else coverage.frames_judged
    lasting = [track for track in found if track.frames >= MIN_TRACK_SHARE * frames]
    return tuple(lasting if lasting or result.tracks else found)
