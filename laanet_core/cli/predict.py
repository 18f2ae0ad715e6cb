"""Command `predict`: analyse pictures and clips."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from laanet_core.cli.arguments import DEVICE_HELP, WEIGHTS_HELP, positive
from laanet_core.cli.pipes import is_pipe, seekable
from laanet_core.results import clock_text
from laanet_core.runtimes.base import RUNTIME_CHOICES, RuntimeChoice

if TYPE_CHECKING:
    from laanet_core.results import AnalysisResult, FaceResult
    from laanet_core.types import RGBImage

_DESCRIPTION = "Analyse pictures and clips for manipulated faces."

# Exit status if a file was rejected.
REJECTED = 2

# From this number of faces on, a compiled network saves more time than the second that compilation takes.
WORTH_COMPILING = 64

# Sentences by caution code of a result.
CAUTIONS = {
    "cut_short": "the file is truncated; the rest was analysed",
    "damaged_parts": "damaged parts of the clip were skipped",
    "first_picture_only": "only the first of several pictures was analysed",
    "not_all_faces": "of many faces the sharpest and largest were analysed",
    "not_all_frames": "the time for the clip ended before all chosen frames were analysed",
}

# Sentences by status of the provenance. A file without Content Credentials gets none: that proves nothing.
PROVENANCE = {
    "valid_trusted": "Content Credentials: the signature of {issuer} is valid and trusted",
    "valid_untrusted": "Content Credentials: the signature of {issuer} is valid; the signer is not on the "
    "trust list",
    "invalid": "Content Credentials: the signature is not valid ({problem})",
    "unreadable": "Content Credentials: could not be read ({problem})",
}
CONFLICTS = {
    "content_changed_after_signing": "the content was changed after it was signed",
    "signature_invalid": "the signature does not fit the Content Credentials",
    "generator_text_in_camera_file": "the file names a camera, and holds settings of a program for AI",
    "camera_signed_but_blended": "signed as taken by a camera, but the network sees blending",
    "edited_face_claimed_but_nothing_seen": "signed as edited, but the network sees nothing",
}

# Sentences by outcome of a result that has no verdict.
SENTENCES = {"no_face": "no face found", "face_too_small": "no face can be judged"}
REASONS = {
    "too_small": "too small to judge",
    "blurred": "not judged: too blurred",
    "cut_off": "not judged: cut off by the edge of the picture",
    "hidden": "not judged: hidden",
    "tilted": "not judged: tilted too far",
    "not_a_face": "not judged: probably not a face",
}

# A file name may have 255 bytes; the rest is for the number before the stem and the time after it.
_MAX_STEM_BYTES = 180


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("predict", help="analyse pictures and clips", description=_DESCRIPTION)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print one JSON object per file and line")
    parser.add_argument("--weights", default="starter", help=WEIGHTS_HELP)
    parser.add_argument("--device", default="auto", help=DEVICE_HELP)
    parser.add_argument(
        "--runtime",
        choices=RUNTIME_CHOICES,
        help="engine that runs the network (default: eager for a few files, else auto)",
    )
    parser.add_argument(
        "--heatmaps", type=Path, metavar="DIR", help="write every picture with its heatmaps there, as PNG"
    )
    parser.add_argument(
        "--cropped", action="store_true", help="take every picture as a face crop; skip face detection"
    )
    parser.add_argument(
        "--trust-list",
        type=Path,
        metavar="PEM",
        help="certificates of the authorities whose signers of Content Credentials are trusted",
    )
    parser.add_argument(
        "--frames",
        type=positive,
        default=32,
        help="evenly spaced frames of a clip; up to four times as many are added for cuts, changes and "
        "suspicious passages (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Analyse file by file. Return REJECTED if any file was rejected, else 0."""
    # Imports create no garbage, but looking for it takes half a second.
    gc.disable()
    from laanet_core.inference.detector import Detector
    from laanet_core.media.reader import InProcessReader
    from laanet_core.media.trust_list import read_trust_list

    gc.enable()
    if args.json:
        # Importing pydantic takes 50 ms, which another thread can spend while the network loads and runs.
        threading.Thread(target=importlib.import_module, args=["laanet_core.documents"]).start()
    if args.heatmaps:
        _make_folder(args.heatmaps)
    reader = InProcessReader("" if args.trust_list is None else read_trust_list(args.trust_list).anchors)
    detector = Detector.from_weights(args.weights, args.device, runtime=_runtime_choice(args), reader=reader)
    if detector.notice:
        print(detector.notice, file=sys.stderr)
    has_rejected = False
    for number, file in enumerate(args.files):
        with seekable(Path(file)) as path:
            result = detector.analyse_file(path, frames=args.frames, cropped=args.cropped)
            if result.outcome == "rejected":
                has_rejected = True
            line = _json_line(result, file) if args.json else _text(result, file)
            print(line, flush=True)
            if args.heatmaps and result.faces:
                # The number keeps apart inputs of one name in several folders.
                target = args.heatmaps / f"{number:03}-{_truncate_stem(Path(file).stem)}"
                _write_overlays(result, path, target)
    return REJECTED if has_rejected else 0


def _runtime_choice(args: argparse.Namespace) -> RuntimeChoice:
    """Return the requested runtime; without a request, compile the network only for many faces."""
    requested: RuntimeChoice | None = args.runtime
    if requested is not None:
        return requested
    return "auto" if _face_count(args) >= WORTH_COMPILING else "eager"


