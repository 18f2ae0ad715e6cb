"""What an analysis answers: plain frozen records and their JSON form (the contract of `predict --json`)."""

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


def number_text(value: float | None) -> str:
    """A score or probability as people read it, with the four decimals of the JSON; a dash where there is none."""
    return "–" if value is None else f"{value:.4f}"


def size_text(box: Box) -> str:
    """Width and height of a box in whole pixels."""
    return f"{box[2] - box[0]:.0f} × {box[3] - box[1]:.0f}"


@dataclass(frozen=True)
class ModelInfo:
    """Which model answered: its configuration's name, its version, and the sha256 of its weights file."""

    name: str
    version: str
    sha256: str

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "version": self.version, "sha256": self.sha256}


@dataclass(frozen=True)
class RuntimeInfo:
    """Runtime that ran the network's forward pass; `device` is cpu, cuda or mps."""

    name: RuntimeName
    precision: InferencePrecision
    device: str

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "precision": self.precision, "device": self.device}


class Heatmap(np.ndarray[tuple[int, int], np.dtype[np.float32]]):
    """Where blending artefacts were seen: an array (S/4, S/4) float32 in [0, 1] that knows which part of the picture it covers.

    `box` is the crop it spans, (x1, y1, x2, y2) in pixels of the upright original, possibly reaching outside of it. Arrays computed
    from a heatmap keep its box.
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
        """The plain array."""
        return self.view(np.ndarray)


@dataclass(frozen=True)
class FaceResult:
    """One judged (or unjudged) face. `box` is the detector's, in pixels of the upright original.

    `fake_logit`, `fake_prob` (calibrated) and `verdict` are None for a face too small to judge; `time` is the frame's
    presentation time in seconds for videos and None for images; `track` numbers one person's face through a clip.
    """

    box: Box
    detection_prob: float
    fake_logit: float | None
    fake_prob: float | None
    verdict: Verdict | None
    time: float | None = None
    track: int | None = None
    heatmap: Heatmap | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "box": [round(value, 1) for value in self.box],
            "detection_prob": round(self.detection_prob, 4),
            "fake_logit": None if self.fake_logit is None else round(self.fake_logit, 4),
            "fake_prob": None if self.fake_prob is None else round(self.fake_prob, 4),
            "verdict": self.verdict,
            "time": None if self.time is None else round(self.time, 3),
            "track": self.track,
        }


@dataclass(frozen=True)
class TrackResult:
    """One person's face through a clip, video-level: logits averaged over the `frames` it was judged on, then calibrated."""

    track: int
    frames: int
    fake_logit: float
    fake_prob: float
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        return {
            "track": self.track,
            "frames": self.frames,
            "fake_logit": round(self.fake_logit, 4),
            "fake_prob": round(self.fake_prob, 4),
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class ErrorInfo:
    """A stable code and a sentence."""

    code: str
    message: str

    def to_json(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message}


@dataclass(frozen=True)
class AnalysisResult:
    """The answer for one image or video.

    `fake_prob` is the highest face's for images and the highest track's video-level probability for videos (logits averaged over
    frames, then calibrated); None unless `outcome` is "verdict". `seconds` is the wall time of the analysis. `cautions` say where only a
    part of the file was judged, in the order of CAUTIONS.
    """

    kind: Kind
    outcome: Outcome
    verdict: Verdict | None
    fake_prob: float | None
    faces: tuple[FaceResult, ...]
    model: ModelInfo
    seconds: float
    error: ErrorInfo | None = None
    size: tuple[int, int] | None = None  # (width, height) of the upright original
    tracks: tuple[TrackResult, ...] = ()  # of a clip
    runtime: RuntimeInfo | None = None  # None for an answer that was stored: it is not kept
    cautions: tuple[Caution, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The object that `predict --json` prints, less the `path` it puts before it.

        Over HTTP there is none: Gradio's client takes every object with a `path` for a file and tries to download it.
        """
        return {
            "kind": self.kind,
            "outcome": self.outcome,
            "verdict": self.verdict,
            "fake_prob": None if self.fake_prob is None else round(self.fake_prob, 4),
            "faces": [face.to_json() for face in self.faces],
            **({"tracks": [track.to_json() for track in self.tracks]} if self.kind == "video" else {}),
            "model": self.model.to_json(),
            "seconds": round(self.seconds, 3),
            "error": None if self.error is None else self.error.to_json(),
            "cautions": list(self.cautions),
            **({} if self.runtime is None else {"runtime": self.runtime.to_json()}),
        }


# cut_short: the clip's file ends clearly before the clip does; damaged_parts: parts of a clip did not decode and were passed over;
# first_picture_only: an animation, or a file of several pictures, of which the first was judged
Caution = Literal["cut_short", "damaged_parts", "first_picture_only"]


CAUTIONS: tuple[Caution, ...] = get_args(Caution)


Warn = Callable[[Caution], object]  # may be called more than once with the same


def in_order(told: Collection[str]) -> tuple[Caution, ...]:
    """Each once, in the order of CAUTIONS."""
    return tuple(caution for caution in CAUTIONS if caution in told)


def unheard(caution: Caution) -> None:
    """For who needs the pixels and answers nobody."""
