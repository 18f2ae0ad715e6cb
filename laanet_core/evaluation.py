"""How well a network judges the held-back part of a manifest: what is judged, the judging, and the figures."""

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

from laanet_core import metrics
from laanet_core.calibration import expected_calibration_error
from laanet_core.config import DecisionConfig
from laanet_core.crops import RGBImage, crop_square, enlarge_to_square
from laanet_core.data import PackStore, Sample
from laanet_core.errors import InvalidDataset
from laanet_core.landmarks import face_box
from laanet_core.model import LAANet
from laanet_core.pairs import working_crop
from laanet_core.results import Box
from laanet_core.scoring import BATCH_SIZE, score_crops
from laanet_core.synthesis import blending_boundary, self_blend
from laanet_core.targets import FloatMap, resample_boundary

STRONG_BOUNDARY = 0.5
PADDING_ALLOWED = 0.08  # of the crop's side; a face nearer the picture's edge is judged in a tight square of the picture


@dataclass(frozen=True)
class Item:
    """One crop to judge: `crop` (S, S, 3) uint8 RGB, `label` 1 = fake, and B at (S/4, S/4) where the blending mask is known."""

    name: str
    crop: RGBImage
    label: int
    pack: str
    person: str
    video: str
    boundary: FloatMap | None = None


@dataclass(frozen=True)
class Judgement:
    """What is kept of a judged item. `peak_on_boundary`: the heatmap's peak fell on B > 0.5, one cell of slack (None without a mask)."""

    name: str
    label: int
    pack: str
    person: str
    video: str
    fake_logit: float
    sharpness: float
    peak_on_boundary: bool | None


def self_blend_items(samples: Sequence[Sample], store: PackStore, size: int, seed: int) -> Iterator[Item]:
    """Every real image with landmarks, and one seeded self-blended image of it; both cropped as inference crops them."""
    for number, sample in enumerate(samples):
        if sample.label == 1 or sample.landmarks is None:
            continue
        working = working_crop(store, sample)
        square = _inference_square(working.landmarks, working.photograph)
        blend = self_blend(working.image, working.landmarks, np.random.default_rng([seed, number]))
        mask = crop_square(np.asarray(blend.mask * 255, np.uint8), square, size)
        boundary = resample_boundary(blending_boundary(np.asarray(mask / 255, np.float32)), size // 4)
        real = Item(sample.name, crop_square(working.image, square, size), 0, sample.pack, sample.person, sample.video)
        fake_name, fake_crop = f"{sample.name} self-blended", crop_square(blend.fake, square, size)
        yield real
        yield dataclasses.replace(real, name=fake_name, crop=fake_crop, label=1, boundary=boundary)


def pair_items(samples: Sequence[Sample], store: PackStore, size: int) -> Iterator[Item]:
    """Every fake that names its original, and the originals themselves; the pictures are face crops already."""
    by_path = {(sample.pack, sample.path): sample for sample in samples}
    seen: set[str] = set()
    for fake in samples:
        if fake.label == 0 or fake.original is None:
            continue
        real = by_path.get((fake.pack, fake.original))
        if real is None:
            raise InvalidDataset(f"the original of {fake.name} is not in the same split")
        for sample in (real, fake):
            if sample.name in seen:
                continue
            seen.add(sample.name)
            image = store.read(sample.pack, sample.path)
            height, width = image.shape[:2]
            crop = crop_square(image, enlarge_to_square((0.0, 0.0, float(width), float(height)), 1.0), size)
            yield Item(name=sample.name, crop=crop, label=sample.label, pack=sample.pack, person=sample.person, video=sample.video)


def judge(
    model: LAANet, items: Iterator[Item], total: int, *, kept: Path | None = None, flip: bool = True, progress: bool = True
) -> list[Judgement]:
    """Judge all items. With `kept`, every judgement is appended to that JSON-lines file, and those already there are not judged again."""
    done = {judgement.name: judgement for judgement in read_judgements(kept)} if kept is not None and kept.exists() else {}
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
    """Read a file that `judge` wrote; a line cut short by an interruption is left out, so that its item is judged again."""
    judgements: list[Judgement] = []
    for line in filter(None, path.read_text(encoding="utf-8").splitlines()):
        with contextlib.suppress(json.JSONDecodeError):
            judgements.append(Judgement(**json.loads(line)))
    return judgements


def report(judgements: Sequence[Judgement], decision: DecisionConfig, *, bootstrap: int = 1000, seed: int = 0) -> dict[str, Any]:
    """All figures of one set, at frame level and video level, with 95 % intervals that resample persons."""
    labels = np.array([judgement.label for judgement in judgements])
    logits = np.array([judgement.fake_logit for judgement in judgements], np.float64)
    persons = np.array([judgement.person for judgement in judgements])
    sharpness = np.array([judgement.sharpness for judgement in judgements])
    hits = [judgement.peak_on_boundary for judgement in judgements if judgement.peak_on_boundary is not None]
    videos = _by_video(judgements)

    def rows(labels: npt.NDArray[Any], logits: npt.NDArray[Any], persons: npt.NDArray[Any]) -> dict[str, Any]:
        return _figures(labels, logits, persons, decision.temperature, bootstrap, seed)

    probabilities = sigmoid(logits / decision.temperature)
    return {
        "real": int((labels == 0).sum()),
        "fake": int((labels == 1).sum()),
        "people": len(set(persons)),
        "frame_level": rows(labels, logits, persons),
        "video_level": {"videos": len(videos[0]), **rows(*videos)},
        "sharpness_baseline": {"auc": _with_interval(metrics.roc_auc, labels, -sharpness, persons, bootstrap, seed)},
        "calibration": {
            "ece": round(expected_calibration_error(labels, probabilities), 4),
            "brier": round(metrics.brier_score(labels, probabilities), 4),
        },
        "verdicts": verdict_shares(labels, probabilities, decision),
        "peak_on_boundary": None if not hits else {"share": round(float(np.mean(hits)), 4), "fakes": len(hits)},
        "auc_by_pack": _auc_by_pack(judgements),
    }


def verdict_shares(labels: npt.NDArray[Any], probabilities: npt.NDArray[Any], decision: DecisionConfig) -> dict[str, dict[str, float]]:
    """Of the real and of the fake faces, which share is called real, inconclusive and fake."""
    shares: dict[str, dict[str, float]] = {}
    for name, label in (("of_real", 0), ("of_fake", 1)):
        chosen = probabilities[labels == label]
        called_real, called_fake = float((chosen < decision.real_below).mean()), float((chosen > decision.fake_above).mean())
        shares[name] = {
            "real": round(called_real, 4),
            "inconclusive": round(1 - called_real - called_fake, 4),
            "fake": round(called_fake, 4),
        }
    return shares


def sigmoid(logits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(logits, np.float64))))


