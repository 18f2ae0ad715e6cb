"""`evaluate`: judge the held-back part of a manifest, or a benchmark's crops, and print figures with 95 % intervals."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laanet_core.cli.train import add_data_arguments, read_data

if TYPE_CHECKING:
    from laanet_core.benchmarks import Benchmark
    from laanet_core.evaluation import Judgement
    from laanet_core.model import LAANet

SETS = {"self_blends": "self-blends of unseen people", "pairs": "fakes of unseen people and their originals"}
METRICS = ("auc", "ap", "ar", "mf1")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("evaluate", help="measure a network on a manifest's val split or on a benchmark", description=__doc__)
    add_evaluation_arguments(parser, required=False)
    parser.add_argument("--dataset", help="a benchmark instead of a manifest: ffpp, cdf1, cdf2, dfd, dfdcp, dfdc or dfw")
    parser.add_argument("--root", type=Path, help="the benchmark's crops: ROOT/<split>/frames/<type>/<video>/<frame>.png")
    parser.add_argument("--benchmark-split", default="test", metavar="NAME", help="its folder below ROOT (default: %(default)s)")
    parser.add_argument("--frames", type=int, default=32, help="frames judged of each of its videos (default: %(default)s)")
    parser.add_argument("--weights", default="starter", help="starter, a folder, or hf://owner/repo@revision (default: %(default)s)")
    parser.add_argument("--bootstrap", type=int, default=1000, help="resamples for the intervals (default: %(default)s)")


def add_evaluation_arguments(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    add_data_arguments(parser, required=required)
    parser.add_argument("--split", default="val", choices=("train", "val"))
    parser.add_argument("--seed", type=int, default=0, help="of the self-blends and of the bootstrap")
    parser.add_argument(
        "--kept", type=Path, metavar="DIR", help="keep every score in this folder as JSON lines; run again to go on after an interruption"
    )
    parser.add_argument("--no-flip", action="store_true", help="judge each crop once, without its mirror image")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    from laanet_core.devices import pick_device
    from laanet_core.evaluation import report
    from laanet_core.weights import load_weights

    benchmark = _benchmark(args)
    loaded = load_weights(args.weights)
    model = loaded.model.to(pick_device(args.device))
    if benchmark:
        judged = {args.dataset: _judge_benchmark(model, loaded.info.sha256, benchmark, args)}
    else:
        judged = judge_sets(model, loaded.info.sha256, args)
    reports = {name: report(judgements, loaded.decision, bootstrap=args.bootstrap, seed=args.seed) for name, judgements in judged.items()}
    if benchmark:
        reports[args.dataset]["published"] = [dataclasses.asdict(row) for row in benchmark.published]
    split = args.benchmark_split if benchmark else args.split
    outcome = {"model": loaded.info.to_json(), "split": split, "seed": args.seed, "flip_test": not args.no_flip, "sets": reports}
    print(json.dumps(outcome) if args.json else _text(outcome, benchmark.title if benchmark else None))
    return 0


def _benchmark(args: argparse.Namespace) -> Benchmark | None:
    """The benchmark asked for, if any; raises InvalidDataset unless the arguments name exactly one thing to measure on."""
    from laanet_core.benchmarks import named_benchmark
    from laanet_core.errors import InvalidDataset

    if (args.dataset is None) == (args.manifest is None):
        raise InvalidDataset("name either --manifest, or --dataset with --root")
    if args.dataset is None:
        return None
    benchmark = named_benchmark(args.dataset)
    if args.root is None:
        raise InvalidDataset("--dataset needs --root, the folder of its crops")
    return benchmark


def _judge_benchmark(model: LAANet, sha256: str, benchmark: Benchmark, args: argparse.Namespace) -> list[Judgement]:
    from laanet_core.benchmarks import benchmark_frames, benchmark_items
    from laanet_core.evaluation import judge

    total = len(benchmark_frames(benchmark, args.root, args.benchmark_split, frames=args.frames))
    items = benchmark_items(benchmark, args.root, model.config.input_size, args.benchmark_split, frames=args.frames)
    return judge(model, items, total, kept=_kept_file(args, sha256, args.dataset), flip=not args.no_flip)


def judge_sets(model: LAANet, sha256: str, args: argparse.Namespace) -> dict[str, list[Judgement]]:
    """Judge the self-blends and the pairs of the split; a set the manifest has nothing for is left out."""
    from laanet_core.evaluation import judge, pair_items, self_blend_items

    samples, store = read_data(args, args.split)
    size = model.config.input_size
    blends = 2 * sum(sample.label == 0 and sample.landmarks is not None for sample in samples)
    fakes = [sample for sample in samples if sample.label == 1 and sample.original is not None]
    pairs = len(fakes) + len({(sample.pack, sample.original) for sample in fakes})
    sources = {
        "self_blends": (self_blend_items(samples, store, size, args.seed), blends),
        "pairs": (pair_items(samples, store, size), pairs),
    }
    judged: dict[str, list[Judgement]] = {}
    for name, (items, total) in sources.items():
        if total:
            kept = _kept_file(args, sha256, name)
            judged[name] = judge(model, items, total, kept=kept, flip=not args.no_flip)
    return judged


def _kept_file(args: argparse.Namespace, sha256: str, name: str) -> Path | None:
    """A file name that says what its scores depend on, so that scores of another model or seed are never taken for these."""
    if args.kept is None:
        return None
    args.kept.mkdir(parents=True, exist_ok=True)
    file: Path = args.kept / f"{name}-{args.split}-seed{args.seed}{'-noflip' if args.no_flip else ''}-{sha256[:16]}.jsonl"
    return file


def _text(outcome: dict[str, Any], title: str | None = None) -> str:
    model = outcome["model"]
    flip = "on" if outcome["flip_test"] else "off"
    lines = [f"{model['name']} {model['version']} ({model['sha256'][:12]}), {outcome['split']} split, flip test {flip}"]
    for name, figures in outcome["sets"].items():
        lines += ["", f"{title or SETS[name]}: {figures['real']} real, {figures['fake']} fake, {figures['people']} people"]
        lines.append(f"  {'':24}" + "".join(f"{metric.upper():>24}" for metric in METRICS))
        for level in ("frame_level", "video_level"):
            lines.append(f"  {level.replace('_', ' '):24}" + "".join(f"{_interval(figures[level][metric]):>24}" for metric in METRICS))
        for row in figures.get("published", ()):
            values = [row["auc"], row["ap"]]
            cells = "".join(f"{'-' if value is None else f'{value / 100:.4f}':>24}" for value in values)
            lines.append(f"  {'published, ' + row['training']:24}{cells}")
        lines.append(f"  {'sharpness only':24}{_interval(figures['sharpness_baseline']['auc']):>24}")
        lines.append("  AUC by pack: " + ", ".join(f"{pack} {auc:.3f}" for pack, auc in figures["auc_by_pack"].items()))
        lines.append(f"  calibration: ECE {figures['calibration']['ece']:.3f}, Brier {figures['calibration']['brier']:.3f}")
        for group, shares in figures["verdicts"].items():
            lines.append(f"  {group.replace('_', ' ')}: " + ", ".join(f"{share:.1%} called {verdict}" for verdict, share in shares.items()))
        if figures["peak_on_boundary"]:
            hits = figures["peak_on_boundary"]
            lines.append(f"  heatmap's peak on the blending boundary: {hits['share']:.1%} of {hits['fakes']} fakes")
    return "\n".join(lines)


def _interval(figure: dict[str, float]) -> str:
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"
