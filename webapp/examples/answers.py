"""Stored answers to the examples, so that one click shows a result at once.

`python -m webapp.examples.make` computes them with the shipped weights. A test computes them again.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from laanet_core.decision import DecisionConfig
from laanet_core.documents import FileProvenanceDocument
from laanet_core.inference.detector import Detector
from laanet_core.inference.key_frames import worst_times
from laanet_core.inference.stability import stabilities
from laanet_core.inference.stable_verdicts import checked_faces
from laanet_core.media.images import read_image
from laanet_core.media.reader import IN_PROCESS
from laanet_core.media.video import Frame
from laanet_core.results import (
    AnalysisResult,
    Coverage,
    FaceQuality,
    FaceResult,
    Heatmap,
    ModelInfo,
    Segment,
    Stability,
    TrackResult,
    Variant,
)

FOLDER = Path(__file__).resolve().parent
# The shipped examples in the order of the page. Each shows something that the others do not.
NAMES = ("astronaut-self-blended.jpg", "portrait.jpg", "crowd.jpg", "clip.mp4", "cannot-judge.jpg")
# Frames that are judged of a clip, as by default on a server.
FRAMES = 32
# Moments of a clip whose heatmaps are stored, as many as the page shows.
_MOMENTS = 4


@dataclass(frozen=True)
class ExampleAnswer:
    """Result of an example with its stability check.

    `decision` has the thresholds of the weights that computed it, `media_sha256` the digest of the file.
    """

    path: Path
    media_sha256: str
    decision: DecisionConfig
    result: AnalysisResult
    stabilities: list[Stability | None]


def compute(name: str, detector: Detector) -> ExampleAnswer:
    """Analyse an example and check the stability of its verdicts."""
    path = FOLDER / name
    result = detector.analyse_file(path, frames=FRAMES)
    checks: list[Stability | None] = []
    if result.outcome == "verdict":
        checks = stabilities(detector, _pixels(path, result)[0].rgb, checked_faces(result))
    # Neither depends on the file.
    result = dataclasses.replace(result, seconds=0.0, runtime=None)
    return ExampleAnswer(path, _sha256(path), detector.decision, result, checks)


@functools.cache
def load(name: str) -> ExampleAnswer:
    """Return the stored answer to an example. Raises OSError if there is none."""
    entry = json.loads(_file(name).read_text(encoding="utf-8"))
    checks = [None if check is None else _stability_of(check) for check in entry["stabilities"]]
    decision = DecisionConfig.from_dict(entry["decision"])
    return ExampleAnswer(FOLDER / name, entry["media_sha256"], decision, _result_of(entry["result"]), checks)


@functools.cache
def frames_of(name: str) -> tuple[Frame, ...]:
    """Return the picture of an example, or the moments of a clip that the page shows.

    They are decoded in this process, because the files are our own.
    """
    answer = load(name)
    return tuple(_pixels(answer.path, answer.result))


def save(name: str, answer: ExampleAnswer) -> None:
    """Write the answer to an example as JSON."""
    entry = {
        "media_sha256": answer.media_sha256,
        "decision": answer.decision.to_dict(),
        "result": _result_entry(answer.result),
        "stabilities": [None if check is None else dataclasses.asdict(check) for check in answer.stabilities],
    }
    _file(name).write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")


def _file(name: str) -> Path:
    return FOLDER / "answers" / f"{name}.json"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _pixels(path: Path, result: AnalysisResult) -> list[Frame]:
    """Decode a photo, or a clip's most suspicious frames, the worst first."""
    if result.kind == "image":
        return [Frame(read_image(path), 0.0)]
    worst = worst_times(result, limit=_MOMENTS)
    decoded = list(IN_PROCESS.frames_at(path, sorted(worst)))
    return sorted(decoded, key=lambda frame: worst.index(frame.time))


def _result_entry(result: AnalysisResult) -> dict[str, Any]:
    """Return a result as JSON values, with the heatmaps of what the page shows."""
    shown = None if result.kind == "image" else worst_times(result, limit=_MOMENTS)
    faces = []
    for face in result.faces:
        entry = dataclasses.asdict(dataclasses.replace(face, heatmap=None))
        if face.heatmap is not None and (shown is None or face.time in shown):
            entry["heatmap"] = _heatmap_entry(face.heatmap)
        faces.append(entry)
    entry = dataclasses.asdict(dataclasses.replace(result, faces=(), provenance=None))
    provenance = result.provenance
    if provenance is not None:
        entry["provenance"] = FileProvenanceDocument.from_result(provenance).model_dump(mode="json")
    return {**entry, "faces": faces}


def _heatmap_entry(heatmap: Heatmap) -> dict[str, Any]:
    packed = zlib.compress(heatmap.values.astype("<f2").tobytes(), 9)
    return {"box": heatmap.box, "shape": heatmap.shape, "values": base64.b64encode(packed).decode()}


def _heatmap_of(entry: dict[str, Any]) -> Heatmap:
    packed = zlib.decompress(base64.b64decode(entry["values"]))
    values = np.frombuffer(packed, "<f2").reshape(entry["shape"]).astype(np.float32)
    x1, y1, x2, y2 = entry["box"]
    return Heatmap(values, (x1, y1, x2, y2))


def _face_of(entry: dict[str, Any]) -> FaceResult:
    heatmap, quality = entry["heatmap"], entry["quality"]
    x1, y1, x2, y2 = entry["box"]
    return FaceResult(
        **{
            **entry,
            "box": (x1, y1, x2, y2),
            "heatmap": None if heatmap is None else _heatmap_of(heatmap),
            "quality": None if quality is None else FaceQuality(**quality),
        }
    )


def _result_of(entry: dict[str, Any]) -> AnalysisResult:
    coverage, provenance = entry["coverage"], entry["provenance"]
    return AnalysisResult(
        **{
            **entry,
            "faces": tuple(_face_of(face) for face in entry["faces"]),
            "model": ModelInfo(**entry["model"]),
            "size": tuple(entry["size"]),
            "tracks": tuple(TrackResult(**track) for track in entry["tracks"]),
            "segments": tuple(Segment(**segment) for segment in entry["segments"]),
            "coverage": None if coverage is None else Coverage(**coverage),
            "provenance": None
            if provenance is None
            else FileProvenanceDocument.model_validate(provenance).to_result(),
            "cautions": tuple(entry["cautions"]),
        }
    )


def _stability_of(entry: dict[str, Any]) -> Stability:
    return Stability(
        variants=tuple(Variant(**variant) for variant in entry["variants"]),
        stable=entry["stable"],
        verdict=entry["verdict"],
    )