def variance_of_laplacian(crop: RGBImage) -> float:
    """Sharpness of a crop (S, S, 3): the baseline any detector must beat, since fakes tend to be blurrier."""
    return float(cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())


def peak_on_boundary(heatmap: FloatMap, boundary: FloatMap) -> bool | None:
    """Whether the heatmap's peak lies within one cell of B > 0.5; None where B nowhere exceeds it. Both (h, w)."""
    strong = (boundary > STRONG_BOUNDARY).astype(np.uint8)
    if not strong.any():
        return None
    allowed = cv2.dilate(strong, np.ones((3, 3), np.uint8))
    return bool(allowed[np.unravel_index(int(heatmap.argmax()), heatmap.shape)])


def _judge_batch(model: LAANet, items: Sequence[Item], kept: Path | None, *, flip: bool) -> list[Judgement]:
    scores = score_crops(model, [item.crop for item in items], flip=flip)
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
        )
        for item, logit, heatmap in zip(items, scores.fake_logit, scores.heatmap, strict=True)
    ]
    if kept is not None:
        with kept.open("a", encoding="utf-8") as file:  # each line brings its own line break before it, lest it join one cut short
            file.writelines("\n" + json.dumps(dataclasses.asdict(judgement)) for judgement in judgements)
    return judgements


def _figures(
    labels: npt.NDArray[Any], logits: npt.NDArray[Any], persons: npt.NDArray[Any], temperature: float, bootstrap: int, seed: int
) -> dict[str, Any]:
    probabilities = sigmoid(logits / temperature)
    ranked: Mapping[str, Metric] = {"auc": metrics.roc_auc, "ap": metrics.average_precision}
    thresholded: Mapping[str, Metric] = {"ar": metrics.macro_recall, "mf1": metrics.mf1}
    return {
        **{name: _with_interval(metric, labels, logits, persons, bootstrap, seed) for name, metric in ranked.items()},
        **{name: _with_interval(metric, labels, probabilities, persons, bootstrap, seed) for name, metric in thresholded.items()},
    }


Metric = Callable[[npt.NDArray[Any], npt.NDArray[Any]], float]


def _with_interval(
    metric: Metric, labels: npt.NDArray[Any], scores: npt.NDArray[Any], persons: npt.NDArray[Any], bootstrap: int, seed: int
) -> dict[str, Any]:
    interval = metrics.bootstrap_interval(metric, labels, scores, groups=persons, samples=bootstrap, seed=seed)
    return {"value": round(metric(labels, scores), 4), "low": round(interval.low, 4), "high": round(interval.high, 4)}


def _auc_by_pack(judgements: Sequence[Judgement]) -> dict[str, float]:
    """One AUC for every pack with fakes; where a pack has no real faces of its own, its fakes stand against all there are."""
    figures: dict[str, float] = {}
    for pack in sorted({judgement.pack for judgement in judgements if judgement.label == 1}):
        fakes = [judgement for judgement in judgements if judgement.label == 1 and judgement.pack == pack]
        reals = [judgement for judgement in judgements if judgement.label == 0]
        chosen = [*fakes, *([judgement for judgement in reals if judgement.pack == pack] or reals)]
        labels = np.array([judgement.label for judgement in chosen])
        figures[pack] = round(metrics.roc_auc(labels, np.array([judgement.fake_logit for judgement in chosen])), 4)
    return figures


def _by_video(judgements: Sequence[Judgement]) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Labels, mean logits and persons, one per video; a video's real and its fake frames are two videos."""
    videos: dict[tuple[str, int], list[Judgement]] = {}
    for judgement in judgements:
        videos.setdefault((judgement.video, judgement.label), []).append(judgement)
    labels = np.array([label for _, label in videos])
    logits = np.array([np.mean([judgement.fake_logit for judgement in frames]) for frames in videos.values()])
    persons = np.array([frames[0].person for frames in videos.values()])
    return labels, logits, persons


def _inference_square(landmarks: npt.NDArray[np.float32], photograph: Box) -> Box:
    square = enlarge_to_square(face_box(landmarks))
    x1, y1, x2, y2 = photograph
    outside = max(x1 - square[0], y1 - square[1], square[2] - x2, square[3] - y2) / (square[2] - square[0])
    if outside <= PADDING_ALLOWED:
        return square
    half = min(x2 - x1, y2 - y1) / 2
    center_x, center_y = (x1 + x2) / 2, (y1 + y2) / 2
    return (center_x - half, center_y - half, center_x + half, center_y + half)
