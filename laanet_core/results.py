"""Results of an analysis: frozen dataclasses of faces, tracks, files, cautions and stability checks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from laanet_core.types import Box

Verdict = Literal["real", "fake", "inconclusive"]
Outcome = Literal["verdict", "no_face", "face_too_small", "rejected"]
Kind = Literal["image", "video"]

# Engine that runs the network's forward pass: torch itself, OpenVINO on CPUs, or CUDA graphs.
RuntimeName = Literal["eager", "openvino", "cuda"]
InferencePrecision = Literal["float32", "bfloat16", "float16"]

# Reason for which only a part of a file was judged.
# cut_short: the clip's file ends clearly before the clip does.
# damaged_parts: parts of the clip did not decode and were skipped.
# first_picture_only: of a file of several pages or pictures the first one was judged.
# not_all_faces: of many faces the sharpest and largest were judged (`faces/face_budget.py`).
# not_all_frames: the time for the clip ended before all chosen frames were decoded and judged.
Caution = Literal["cut_short", "damaged_parts", "first_picture_only", "not_all_faces", "not_all_frames"]
CAUTIONS: tuple[Caution, ...] = get_args(Caution)

# Reason for which a face is shown but not judged.
# too_small: fewer pixels than the network was calibrated on.
# blurred: out of focus, moved, or enlarged from a smaller picture.
# cut_off: the picture's edge cuts through the face.
# hidden: pixelated, blurred or barred so that the person cannot be recognised.
# tilted: turned so far in the picture's plane that straightening it does not help.
# not_a_face: the face detector's find is no face.
NotJudgedReason = Literal["too_small", "blurred", "cut_off", "hidden", "tilted", "not_a_face"]
NOT_JUDGED_REASONS: tuple[NotJudgedReason, ...] = get_args(NotJudgedReason)

# Callback of readers. It may be called several times with the same caution.
Warn = Callable[[Caution], object]


def ignore_caution(caution: Caution) -> None:
    """Do nothing: callback for callers that only need pixels."""


def ordered_cautions(cautions: Collection[str]) -> tuple[Caution, ...]:
    """Return each known caution once, in the order of CAUTIONS."""
    return tuple(caution for caution in CAUTIONS if caution in cautions)


@dataclass(frozen=True)
class Progress:
    """Progress of an analysis: fraction in [0, 1] of the work that is done, and the present phase.

    The library's phases are `reading`, `judging` and `drawing`; callers may add phases of their own.
    """

    fraction: float
    phase: str


# A callback may raise Cancelled to stop the analysis.
ProgressCallback = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """Do nothing: callback for callers that show no progress."""


def clock_text(seconds: float) -> str:
    """Format a time of a clip as minutes and seconds, such as 0:12; hours are minutes."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def size_text(box: Box) -> str:
    """Format the width and height of a box in whole pixels."""
    return f"{box[2] - box[0]:.0f} × {box[3] - box[1]:.0f}"


@dataclass(frozen=True)
class ModelInfo:
    """Identity of a model: its configuration's name, its version, and the sha256 of its weights file."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class RuntimeInfo:
    """Runtime that ran the network's forward pass; `device` is cpu, cuda or mps."""

    name: RuntimeName
    precision: InferencePrecision
    device: str


class Heatmap(np.ndarray[tuple[int, int], np.dtype[np.float32]]):
    """Heatmap (S/4, S/4) float32 in [0, 1] of blending artefacts, with the part of the picture it covers.

    `box` is the crop it spans, (x1, y1, x2, y2) in pixels of the upright original; it may reach outside the
    picture. Arrays computed from a heatmap keep its box.
    """

    box: Box

    def __new__(cls, values: npt.NDArray[np.float32], box: Box) -> Heatmap:
        heatmap = np.asarray(values, np.float32).view(cls)
        heatmap.box = box
        return heatmap

    def __array_finalize__(self, source: Any) -> None:
        self.box = getattr(source, "box", (0.0, 0.0, 0.0, 0.0))

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """The plain array (S/4, S/4) float32."""
        return self.view(np.ndarray)


