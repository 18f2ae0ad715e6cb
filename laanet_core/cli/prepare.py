"""`prepare`: cut the face crops that `evaluate --dataset` reads out of a benchmark's videos."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from laanet_core.cli.arguments import positive

REJECTED = 2
ENDINGS = (".mp4", ".avi", ".mov", ".mkv", ".webm")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "prepare", help="cut face crops out of a benchmark's videos", description=__doc__
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
        help="gets ROOT/<split>/frames/<type>/<video>/<frame>.png; run again to go on",
    )
    parser.add_argument("--dataset", required=True, help="ffpp, cdf1, cdf2, dfd, dfdcp, dfdc or dfw")
    parser.add_argument("--split", default="test", help="name of the split's folder (default: %(default)s)")
    parser.add_argument(
        "--frames", type=positive, default=32, help="frames cut out of each video (default: %(default)s)"
    )
    parser.add_argument("--device", default="auto", help="where faces are sought: auto, cpu, cuda or mps")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Prepare video by video; returns 2 if any gave no crops, else 0."""
    from tqdm import tqdm

    from laanet_core.errors import InvalidDataset, UnreadableMedia
    from laanet_core.evaluation.benchmark_crops import prepare_video
    from laanet_core.evaluation.public_benchmarks import named_benchmark
    from laanet_core.faces.detector import FaceDetector
    from laanet_core.modeling.device import pick_device

    kinds = [kind for kind in named_benchmark(args.dataset).labels if (args.videos / kind).is_dir()]
    videos = [
        (kind, path)
        for kind in kinds
        for path in sorted((args.videos / kind).iterdir())
        if path.suffix.lower() in ENDINGS
    ]
    if not videos:
        raise InvalidDataset(f"{args.videos.name} holds no videos of {args.dataset} in folders named by type")
    detector = FaceDetector(pick_device(args.device))
    crops = 0
    rejected: dict[str, str] = {}
    for kind, path in tqdm(videos, unit="video", mininterval=2):
        try:
            crops += prepare_video(
                path, args.root / args.split / "frames" / kind / path.stem, detector, frames=args.frames
            )
        except UnreadableMedia as error:
            rejected[f"{kind}/{path.name}"] = error.code
            print(f"{kind}/{path.name}: {error.message} ({error.code})", file=sys.stderr)
    outcome = {"videos": len(videos), "crops": crops, "rejected": rejected}
    print(
        json.dumps(outcome)
        if args.json
        else f"{crops} crops of {len(videos) - len(rejected)} videos; {len(rejected)} gave none"
    )
    return REJECTED if rejected else 0
