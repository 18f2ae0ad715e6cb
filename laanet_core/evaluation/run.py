"""Evaluation and calibration runs: sources of evaluation sets, and measurements on them."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from laanet_core.data.dataset import DatasetFiles, combine_datasets, load_dataset
from laanet_core.data.manifest import Split
from laanet_core.errors import InvalidDataset
from laanet_core.evaluation.calibration import Calibration, ErrorLimits, calibrate
from laanet_core.evaluation.corruptions import CORRUPTIONS, corrupted_set
from laanet_core.evaluation.equal_sharpness import equal_sharpness_set
from laanet_core.evaluation.eval_sets import EvalSet, manifest_sets
from laanet_core.evaluation.false_alarms import false_alarms, group_pattern
from laanet_core.evaluation.forgers import summarize_forgers
from laanet_core.evaluation.plots import draw_plots
from laanet_core.evaluation.predictions import Prediction, predict_items
from laanet_core.evaluation.public_benchmarks import BENCHMARKS, FRAMES, benchmark_set
from laanet_core.evaluation.report import (
    CorruptionAuc,
    Estimate,
    EvaluationReport,
    SetReport,
    frame_auc,
    frame_auc_estimate,
    report_set,
)
from laanet_core.modeling.device import pick_device
from laanet_core.modeling.loading import LoadedWeights


@dataclass(frozen=True)
class ManifestSource:
    """Evaluation sets made of one split of a manifest; `names` selects some of them, empty means all.

    The samples of the data sets `more` are added to those of `files`.
    """

    files: DatasetFiles
    split: Split = "val"
    names: Sequence[str] = ()
    more: Sequence[DatasetFiles] = ()

    def sets(self, input_size: int, seed: int) -> list[EvalSet]:
        """Return the sets for a network of this input size.

        Raises InvalidDataset, also for an unknown name.
        """
        dataset = load_dataset(self.files, self.split)
        for files in self.more:
            dataset = combine_datasets(dataset, load_dataset(files, self.split))
        sets = manifest_sets(dataset.samples, dataset.store, input_size, seed)
        available = [eval_set.name for eval_set in sets]
        unknown = sorted(set(self.names) - set(available))
        if unknown:
            raise InvalidDataset(f"no set {', '.join(unknown)} in this split; it has {', '.join(available)}")
        if not self.names:
            return sets
        return [eval_set for eval_set in sets if eval_set.name in self.names]

    def cache_key(self) -> bytes:
        """Return bytes that change when the images to score change."""
        parts = [str(self.files.packs).encode(), self.split.encode(), self.files.manifest.read_bytes()]
        return b"".join([*parts, *(files.manifest.read_bytes() for files in self.more)])


@dataclass(frozen=True)
class BenchmarkSource:
    """Crops of a public benchmark below `root`, at most `frames` of each video."""

    name: str
    root: Path
    split: str = "test"
    frames: int = FRAMES

    def sets(self, input_size: int, seed: int) -> list[EvalSet]:
        """Return the benchmark as the only set. `seed` has no effect. Raises InvalidDataset."""
        return [benchmark_set(self.name, self.root, input_size, self.split, frames=self.frames)]

    def cache_key(self) -> bytes:
        """Return bytes that change when the images to score change."""
        return f"{self.root.resolve()} {self.split} {self.frames}".encode()


EvalSource = ManifestSource | BenchmarkSource


@dataclass(frozen=True)
class EvaluationOptions:
    """Settings of an evaluation.

    `flip` averages the logits of a crop and its mirror image. `seed` seeds the self-blended images and the
    bootstrap of `bootstrap` resamples. `corruptions` are (name, level) pairs to measure robustness against.
    `cache` is a folder that keeps the predictions; a repeated call continues from them. `plots` is a folder
    that receives plots. `progress` shows bars on standard error. `equal_sharpness` also measures every set
    with real faces that are as sharp as its fakes. `groups` is a regular expression whose named parts are
    groups of people in the names of images (`laanet_core.evaluation.false_alarms`).
    """

    device: str = "auto"
    flip: bool = True
    seed: int = 0
    bootstrap: int = 1000
    corruptions: Sequence[tuple[str, float]] = ()
    cache: Path | None = None
    plots: Path | None = None
    progress: bool = True
    equal_sharpness: bool = False
    groups: str | None = None


def evaluate(
    weights: LoadedWeights, source: EvalSource, options: EvaluationOptions | None = None
) -> EvaluationReport:
    """Measure weights on every set of a source; the network moves to the options' device.

    Raises LaanetError (InvalidConfig for an unknown device, InvalidDataset for data that cannot be used or
    lacks a class).
    """
    options = options or EvaluationOptions()
    groups = group_pattern(options.groups)
    weights.model.to(pick_device(options.device))
    reports: dict[str, SetReport] = {}
    all_predictions: dict[str, list[Prediction]] = {}
    by_forger: list[str] = []
    for eval_set in source.sets(weights.model.config.input_size, options.seed):
        predictions = predict_set(weights, eval_set, source, options)
        try:
            report = report_set(
                predictions,
                weights.decision,
                title=eval_set.title,
                bootstrap=options.bootstrap,
                seed=options.seed,
            )
        except ValueError as error:
            raise InvalidDataset(f"the set {eval_set.name} cannot be measured: {error}") from error
        published = BENCHMARKS[source.name].published if isinstance(source, BenchmarkSource) else None
        clean_auc = report.frame_level.auc.value
        robustness = _robustness(weights, eval_set, source, options, clean_auc)
        reports[eval_set.name] = dataclasses.replace(
            report,
            published=published,
            robustness=robustness,
            equal_sharpness_auc=_equal_sharpness(weights, eval_set, source, options),
        )
        all_predictions[eval_set.name] = predictions
        if eval_set.by_forger:
            by_forger.append(eval_set.name)
    evaluation = EvaluationReport(
        model=weights.info,
        split=source.split,
        seed=options.seed,
        flip_test=options.flip,
        sets=reports,
        forgers=summarize_forgers(
            {name: reports[name] for name in by_forger}, {name: all_predictions[name] for name in by_forger}
        ),
        false_alarms=false_alarms(all_predictions, weights.decision, groups),
    )
    if options.plots is not None:
        draw_plots(evaluation, all_predictions, weights.decision, options.plots)
    return evaluation


def calibrate_weights(
    weights: LoadedWeights,
    source: EvalSource,
    limits: ErrorLimits | None = None,
    options: EvaluationOptions | None = None,
) -> Calibration:
    """Return decision values calibrated on a source's sets; `weights_files.write_decision` stores them.

    `options.bootstrap` and `options.corruptions` have no effect. Raises LaanetError as `evaluate` does.
    """
    options = options or EvaluationOptions()
    weights.model.to(pick_device(options.device))
    sets = source.sets(weights.model.config.input_size, options.seed)
    predictions = {eval_set.name: predict_set(weights, eval_set, source, options) for eval_set in sets}
    return calibrate(predictions, weights.decision, limits)


def predict_set(
    weights: LoadedWeights, eval_set: EvalSet, source: EvalSource, options: EvaluationOptions
) -> list[Prediction]:
    """Score every item of a set, or read its score from the cache."""
    cache = None
    if options.cache is not None:
        options.cache.mkdir(parents=True, exist_ok=True)
        cache = options.cache / _cache_file_name(weights.info.sha256, eval_set.name, source, options)
    return predict_items(
        weights.model,
        eval_set.items(),
        eval_set.total,
        cache=cache,
        flip=options.flip,
        progress=options.progress,
    )


def _robustness(
    weights: LoadedWeights,
    eval_set: EvalSet,
    source: EvalSource,
    options: EvaluationOptions,
    clean_auc: float,
) -> list[CorruptionAuc]:
    """Measure a set under each of the options' corruptions, beside the AUC of its clean crops."""
    rows: list[CorruptionAuc] = []
    for name, level in options.corruptions:
        predictions = predict_set(weights, corrupted_set(eval_set, name, level), source, options)
        auc = frame_auc(predictions)
        row = CorruptionAuc(
            corruption=name,
            level=level,
            unit=CORRUPTIONS[name].unit,
            auc=auc,
            drop=round(clean_auc - auc, 4),
        )
        rows.append(row)
    return rows


def _equal_sharpness(
    weights: LoadedWeights, eval_set: EvalSet, source: EvalSource, options: EvaluationOptions
) -> Estimate | None:
    """Return the AUC with real faces that are as sharp as the fakes; None unless the options want it."""
    if not options.equal_sharpness:
        return None
    predictions = predict_set(weights, equal_sharpness_set(eval_set), source, options)
    return frame_auc_estimate(predictions, options.bootstrap, options.seed)


def _cache_file_name(sha256: str, set_name: str, source: EvalSource, options: EvaluationOptions) -> str:
    """Return a file name that contains everything that the predictions depend on.

    Predictions of different weights, images or settings therefore never share a file.
    """
    flip = "" if options.flip else "-noflip"
    images_sha256 = hashlib.sha256(source.cache_key()).hexdigest()
    return f"{set_name}-seed{options.seed}{flip}-{images_sha256[:12]}-{sha256[:16]}.jsonl"
