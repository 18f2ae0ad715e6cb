"""`predict`: judge pictures and clips."""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from laanet_core.cli.arguments import positive
from laanet_core.runtimes.base import RUNTIME_CHOICES, RuntimeChoice

if TYPE_CHECKING:
    from laanet_core.results import AnalysisResult

REJECTED = 2
WORTH_COMPILING = 64  # faces, of which a compiled network makes up for the second that compiling it takes
CAUTIONS = {
    "cut_short": "the clip is cut short, what is left of it was judged",
    "damaged_parts": "damaged parts of the clip were passed over",
    "first_picture_only": "only the first of several pictures was judged",
}
SENTENCES = {"no_face": "no face found", "face_too_small": "every face is too small to judge"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("predict", help="judge pictures and clips", description=__doc__)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print one JSON object per file and line")
    parser.add_argument(
        "--weights",
        default="starter",
        help="starter, a folder, or hf://owner/repo@revision (default: %(default)s)",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: %(default)s)")
    parser.add_argument(
        "--runtime",
        choices=RUNTIME_CHOICES,
        help="what carries out the network (default: eager for a few files, else auto)",
    )
    parser.add_argument(
        "--heatmaps", type=Path, metavar="DIR", help="write every picture with its heatmaps there, as PNG"
    )
    parser.add_argument(
        "--cropped", action="store_true", help="take every picture as a face crop and skip the detection"
    )
    parser.add_argument(
        "--frames", type=positive, default=32, help="frames judged of a clip (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    """Judge file by file; returns 2 if any was rejected, else 0."""
    gc.disable()  # nothing of what is loaded now is garbage, and looking for some takes half a second
    from laanet_core.inference.detector import Detector

    gc.enable()
    if args.heatmaps:
        _make_folder(args.heatmaps)
    runtime: RuntimeChoice = args.runtime or ("auto" if _faces_expected(args) >= WORTH_COMPILING else "eager")
    detector = Detector.from_weights(args.weights, args.device, runtime=runtime)
    if detector.notice:
        print(detector.notice, file=sys.stderr)
    rejected = False
    for number, file in enumerate(args.files):
        result = detector.analyse_file(file, frames=args.frames, cropped=args.cropped)
        rejected = rejected or result.outcome == "rejected"
        print(
            json.dumps({"path": file, **result.to_json()}) if args.json else _text(result, file), flush=True
        )
        if args.heatmaps and result.faces:
            _write_overlays(
                result, Path(file), args.heatmaps / f"{number:03}-{_short(Path(file).stem)}", args.frames
            )
    return REJECTED if rejected else 0


def _faces_expected(args: argparse.Namespace) -> int:
    """One of a picture, or of every frame; none of what cannot be read."""
    from laanet_core.errors import UnreadableMedia
    from laanet_core.media.images import sniff_file

    count = 0
    for file in args.files:
        with contextlib.suppress(UnreadableMedia):
            count += args.frames if sniff_file(Path(file)) == "video" else 1
    return count


def _text(result: AnalysisResult, file: str) -> str:
    if result.error:
        return f"{file}: rejected: {result.error.message} ({result.error.code})"
    cautions = (
        [f"  caution: {'; '.join(CAUTIONS[caution] for caution in result.cautions)}"]
        if result.cautions
        else []
    )
    if result.verdict is None or result.fake_prob is None:
        return "\n".join([f"{file}: {SENTENCES[result.outcome]}", *cautions])
    lines = [f"{file}: {result.verdict} (fake probability {result.fake_prob:.4f})", *cautions]
    for number, face in enumerate(result.faces, start=1):
        box = ", ".join(f"{value:.0f}" for value in face.box)
        at = "" if face.time is None else f" at {face.time:.2f} s (track {face.track})"
        judged = "too small to judge" if face.fake_prob is None else f"{face.verdict}, {face.fake_prob:.4f}"
        lines.append(f"  face {number}{at} [{box}]: {judged}")
    return "\n".join(lines)


def _write_overlays(result: AnalysisResult, file: Path, target: Path, frames: int) -> None:
    """One PNG of a picture; of a clip one for each of its worst moments, named by its time."""
    import cv2

    from laanet_core.inference.key_frames import moments, worst_times
    from laanet_core.inference.overlay import draw_overlay
    from laanet_core.media.images import read_image

    if result.kind == "image":
        pictures = {"": (read_image(file), result.faces)}
    else:
        pictures = {
            f"-{m.time:.3f}s": (m.rgb, m.faces) for m in moments(file, result, worst_times(result), frames)
        }
    for name, (rgb, faces) in pictures.items():
        encoded = cv2.imencode(".png", cv2.cvtColor(draw_overlay(rgb, faces), cv2.COLOR_RGB2BGR))[1]
        target.with_name(f"{target.name}{name}.png").write_bytes(encoded.tobytes())


def _make_folder(folder: Path) -> None:
    from laanet_core.errors import InvalidConfig

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidConfig(f"--heatmaps: {folder} cannot be made a folder: {error.strerror}") from error


def _short(stem: str) -> str:
    """A name with room for more before and after it within the 255 bytes that file systems allow."""
    return os.fsencode(stem)[:180].decode("utf-8", "ignore")