@dataclass(frozen=True)
class FaceQuality:
    """Measures of a found face that decide whether it is judged (`faces/quality.py`).

    `side` is the shorter side of its box in pixels of the upright original. `sharpness` is a scale-free
    measure in [0, 1], near 0 for a blurred face. `inside` is the share in [0, 1] of the detector's box that
    lies inside the picture. `roll` is the turn in the picture's plane in degrees, in (-180, 180], clockwise
    positive, 0 for an upright face. `detection_prob` is the face detector's probability in [0, 1].
    """

    side: float
    sharpness: float
    inside: float
    roll: float
    detection_prob: float


@dataclass(frozen=True)
class FaceResult:
    """One face of a picture, or of one frame of a clip (frame-level).

    `box` is the face detector's, in pixels of the upright original. `fake_logit`, `fake_prob` (calibrated),
    `verdict` and `heatmap` are None for a face that is not judged; `not_judged` is then the reason, or None
    if the file shows more faces than are judged (caution not_all_faces). `time` is
    the frame's presentation time in seconds, and `track` numbers one person's face through the clip; both are
    None for pictures. `quality` is None for a face whose box was given by the caller instead of found.
    `unmirrored_logit` is the logit of the crop alone; `fake_logit` is the mean of it and of the mirrored
    crop's logit (flip test). Stored results do not keep it.
    Raises ValueError for a face with both a score and a reason not to judge it.
    """

    box: Box
    detection_prob: float
    fake_logit: float | None
    fake_prob: float | None
    verdict: Verdict | None
    time: float | None = None
    track: int | None = None
    heatmap: Heatmap | None = None
    unmirrored_logit: float | None = None
    quality: FaceQuality | None = None
    not_judged: NotJudgedReason | None = None

    def __post_init__(self) -> None:
        if self.not_judged is not None and self.is_judged:
            raise ValueError(f"a face that is not judged ({self.not_judged}) has no score")

    @property
    def is_judged(self) -> bool:
        """True if the face has a score. Faces that are not judged never decide over the file."""
        return self.fake_logit is not None


@dataclass(frozen=True)
class TrackResult:
    """One person's face through a clip (video-level): its logits averaged over `frames` frames."""

    track: int
    frames: int
    fake_logit: float
    fake_prob: float
    verdict: Verdict


@dataclass(frozen=True)
class Segment:
    """Passage of a track without a change of the verdict, from `start` to `end` in seconds of the clip.

    `fake_logit` is the mean over the `frames` judged frames of the passage, `fake_prob` its calibrated
    probability. A passage reaches as far as its frames are shown, or half-way to the track's next frame.
    `still` is true if one frame is enough because its picture does not change.
    """

    track: int
    start: float
    end: float
    fake_prob: float
    verdict: Verdict
    fake_logit: float
    frames: int
    still: bool = False


@dataclass(frozen=True)
class Coverage:
    """Part of a clip that was looked at.

    `frames_judged` frames were searched for faces. They stand for `seconds_covered` of the clip's `seconds`.
    """

    frames_judged: int
    seconds_covered: float
    seconds: float


# State of a file's Content Credentials (C2PA).
# none: there are none, the normal case, which proves nothing.
# valid_trusted: the signature fits the file, and the signer is on the trust list.
# valid_untrusted: the signature fits the file, and the signer is not on the trust list.
# invalid: the signature does not fit the file or cannot be relied on.
# unreadable: there are some, which were not or could not be read, or the reader of files was stopped.
ProvenanceStatus = Literal["none", "valid_trusted", "valid_untrusted", "invalid", "unreadable"]

# Part of a file that makes a statement. `comment` is that of a JPEG or GIF.
ProvenancePlace = Literal["c2pa", "iptc", "xmp", "exif", "comment", "png_text", "mp4_software"]

# Subject of a statement.
# issuer, generator: signer and program that wrote the credentials.
# digital_source_type, component_source_type: IPTC code for the whole file, and for a picture placed in it.
# editing: `face`, if the credentials list an edit of a face.
# software, camera: program or camera that wrote the file.
# generator_text: program whose settings for AI pictures are in the file.
# problem: code of the reason for `invalid` or `unreadable`.
ProvenanceSubject = Literal[
    "issuer",
    "generator",
    "digital_source_type",
    "component_source_type",
    "editing",
    "software",
    "camera",
    "generator_text",
    "problem",
]

