"""Evaluation report: metrics of predictions with 95 % intervals, typed and ready for JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from laanet_core.decision import DecisionConfig
from laanet_core.evaluation import metrics
from laanet_core.evaluation.calibration import expected_calibration_error, verdict_shares_by_class
from laanet_core.evaluation.metrics import Metric, VerdictShares, sigmoid
from laanet_core.evaluation.predictions import Prediction
from laanet_core.evaluation.public_benchmarks import PublishedResult
from laanet_core.evaluation.subgroups import subgroups
from laanet_core.results import ModelInfo

Array = npt.NDArray[Any]

# Smallest number of faces of each class; a subgroup with fewer gets no AUC.
SMALLEST_SUBGROUP = 15


@dataclass(frozen=True)
class Estimate:
    """Value of a metric and the ends of its 95 % interval, rounded to four decimals."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class MetricEstimates:
    """AUC, AP, AR and mF1 at one level (frames or videos)."""

    auc: Estimate
    ap: Estimate
    ar: Estimate
    mf1: Estimate


@dataclass(frozen=True)
class VerdictsByClass:
    """Verdict shares of the real and of the fake items."""

    of_real: VerdictShares
    of_fake: VerdictShares


@dataclass(frozen=True)
class PeakShare:
    """Share of `fakes` whose heatmap peaks at the expected place."""

    share: float
    fakes: int


@dataclass(frozen=True)
class SubgroupAuc:
    """Frame-level AUC of a subgroup; None if it has too few faces of a class."""

    measure: str
    name: str
    real: int
    fake: int
    auc: Estimate | None

    def to_json(self) -> dict[str, Any]:
        return {
            "measure": self.measure,
            "slice": self.name,
            "real": self.real,
            "fake": self.fake,
            "auc": None if self.auc is None else dataclasses.asdict(self.auc),
        }


@dataclass(frozen=True)
class CorruptionAuc:
    """Frame-level AUC under one corruption, and its `drop` below that of the clean crops."""

    corruption: str
    level: float
    unit: str
    auc: float
    drop: float


@dataclass(frozen=True)
class FalseAlarms:
    """Share of the `real` faces of a group that are called fake, with its Wilson interval.

    `measure` is "pack" or the name of a part of the pattern of groups.
    """

    measure: str
    name: str
    real: int
    share: Estimate


@dataclass(frozen=True)
class SetReport:
    """Metrics of one evaluation set.

    `real` and `fake` are numbers of frames, `people` and `videos` the numbers of people and videos that these
    show. `sharpness_auc` is the AUC of sharpness alone, a baseline. `published` holds the paper's results on
    a benchmark; `robustness` is empty and `equal_sharpness_auc` None unless requested. The latter is the
    frame-level AUC with real faces that are as sharp as the fakes.
    """

    title: str
    real: int
    fake: int
    people: int
    videos: int
    frame_level: MetricEstimates
    video_level: MetricEstimates
    frame_verdicts: VerdictsByClass
    video_verdicts: VerdictsByClass
    sharpness_auc: Estimate
    ece: float
    brier: float
    peak_on_boundary: PeakShare | None
    peak_in_altered: PeakShare | None
    auc_by_pack: Mapping[str, float]
    subgroups: Sequence[SubgroupAuc]
    published: Sequence[PublishedResult] | None = None
    robustness: Sequence[CorruptionAuc] = ()
    equal_sharpness_auc: Estimate | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the set's entry in the JSON output of `evaluate`."""
        values: dict[str, Any] = {
            "real": self.real,
            "fake": self.fake,
            "people": self.people,
            "frame_level": dataclasses.asdict(self.frame_level),
            "video_level": {
                "videos": self.videos,
                **dataclasses.asdict(self.video_level),
                "verdicts": dataclasses.asdict(self.video_verdicts),
            },
            "sharpness_baseline": {"auc": dataclasses.asdict(self.sharpness_auc)},
            "calibration": {"ece": self.ece, "brier": self.brier},
            "verdicts": dataclasses.asdict(self.frame_verdicts),
            "peak_on_boundary": _optional_json(self.peak_on_boundary),
            "peak_in_altered": _optional_json(self.peak_in_altered),
            "auc_by_pack": dict(self.auc_by_pack),
            "slices": [subgroup.to_json() for subgroup in self.subgroups],
            "title": self.title,
        }
        if self.published is not None:
            values["published"] = [dataclasses.asdict(row) for row in self.published]
        if self.equal_sharpness_auc is not None:
            values["equal_sharpness"] = {"auc": dataclasses.asdict(self.equal_sharpness_auc)}
        if self.robustness:
            values["robustness"] = [dataclasses.asdict(row) for row in self.robustness]
        return values


