"""How well a network judges: the judging, kept as it goes, and the figures with their intervals."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from laanet_core.decision import DecisionConfig
from laanet_core.evaluation import metrics
from laanet_core.evaluation.calibration import expected_calibration_error
from laanet_core.evaluation.eval_sets import Item
from laanet_core.evaluation.subgroups import brightness, skin_tone, slices, variance_of_laplacian
from laanet_core.inference.scoring import score_crops
from laanet_core.modeling.laanet import LAANet
from laanet_core.runtimes.eager import BATCH_SIZE, Eager
from laanet_core.types import FloatMap

STRONG_BOUNDARY = 0.5
FEWEST_OF_A_SLICE = 15  # faces of each class


@dataclass(frozen=True)
class Judgement:
    """What is kept of a judged item, with what its crop is like: see `laanet_core.evaluation.subgroups` for the last three.

    `peak_on_boundary`: the heatmap's peak fell on B > 0.5, one cell of slack (None without a mask); `peak_in_altered`: it fell into the
    altered part of the picture (None without an original).
    """

    name: str
    label: int
    pack: str
    person: str
    video: str
    fake_logit: float
    sharpness: float
    peak_on_boundary: bool | None
    peak_in_altered: bool | None
    face_size: float
    brightness: float
    skin_tone: float


def judge(
    model: LAANet,
    items: Iterator[Item],
    total: int,
    *,
    kept: Path | None = None,
    flip: bool = True,
    progress: bool = True,
) -> list[Judgement]:
    """Judge all items. With `kept`, every judgement is appended to that JSON-lines file, and those already there are not judged again."""
    done = (
        {judgement.name: judgement for judgement in read_judgements(kept)}
        if kept is not None and kept.exists()
        else {}
    )
    judgements: list[Judgement] = []
    waiting: list[Item] = []
    with tqdm(total=total, disable=not progress, unit="face", mininterval=2) as bar:
        for item in items:
            if item.name in done:
                judgements.append(done[item.name])
                bar.update()
                continue
            waiting.append(item)
            if len(waiting) == BATCH_SIZE:
                judgements.extend(_judge_batch(model, waiting, kept, flip=flip))
                bar.update(len(waiting))
                waiting = []
        if waiting:
            judgements.extend(_judge_batch(model, waiting, kept, flip=flip))
            bar.update(len(waiting))
    return judgements


def read_judgements(path: Path) -> list[Judgement]:
    """Read a file that `judge` wrote; a line cut short by an interruption, or of an older form, is left out, so that it is judged again."""
    judgements: list[Judgement] = []
    for line in filter(None, path.read_text(encoding="utf-8").splitlines()):
        with contextlib.suppress(json.JSONDecodeError, TypeError):
            judgements.append(Judgement(**json.loads(line)))
    return judgements


def report(
    judgements: Sequence[Judgement], decision: DecisionConfig, *, bootstrap: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """All figures of one set, at frame level and video level, with 95 % intervals that resample persons."""
    labels = np.array([judgement.label for judgement in judgements])
    logits = np.array([judgement.fake_logit for judgement in judgements], np.float64)
    persons = np.array([judgement.person for judgement in judgements])
    sharpness = np.array([judgement.sharpness for judgement in judgements])
    videos = _by_video(judgements)

    def rows(labels: npt.NDArray[Any], logits: npt.NDArray[Any], persons: npt.NDArray[Any]) -> dict[str, Any]:
        return _figures(labels, logits, persons, decision.temperature, bootstrap, seed)

    probabilities = sigmoid(logits / decision.temperature)
    return {
        "real": int((labels == 0).sum()),
        "fake": int((labels == 1).sum()),
        "people": len(set(persons)),
        "frame_level": rows(labels, logits, persons),
        "video_level": {
            "videos": len(videos[0]),
            **rows(*videos),
            "verdicts": verdict_shares(videos[0], sigmoid(videos[1] / decision.temperature), decision),
        },
        "sharpness_baseline": {
            "auc": _with_interval(metrics.roc_auc, labels, -sharpness, persons, bootstrap, seed)
        },
        "calibration": {
            "ece": round(expected_calibration_error(labels, probabilities), 4),
            "brier": round(metrics.brier_score(labels, probabilities), 4),
        },
        "verdicts": verdict_shares(labels, probabilities, decision),
        "peak_on_boundary": _share([judgement.peak_on_boundary for judgement in judgements]),
        "peak_in_altered": _share([judgement.peak_in_altered for judgement in judgements]),
        "auc_by_pack": _auc_by_pack(judgements),
        "slices": _slice_rows(judgements, bootstrap, seed),
    }


def frame_auc(judgements: Sequence[Judgement]) -> float:
    """Frame-level AUC without an interval."""
    return round(
        metrics.roc_auc(
            np.array([face.label for face in judgements]), np.array([face.fake_logit for face in judgements])
        ),
        4,
    )


def _share(hits: Sequence[bool | None]) -> dict[str, float] | None:
    known = [hit for hit in hits if hit is not None]
    return {"share": round(float(np.mean(known)), 4), "fakes": len(known)} if known else None


def verdict_shares(
    labels: npt.NDArray[Any], probabilities: npt.NDArray[Any], decision: DecisionConfig
) -> dict[str, dict[str, float]]:
    """Of the real and of the fake faces, which share is called real, inconclusive and fake."""
    shares: dict[str, dict[str, float]] = {}
    for name, label in (("of_real", 0), ("of_fake", 1)):
        chosen = probabilities[labels == label]
        called_real, called_fake = (
            float((chosen < decision.real_below).mean()),
            float((chosen > decision.fake_above).mean()),
        )
        shares[name] = {
            "real": round(called_real, 4),
            "inconclusive": round(1 - called_real - called_fake, 4),
            "fake": round(called_fake, 4),
        }
    return shares


def sigmoid(logits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(logits, np.float64))))


def peak_on_boundary(heatmap: FloatMap, boundary: FloatMap) -> bool | None:
    """Whether the heatmap's peak lies within one cell of B > 0.5; None where B nowhere exceeds it. Both (h, w)."""
    strong = (boundary > STRONG_BOUNDARY).astype(np.uint8)
    if not strong.any():
        return None
    allowed = cv2.dilate(strong, np.ones((3, 3), np.uint8))
    return bool(allowed[_peak(heatmap)])