# Contradiction between a file's own statements, or between them and the network's verdict.
Conflict = Literal[
    "content_changed_after_signing",
    "signature_invalid",
    "generator_text_in_camera_file",
    "camera_signed_but_blended",
    "edited_face_claimed_but_nothing_seen",
]
CONFLICTS: tuple[Conflict, ...] = get_args(Conflict)


# Characters of what a statement says, all printable.
MAX_STATEMENT = 80


@dataclass(frozen=True)
class ProvenanceSource:
    """One statement of a file about its origin: the place, the subject, and what it says."""

    where: ProvenancePlace
    what: ProvenanceSubject
    says: str


@dataclass(frozen=True)
class Provenance:
    """Statements of a file about its own origin. Only credentials whose status is valid are hard to forge.

    `issuer` is the organisation in the signer's certificate. `generator` is the program that made or signed
    the file. `digital_source_type` is a code of IPTC's vocabulary. `ai_generated` is true if the file says
    that AI made it or a part of it, false if it says otherwise. `captured_by_camera` is true if the file
    says that a camera took it. Both are None if the file says nothing about it.
    """

    status: ProvenanceStatus = "none"
    issuer: str | None = None
    generator: str | None = None
    digital_source_type: str | None = None
    ai_generated: bool | None = None
    captured_by_camera: bool | None = None
    sources: tuple[ProvenanceSource, ...] = ()

    @property
    def is_valid(self) -> bool:
        """True if the signature fits the file, whether or not the signer is on the trust list."""
        return self.status in ("valid_trusted", "valid_untrusted")

    @property
    def problem(self) -> str | None:
        """Code of the reason for the status `invalid` or `unreadable`."""
        return next((source.says for source in self.sources if source.what == "problem"), None)

    @property
    def is_partly_ai(self) -> bool:
        """True if the file says that AI made or changed a part of it, not all."""
        return bool(self.ai_generated) and self.digital_source_type not in (None, "trainedAlgorithmicMedia")


@dataclass(frozen=True)
class ErrorInfo:
    """Stable code and one plain sentence."""

    code: str
    message: str


@dataclass(frozen=True)
class AnalysisResult:
    """Result for one picture or clip.

    `fake_prob` is that of a picture's judged faces or of a clip's tracks together (`decision.group_logit`);
    None unless `outcome` is "verdict". The outcome is "no_face" if every find is `not_a_face`, and
    "face_too_small" if faces were found but none is judged, whatever the reasons. `seconds` is the wall time
    of the analysis, `size` the (width, height) of the upright original. `tracks` is empty for pictures.
    `runtime` is None for stored results, which do not keep it. `cautions` are in the order of CAUTIONS.
    `segments` are in order of time; they are empty, and `coverage` is None, for pictures, rejected clips and
    stored results without them. `provenance` is None for arrays and older stored results, and `conflict` is
    None if nothing contradicts it (`inference/conflicts.py`).
    """

    kind: Kind
    outcome: Outcome
    verdict: Verdict | None
    fake_prob: float | None
    faces: tuple[FaceResult, ...]
    model: ModelInfo
    seconds: float
    error: ErrorInfo | None = None
    size: tuple[int, int] | None = None
    tracks: tuple[TrackResult, ...] = ()
    runtime: RuntimeInfo | None = None
    cautions: tuple[Caution, ...] = ()
    segments: tuple[Segment, ...] = ()
    coverage: Coverage | None = None
    provenance: Provenance | None = None
    conflict: Conflict | None = None


@dataclass(frozen=True)
class Variant:
    """Score of a face after one lossy change to its picture.

    `fake_logit`, `fake_prob` (calibrated) and `verdict` are None if the change made the face too small to
    judge. `compared_to` is the face's own verdict. For `mirrored`, which is scored without the flip test,
    it is the verdict of the unmirrored crop alone.
    """

    name: str
    fake_logit: float | None
    fake_prob: float | None
    verdict: Verdict | None
    compared_to: Verdict

    @property
    def opposite(self) -> bool:
        """True if one of the two verdicts is real and the other fake."""
        return {self.verdict, self.compared_to} == {"real", "fake"}


@dataclass(frozen=True)
class Stability:
    """Stability check of one face: its variants, whether its verdict is stable, and the verdict that remains.

    The remaining verdict is the face's own if it is stable, else inconclusive.
    """

    variants: tuple[Variant, ...]
    stable: bool
    verdict: Verdict