@dataclass(frozen=True)
class CrossAuc:
    """Frame-level AUCs by set of the real faces, then by set of the fakes.

    `mean` and `worst` are over all pairs of two different sets; `worst_pair` names the real and the fake set.
    """

    mean: float
    worst: float
    worst_pair: tuple[str, str]
    table: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class ForgerSummary:
    """Means over forgers of the AUC at frame level, at video level and of sharpness alone.

    `cross_auc` is None for a single forger.
    """

    forgers: Sequence[str]
    frame_auc: Estimate
    video_auc: Estimate
    sharpness_auc: Estimate
    cross_auc: CrossAuc | None

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class EvaluationReport:
    """Reports of all evaluated sets by name, with the model and the settings.

    `forgers` summarises the sets whose fakes a forger made; None without such a set. `false_alarms` are those
    of the real faces of all sets, by pack and by group.
    """

    model: ModelInfo
    split: str
    seed: int
    flip_test: bool
    sets: Mapping[str, SetReport]
    forgers: ForgerSummary | None = None
    false_alarms: Sequence[FalseAlarms] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON output of `evaluate`."""
        return {
            "model": dataclasses.asdict(self.model),
            "split": self.split,
            "seed": self.seed,
            "flip_test": self.flip_test,
            "forgers": None if self.forgers is None else self.forgers.to_json(),
            "false_alarms": [dataclasses.asdict(row) for row in self.false_alarms],
            "sets": {name: report.to_json() for name, report in self.sets.items()},
        }


@dataclass(frozen=True)
class _Scores:
    """Labels, fake logits and persons of frames or videos, each (N,).

    `bootstrap` is the number of resamples and `seed` the seed of their intervals.
    """

    labels: Array
    logits: Array
    persons: Array
    bootstrap: int
    seed: int

    def estimate(self, metric: Metric, scores: Array) -> Estimate:
        """Return the metric of scores (N,) with an interval that resamples persons."""
        interval = metrics.bootstrap_interval(
            metric, self.labels, scores, groups=self.persons, samples=self.bootstrap, seed=self.seed
        )
        return Estimate(
            value=round(metric(self.labels, scores), 4),
            low=round(interval.low, 4),
            high=round(interval.high, 4),
        )

    def estimates(self, temperature: float) -> MetricEstimates:
        """Return all metrics; probabilities are calibrated by the temperature."""
        probabilities = sigmoid(self.logits / temperature)
        return MetricEstimates(
            auc=self.estimate(metrics.roc_auc, self.logits),
            ap=self.estimate(metrics.average_precision, self.logits),
            ar=self.estimate(metrics.macro_recall, probabilities),
            mf1=self.estimate(metrics.mf1, probabilities),
        )

    def verdicts(self, decision: DecisionConfig) -> VerdictsByClass:
        """Return the shares of each verdict under these decision values."""
        probabilities = sigmoid(self.logits / decision.temperature)
        of_real, of_fake = verdict_shares_by_class(self.labels, probabilities, decision)
        return VerdictsByClass(of_real, of_fake)

    def subset(self, members: npt.NDArray[np.bool_]) -> _Scores:
        """Return the scores where members (N,) is True."""
        return dataclasses.replace(
            self, labels=self.labels[members], logits=self.logits[members], persons=self.persons[members]
        )


def report_set(
    predictions: Sequence[Prediction],
    decision: DecisionConfig,
    *,
    title: str = "",
    bootstrap: int = 1000,
    seed: int = 0,
) -> SetReport:
    """Return all metrics of one set. Intervals come from `bootstrap` resamples of persons, seeded by `seed`.

    A video's logit is the mean of its frames' logits. Raises ValueError unless both classes occur.
    """
    frames = _frame_scores(predictions, bootstrap, seed)
    videos = _video_scores(predictions, bootstrap, seed)
    sharpness = np.array([prediction.sharpness for prediction in predictions])
    probabilities = sigmoid(frames.logits / decision.temperature)
    return SetReport(
        title=title,
        real=int((frames.labels == 0).sum()),
        fake=int((frames.labels == 1).sum()),
        people=len(set(frames.persons)),
        videos=len(videos.labels),
        frame_level=frames.estimates(decision.temperature),
        video_level=videos.estimates(decision.temperature),
        frame_verdicts=frames.verdicts(decision),
        video_verdicts=videos.verdicts(decision),
        # Negated, because fakes tend to be less sharp.
        sharpness_auc=frames.estimate(metrics.roc_auc, -sharpness),
        ece=round(expected_calibration_error(frames.labels, probabilities), 4),
        brier=round(metrics.brier_score(frames.labels, probabilities), 4),
        peak_on_boundary=_peak_share([prediction.peak_on_boundary for prediction in predictions]),
        peak_in_altered=_peak_share([prediction.peak_in_altered for prediction in predictions]),
        auc_by_pack=_auc_by_pack(predictions),
        subgroups=_subgroup_aucs(predictions, frames),
    )


def frame_auc_estimate(predictions: Sequence[Prediction], bootstrap: int, seed: int) -> Estimate:
    """Return the frame-level AUC with its interval. Raises ValueError unless both classes occur."""
    frames = _frame_scores(predictions, bootstrap, seed)
    return frames.estimate(metrics.roc_auc, frames.logits)


def frame_auc(predictions: Sequence[Prediction]) -> float:
    """Return the frame-level AUC, without an interval, rounded to four decimals."""
    labels = np.array([prediction.label for prediction in predictions])
    logits = np.array([prediction.fake_logit for prediction in predictions])
    return round(metrics.roc_auc(labels, logits), 4)


def _frame_scores(predictions: Sequence[Prediction], bootstrap: int, seed: int) -> _Scores:
    return _Scores(
        labels=np.array([prediction.label for prediction in predictions]),
        logits=np.array([prediction.fake_logit for prediction in predictions], np.float64),
        persons=np.array([prediction.person for prediction in predictions]),
        bootstrap=bootstrap,
        seed=seed,
    )


def _video_scores(predictions: Sequence[Prediction], bootstrap: int, seed: int) -> _Scores:
    """Return one score per video; the real and the fake frames of a video count as two videos."""
    videos: dict[tuple[str, int], list[Prediction]] = {}
    for prediction in predictions:
        videos.setdefault((prediction.video, prediction.label), []).append(prediction)
    labels: list[int] = []
    mean_logits: list[float] = []
    persons: list[str] = []
    for (_, label), frames in videos.items():
        labels.append(label)
        mean_logits.append(float(np.mean([frame.fake_logit for frame in frames])))
        persons.append(frames[0].person)
    return _Scores(
        labels=np.array(labels),
        logits=np.array(mean_logits),
        persons=np.array(persons),
        bootstrap=bootstrap,
        seed=seed,
    )


def _peak_share(hits: Sequence[bool | None]) -> PeakShare | None:
    """Return the share of hits among the faces that have an expected place; None if no face has one."""
    known_hits = [hit for hit in hits if hit is not None]
    if not known_hits:
        return None
    return PeakShare(share=round(float(np.mean(known_hits)), 4), fakes=len(known_hits))


def _auc_by_pack(predictions: Sequence[Prediction]) -> dict[str, float]:
    """Return the frame-level AUC of every pack that has fakes.

    The fakes are compared with the real faces of their pack, or with all real faces if the pack has none.
    """
    reals = [prediction for prediction in predictions if prediction.label == 0]
    fakes = [prediction for prediction in predictions if prediction.label == 1]
    aucs: dict[str, float] = {}
    for pack in sorted({fake.pack for fake in fakes}):
        own_fakes = [fake for fake in fakes if fake.pack == pack]
        own_reals = [real for real in reals if real.pack == pack]
        aucs[pack] = frame_auc([*own_fakes, *(own_reals or reals)])
    return aucs


def _subgroup_aucs(predictions: Sequence[Prediction], frames: _Scores) -> list[SubgroupAuc]:
    rows: list[SubgroupAuc] = []
    for subgroup in subgroups(predictions):
        scores = frames.subset(subgroup.members)
        reals = int((scores.labels == 0).sum())
        fakes = int((scores.labels == 1).sum())
        auc = None
        if min(reals, fakes) >= SMALLEST_SUBGROUP:
            auc = scores.estimate(metrics.roc_auc, scores.logits)
        rows.append(
            SubgroupAuc(measure=subgroup.measure, name=subgroup.name, real=reals, fake=fakes, auc=auc)
        )
    return rows


def _optional_json(share: PeakShare | None) -> dict[str, Any] | None:
    return None if share is None else dataclasses.asdict(share)
