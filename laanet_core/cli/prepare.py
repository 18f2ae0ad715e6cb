"""Command `prepare`: cut a benchmark's videos into the face crops that `evaluate --dataset` reads."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from laanet_core.cli.arguments import DEVICE_HELP, positive

_DESCRIPTION = "Cut a benchmark's videos into the face crops that `evaluate --dataset` reads."

# Exit status if a video yielded no crops.
REJECTED = 2

VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "prepare", help="cut face crops out of a benchmark's videos", description=_DESCRIPTION
    )
    parser.add_argument(
        "videos",
        type=Path,
        metavar="VIDEOS",
        help="VIDEOS/<type>/<video>.mp4, with the benchmark's own types",
    )
    parser.add_argument(
        "root",
        type=Path,
        metavar="ROOT",
        help="receives ROOT/<split>/frames/<type>/<video>/<frame>.png; a repeated command continues",
    )
    parser.add_argument("--dataset", required=True, help="ffpp, cdf1, cdf2, dfd, dfdcp, dfdc or dfw")
    parser.add_argument("--split", default="test", help="name of the split's folder (default: %(default)s)")
    parser.add_argument(
        "--frames", type=positive, default=32, help="frames of each video (default: %(default)s)"
    )
    parser.add_argument("--device", default="auto", help=DEVICE_HELP)
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Prepare video by video. Return REJECTED if any video yielded no crops, else 0."""
    from tqdm import tqdm

    from laanet_core.errors import UnreadableMedia
    from laanet_core.evaluation.benchmark_crops import prepare_video
    from laanet_core.faces.detector import FaceDetector
    from laanet_core.modeling.device import pick_device

    videos = _find_videos(args.videos, args.dataset)
    detector = FaceDetector(pick_device(args.device))
    frames_folder = args.root / args.split / "frames"
    crops = 0
    rejected: dict[str, str] = {}
    for kind, path in tqdm(videos, unit="video", mininterval=2):
        try:
            crops += prepare_video(path, frames_folder / kind / path.stem, detector, frames=args.frames)
        except UnreadableMedia as error:
            rejected[f"{kind}/{path.name}"] = error.code
            print(f"{kind}/{path.name}: {error.message} ({error.code})", file=sys.stderr)
    outcome = {"videos": len(videos), "crops": crops, "rejected": rejected}
    usable = len(videos) - len(rejected)
    text = f"{crops} crops of {usable} videos; {len(rejected)} videos yielded none"
    print(json.dumps(outcome) if args.json else text)
    return REJECTED if rejected else 0


def _find_videos(folder: Path, dataset: str) -> list[tuple[str, Path]]:
    """Return the (type, file) pairs of a benchmark's videos, which lie in one folder per type.

    Raises InvalidDataset if there are no videos.
    """
    from laanet_core.errors import InvalidDataset
    from laanet_core.evaluation.public_benchmarks import named_benchmark

    videos: list[tuple[str, Path]] = []
    for kind in named_benchmark(dataset).labels:
        if not (folder / kind).is_dir():
            continue
        files = sorted((folder / kind).iterdir())
        videos.extend((kind, file) for file in files if file.suffix.lower() in VIDEO_SUFFIXES)
    if not videos:
        raise InvalidDataset(f"{folder.name} holds no videos of {dataset} in folders named by type")
    return videos