def _face_count(args: argparse.Namespace) -> int:
    """Estimate how many faces the network will score.

    The estimate assumes one face in every picture and in every analysed frame of a clip, and none in a file
    that cannot be read.
    """
    from laanet_core.errors import UnreadableMedia
    from laanet_core.media.images import sniff_file

    count = 0
    for file in args.files:
        # A pipe can be read only once.
        if is_pipe(Path(file)):
            count += 1
            continue
        with contextlib.suppress(UnreadableMedia):
            count += args.frames if sniff_file(Path(file)) == "video" else 1
    return count


def _json_line(result: AnalysisResult, file: str) -> str:
    """Return a result as one line of JSON."""
    # At the top of this module the import would delay every command.
    from laanet_core.documents import AnalysisDocument

    return json.dumps({"path": file, **AnalysisDocument.from_result(result).to_json()})


def _text(result: AnalysisResult, file: str) -> str:
    """Return a result as lines for people."""
    if result.error:
        return f"{file}: rejected: {result.error.message} ({result.error.code})"
    cautions = _caution_lines(result)
    if result.verdict is None or result.fake_prob is None:
        lines = [f"{file}: {SENTENCES[result.outcome]}", *cautions]
    else:
        lines = [f"{file}: {result.verdict} (fake probability {result.fake_prob:.4f})", *cautions]
    lines += _provenance_lines(result)
    lines += _clip_lines(result)
    lines += [_face_line(number, face) for number, face in enumerate(result.faces, start=1)]
    return "\n".join(lines)


def _caution_lines(result: AnalysisResult) -> list[str]:
    """Return one line with all cautions of a result, or no line if it has none."""
    if not result.cautions:
        return []
    sentences = "; ".join(CAUTIONS[caution] for caution in result.cautions)
    return [f"  caution: {sentences}"]


def _provenance_lines(result: AnalysisResult) -> list[str]:
    """Return what the file says about its origin, and the contradiction, if there is one."""
    provenance = result.provenance
    if provenance is None:
        return []
    lines: list[str] = []
    if provenance.ai_generated:
        share = "edited or partly made" if provenance.is_partly_ai else "made"
        lines.append(f"  this file says it was {share} by AI")
    if provenance.status in PROVENANCE:
        issuer, problem = provenance.issuer or "an unnamed signer", provenance.problem
        lines.append(f"  {PROVENANCE[provenance.status].format(issuer=issuer, problem=problem)}")
    if result.conflict is not None:
        lines.append(f"  contradiction: {CONFLICTS[result.conflict]}")
    return lines


def _clip_lines(result: AnalysisResult) -> list[str]:
    """Return the passages of a clip that are not real, and how much of the clip was looked at."""
    lines: list[str] = []
    for segment in result.segments:
        if segment.verdict != "real":
            finding = "looks manipulated" if segment.verdict == "fake" else "is inconclusive"
            passage = f"{clock_text(segment.start)} to {clock_text(segment.end)}"
            score = f"fake probability {segment.fake_prob:.4f}"
            lines.append(f"  {passage} {finding} (track {segment.track}, {score})")
    coverage = result.coverage
    if coverage is not None:
        seconds = f"{coverage.seconds_covered:.1f} of {coverage.seconds:.1f} seconds"
        lines.append(f"  looked at {seconds} ({coverage.frames_judged} frames)")
    return lines


def _face_line(number: int, face: FaceResult) -> str:
    box = ", ".join(f"{value:.0f}" for value in face.box)
    time = "" if face.time is None else f" at {face.time:.2f} s (track {face.track})"
    if face.fake_prob is None:
        score = "not judged: too many faces" if face.not_judged is None else REASONS[face.not_judged]
    else:
        score = f"{face.verdict}, {face.fake_prob:.4f}"
    return f"  face {number}{time} [{box}]: {score}"


def _write_overlays(result: AnalysisResult, file: Path, target: Path) -> None:
    """Write overlays as PNG files whose names begin with that of `target`.

    A picture gets one overlay. A clip gets one for each key frame, with the
    frame's time in its name.
    """
    import cv2

    from laanet_core.faces.face_scaling import faces_on
    from laanet_core.inference.key_frames import decode_moments, worst_times
    from laanet_core.inference.overlay import draw_overlay
    from laanet_core.media.images import read_image

    # Pictures and their faces by the suffix of the overlay's file name.
    pictures: dict[str, tuple[RGBImage, tuple[FaceResult, ...]]] = {}
    if result.kind == "image":
        rgb = read_image(file)
        pictures[""] = (rgb, faces_on(rgb, result.faces, result.size))
    else:
        for moment in decode_moments(file, result, worst_times(result)):
            pictures[f"-{moment.time:.3f}s"] = (moment.rgb, moment.faces)
    for suffix, (rgb, faces) in pictures.items():
        overlay = cv2.cvtColor(draw_overlay(rgb, faces), cv2.COLOR_RGB2BGR)
        encoded = cv2.imencode(".png", overlay)[1]
        target.with_name(f"{target.name}{suffix}.png").write_bytes(encoded.tobytes())


def _make_folder(folder: Path) -> None:
    """Make the folder of the overlays. Raises InvalidConfig if that is impossible."""
    from laanet_core.errors import InvalidConfig

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidConfig(f"--heatmaps: {folder} cannot be made a folder: {error.strerror}") from error


def _truncate_stem(stem: str) -> str:
    """Return a file name's stem shortened to _MAX_STEM_BYTES; a character cut in two is dropped."""
    return os.fsencode(stem)[:_MAX_STEM_BYTES].decode("utf-8", "ignore")
