"""Command `evaluate`: measure a network on a manifest's val split, a public benchmark or whole pictures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from laanet_core.cli.arguments import DEVICE_HELP, WEIGHTS_HELP, add_data_arguments, data_files, positive

if TYPE_CHECKING:
    from laanet_core.evaluation.run import BenchmarkSource, ManifestSource

_DESCRIPTION = (
    "Measure a network on a manifest's validation split, on the crops of a public benchmark, or on whole "
    "pictures, with 95 % intervals."
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "evaluate",
        help="measure a network on a manifest's val split, a benchmark or whole pictures",
        description=_DESCRIPTION,
    )
    add_evaluation_arguments(parser, required=False)
    parser.add_argument(
        "--dataset", help="a benchmark instead of a manifest: ffpp, cdf1, cdf2, dfd, dfdcp, dfdc or dfw"
    )
    parser.add_argument(
        "--root", type=Path, help="the benchmark's crops: ROOT/<split>/frames/<type>/<video>/<frame>.png"
    )
    parser.add_argument(
        "--benchmark-split",
        default="test",
        metavar="NAME",
        help="folder of the split below ROOT (default: %(default)s)",
    )
    parser.add_argument(
        "--frames",
        type=positive,
        default=32,
        help="frames of each of the benchmark's videos (default: %(default)s)",
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="whole pictures instead of a manifest: a folder with one CSV file, columns path (relative to "
        "DIR) and label (real or fake); reports verdicts by the number of faces found",
    )
    parser.add_argument("--weights", default="starter", help=WEIGHTS_HELP)
    parser.add_argument(
        "--robustness",
        nargs="*",
        metavar="NAME[:LEVEL]",
        help="also measure corrupted crops: jpeg:50 for one level, jpeg for its five levels, "
        "no name for all seven corruptions at all levels",
    )
    parser.add_argument(
        "--equal-sharpness",
        action="store_true",
        help="also measure every set with its real faces blurred to the fakes' sharpness",
    )
    parser.add_argument(
        "--groups",
        metavar="REGEX",
        help="also report false alarms by the named parts of this regular expression in the images' names, "
        "such as '_(?P<race>[0-4])_'",
    )
    parser.add_argument(
        "--plots",
        type=Path,
        metavar="DIR",
        help="write plots: ROC, AUC by set, reliability, scores and robustness",
    )
    parser.add_argument(
        "--bootstrap", type=positive, default=1000, help="resamples for the intervals (default: %(default)s)"
    )


def add_evaluation_arguments(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add the arguments that `evaluate` and `calibrate` share."""
    add_data_arguments(parser, required=required)
    parser.add_argument(
        "--also",
        type=Path,
        action="append",
        default=[],
        metavar="MANIFEST",
        help="another data set, whose landmarks and packs lie beside its manifest; may be repeated",
    )
    parser.add_argument(
        "--split",
        default="val",
        choices=("train", "val"),
        help="split of the manifest (default: %(default)s)",
    )
    parser.add_argument(
        "--sets",
        nargs="+",
        metavar="NAME",
        help="only these sets of the manifest: self_blends, pairs, warped_swaps, pasted_swaps, labelled, "
        "forger_NAME",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of self-blended images and bootstrap")
    parser.add_argument(
        "--kept",
        type=Path,
        metavar="DIR",
        help="cache the scores in this folder as JSON lines; a repeated command continues from them",
    )
    parser.add_argument(
        "--no-flip", action="store_true", help="score each crop once, without its mirror image"
    )
    parser.add_argument("--device", default="auto", help=DEVICE_HELP)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def manifest_source(args: argparse.Namespace) -> ManifestSource:
    """Return the evaluation sets that --manifest, --split and --sets name."""
    from laanet_core.data.dataset import DatasetFiles
    from laanet_core.evaluation.run import ManifestSource

    more = [DatasetFiles(manifest) for manifest in args.also]
    return ManifestSource(files=data_files(args), split=args.split, names=args.sets or (), more=more)


def run(args: argparse.Namespace) -> int:
    return _measure_faces(args) if args.pictures is None else _measure_pictures(args)


def _measure_pictures(args: argparse.Namespace) -> int:
    """Print the report on whole pictures. Raises InvalidDataset if other data is named too."""
    from laanet_core.errors import InvalidDataset
    from laanet_core.evaluation.pictures import as_text, evaluate_pictures, read_pictures
    from laanet_core.inference.detector import Detector

    if args.manifest is not None or args.dataset is not None:
        raise InvalidDataset("name either --pictures, or --manifest, or --dataset with --root")
    pictures = read_pictures(args.pictures)
    report = evaluate_pictures(Detector.from_weights(args.weights, args.device), pictures)
    print(json.dumps(report.to_json()) if args.json else as_text(report))
    return 0


def _measure_faces(args: argparse.Namespace) -> int:
    from laanet_core.cli.report_text import as_text
    from laanet_core.evaluation.corruptions import chosen_corruptions
    from laanet_core.evaluation.run import EvaluationOptions, evaluate
    from laanet_core.modeling.loading import load_weights

    source = _source(args)
    corruptions = () if args.robustness is None else chosen_corruptions(args.robustness)
    options = EvaluationOptions(
        device=args.device,
        flip=not args.no_flip,
        seed=args.seed,
        bootstrap=args.bootstrap,
        corruptions=corruptions,
        cache=args.kept,
        plots=args.plots,
        equal_sharpness=args.equal_sharpness,
        groups=args.groups,
    )
    report = evaluate(load_weights(args.weights), source, options)
    print(json.dumps(report.to_json()) if args.json else as_text(report))
    return 0


def _source(args: argparse.Namespace) -> ManifestSource | BenchmarkSource:
    """Return the manifest or the benchmark that the arguments name.

    Raises InvalidDataset unless they name exactly one of the two.
    """
    from laanet_core.errors import InvalidDataset
    from laanet_core.evaluation.public_benchmarks import named_benchmark
    from laanet_core.evaluation.run import BenchmarkSource

    if (args.dataset is None) == (args.manifest is None):
        raise InvalidDataset("name either --manifest, or --dataset with --root, or --pictures")
    if args.dataset is None:
        return manifest_source(args)
    # An unknown name is reported first, because a root would not help.
    named_benchmark(args.dataset)
    if args.root is None:
        raise InvalidDataset("--dataset needs --root, the folder of its crops")
    return BenchmarkSource(name=args.dataset, root=args.root, split=args.benchmark_split, frames=args.frames)
