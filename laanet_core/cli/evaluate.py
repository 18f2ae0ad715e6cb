"""`evaluate`: judge the held-back part of a manifest, or a benchmark's crops, and print figures with 95 % intervals."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laanet_core.cli.arguments import positive
from laanet_core.cli.train import add_data_arguments, read_data

if TYPE_CHECKING:
    from laanet_core.evaluation.eval_sets import ItemSet
    from laanet_core.evaluation.report import Judgement
    from laanet_core.modeling.laanet import LAANet


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "evaluate", help="measure a network on a manifest's val split or on a benchmark", description=__doc__
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
        help="its folder below ROOT (default: %(default)s)",
    )
    parser.add_argument(
        "--frames",
        type=positive,
        default=32,
        help="frames judged of each of its videos (default: %(default)s)",
    )
    parser.add_argument(
        "--weights",
        default="starter",
        help="starter, a folder, or hf://owner/repo@revision (default: %(default)s)",
    )
    parser.add_argument(
        "--robustness",
        nargs="*",
        metavar="NAME[:LEVEL]",
        help="also judge everything corrupted: jpeg:50 resize:0.5 for these, jpeg for its five severities, nothing for all six times five",
    )
    parser.add_argument(
        "--bootstrap", type=positive, default=1000, help="resamples for the intervals (default: %(default)s)"
    )


def add_evaluation_arguments(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    add_data_arguments(parser, required=required)
    parser.add_argument("--split", default="val", choices=("train", "val"))
    parser.add_argument(
        "--sets",
        nargs="+",
        metavar="NAME",
        help="of a manifest, only these: self_blends, pairs, warped_swaps, pasted_swaps, labelled",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the self-blends and of the bootstrap")
    parser.add_argument(
        "--kept",
        type=Path,
        metavar="DIR",
        help="keep every score in this folder as JSON lines; run again to go on after an interruption",
    )
    parser.add_argument(
        "--no-flip", action="store_true", help="judge each crop once, without its mirror image"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    from laanet_core.cli.report_text import as_text
    from laanet_core.evaluation.corruptions import chosen_corruptions
    from laanet_core.evaluation.public_benchmarks import BENCHMARKS
    from laanet_core.evaluation.report import report
    from laanet_core.modeling.device import pick_device
    from laanet_core.modeling.loading import load_weights

    _check_source(args)
    corruptions = chosen_corruptions(args.robustness) if args.robustness is not None else []
    loaded = load_weights(args.weights)
    model, sha256 = loaded.model.to(pick_device(args.device)), loaded.info.sha256
    sets = item_sets(args, model.config.input_size)
    reports: dict[str, dict[str, Any]] = {}
    for chosen in sets:
        judged = judge_set(model, sha256, chosen, args)
        figures = report(judged, loaded.decision, bootstrap=args.bootstrap, seed=args.seed)
        figures["title"] = chosen.title
        if args.dataset:
            figures["published"] = [dataclasses.asdict(row) for row in BENCHMARKS[args.dataset].published]
        if corruptions:
            figures["robustness"] = _robustness(
                model, sha256, chosen, args, corruptions, figures["frame_level"]["auc"]["value"]
            )
        reports[chosen.name] = figures
    split = args.benchmark_split if args.dataset else args.split
    outcome = {
        "model": loaded.info.to_json(),
        "split": split,
        "seed": args.seed,
        "flip_test": not args.no_flip,
        "sets": reports,
    }
    print(json.dumps(outcome) if args.json else as_text(outcome))
    return 0


def _check_source(args: argparse.Namespace) -> None:
    """Raises InvalidDataset unless the arguments name exactly one thing to measure on."""
    from laanet_core.errors import InvalidDataset
    from laanet_core.evaluation.public_benchmarks import named_benchmark

    if (args.dataset is None) == (args.manifest is None):
        raise InvalidDataset("name either --manifest, or --dataset with --root")
    if args.dataset is not None:
        named_benchmark(args.dataset)
        if args.root is None:
            raise InvalidDataset("--dataset needs --root, the folder of its crops")


def item_sets(args: argparse.Namespace, size: int) -> list[ItemSet]:
    """What the arguments ask to be judged, for a network of input size `size`."""
    from laanet_core.errors import InvalidDataset
    from laanet_core.evaluation.eval_sets import manifest_sets
    from laanet_core.evaluation.public_benchmarks import benchmark_set

    if getattr(args, "dataset", None):
        return [benchmark_set(args.dataset, args.root, size, args.benchmark_split, frames=args.frames)]
    samples, store = read_data(args, args.split)
    sets = manifest_sets(samples, store, size, args.seed)
    unknown = sorted(set(args.sets or ()) - {found.name for found in sets})
    if unknown:
        raise InvalidDataset(
            f"no set {', '.join(unknown)} in this split; it has {', '.join(found.name for found in sets)}"
        )
    return [found for found in sets if not args.sets or found.name in args.sets]


def judge_set(model: LAANet, sha256: str, chosen: ItemSet, args: argparse.Namespace) -> list[Judgement]:
    from laanet_core.evaluation.report import judge

    kept = _kept_file(args, sha256, chosen.name)
    return judge(model, chosen.items(), chosen.total, kept=kept, flip=not args.no_flip)


def _robustness(
    model: LAANet,
    sha256: str,
    chosen: ItemSet,
    args: argparse.Namespace,
    corruptions: list[tuple[str, float]],
    clean: float,
) -> list[dict[str, Any]]:
    """AUC at every severity of every corruption asked for, and how far it lies below that of the clean crops."""
    from laanet_core.evaluation.corruptions import CORRUPTIONS, corrupted_set
    from laanet_core.evaluation.report import frame_auc

    rows: list[dict[str, Any]] = []
    for name, level in corruptions:
        auc = frame_auc(judge_set(model, sha256, corrupted_set(chosen, name, level), args))
        rows.append(
            {
                "corruption": name,
                "level": level,
                "unit": CORRUPTIONS[name].unit,
                "auc": auc,
                "drop": round(clean - auc, 4),
            }
        )
    return rows


def _kept_file(args: argparse.Namespace, sha256: str, name: str) -> Path | None:
    """A file name that says what its scores depend on, so that scores of another model, seed or source are never taken for these."""
    if args.kept is None:
        return None
    args.kept.mkdir(parents=True, exist_ok=True)
    if getattr(args, "dataset", None):
        source = f"{args.root.resolve()} {args.benchmark_split} {args.frames}".encode()
    else:
        source = str(args.packs).encode() + args.split.encode() + args.manifest.read_bytes()
    depends = f"seed{args.seed}{'-noflip' if args.no_flip else ''}-{hashlib.sha256(source).hexdigest()[:12]}-{sha256[:16]}"
    file: Path = args.kept / f"{name}-{depends}.jsonl"
    return file