def _peak(heatmap: FloatMap) -> tuple[int, int]:
    row, column = np.unravel_index(int(heatmap.argmax()), heatmap.shape)
    return int(row), int(column)


def _judge_batch(model: LAANet, items: Sequence[Item], kept: Path | None, *, flip: bool) -> list[Judgement]:
    scores = score_crops(Eager(model), [item.crop for item in items], flip=flip)
    judgements = [
        Judgement(
            name=item.name,
            label=item.label,
            pack=item.pack,
            person=item.person,
            video=item.video,
            fake_logit=round(float(logit), 6),
            sharpness=round(variance_of_laplacian(item.crop), 3),
            peak_on_boundary=None if item.boundary is None else peak_on_boundary(heatmap, item.boundary),
            peak_in_altered=None if item.altered is None else bool(item.altered[_peak(heatmap)]),
            face_size=round(item.face_size, 1),
            brightness=round(brightness(item.crop), 2),
            skin_tone=round(skin_tone(item.crop), 2),
        )
        for item, logit, heatmap in zip(items, scores.fake_logit, scores.heatmap, strict=True)
    ]
    if kept is not None:
        with kept.open(
            "a", encoding="utf-8"
        ) as file:  # each line brings its own line break before it, lest it join one cut short
            file.writelines("\n" + json.dumps(dataclasses.asdict(judgement)) for judgement in judgements)
    return judgements


def _figures(
    labels: npt.NDArray[Any],
    logits: npt.NDArray[Any],
    persons: npt.NDArray[Any],
    temperature: float,
    bootstrap: int,
    seed: int,
) -> dict[str, Any]:
    probabilities = sigmoid(logits / temperature)
    ranked: Mapping[str, Metric] = {"auc": metrics.roc_auc, "ap": metrics.average_precision}
    thresholded: Mapping[str, Metric] = {"ar": metrics.macro_recall, "mf1": metrics.mf1}
    return {
        **{
            name: _with_interval(metric, labels, logits, persons, bootstrap, seed)
            for name, metric in ranked.items()
        },
        **{
            name: _with_interval(metric, labels, probabilities, persons, bootstrap, seed)
            for name, metric in thresholded.items()
        },
    }


Metric = Callable[[npt.NDArray[Any], npt.NDArray[Any]], float]


def _with_interval(
    metric: Metric,
    labels: npt.NDArray[Any],
    scores: npt.NDArray[Any],
    persons: npt.NDArray[Any],
    bootstrap: int,
    seed: int,
) -> dict[str, Any]:
    interval = metrics.bootstrap_interval(
        metric, labels, scores, groups=persons, samples=bootstrap, seed=seed
    )
    return {
        "value": round(metric(labels, scores), 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
    }


def _auc_by_pack(judgements: Sequence[Judgement]) -> dict[str, float]:
    """One AUC for every pack with fakes; where a pack has no real faces of its own, its fakes stand against all there are."""
    figures: dict[str, float] = {}
    for pack in sorted({judgement.pack for judgement in judgements if judgement.label == 1}):
        fakes = [judgement for judgement in judgements if judgement.label == 1 and judgement.pack == pack]
        reals = [judgement for judgement in judgements if judgement.label == 0]
        chosen = [*fakes, *([judgement for judgement in reals if judgement.pack == pack] or reals)]
        figures[pack] = frame_auc(chosen)
    return figures


def _slice_rows(judgements: Sequence[Judgement], bootstrap: int, seed: int) -> list[dict[str, Any]]:
    """Frame-level AUC by what the faces are like; none where a slice has too few of a class to say anything."""
    labels = np.array([judgement.label for judgement in judgements])
    logits = np.array([judgement.fake_logit for judgement in judgements], np.float64)
    persons = np.array([judgement.person for judgement in judgements])
    rows: list[dict[str, Any]] = []
    for part in slices(judgements):
        chosen = part.members
        real, fake = int((labels[chosen] == 0).sum()), int((labels[chosen] == 1).sum())
        auc = None
        if min(real, fake) >= FEWEST_OF_A_SLICE:
            auc = _with_interval(
                metrics.roc_auc, labels[chosen], logits[chosen], persons[chosen], bootstrap, seed
            )
        rows.append({"measure": part.measure, "slice": part.name, "real": real, "fake": fake, "auc": auc})
    return rows


def _by_video(judgements: Sequence[Judgement]) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Labels, mean logits and persons, one per video; a video's real and its fake frames are two videos."""
    videos: dict[tuple[str, int], list[Judgement]] = {}
    for judgement in judgements:
        videos.setdefault((judgement.video, judgement.label), []).append(judgement)
    labels = np.array([label for _, label in videos])
    logits = np.array([np.mean([judgement.fake_logit for judgement in frames]) for frames in videos.values()])
    persons = np.array([frames[0].person for frames in videos.values()])
    return labels, logits, persons
