"""Predictions of a network on evaluation sets, with a resumable cache in JSON-lines files."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from laanet_core.evaluation.eval_sets import EvalItem
from laanet_core.evaluation.subgroups import brightness, skin_tone, variance_of_laplacian
from laanet_core.inference.scoring import score_crops
from laanet_core.modeling.laanet import LAANet
from laanet_core.runtimes.eager import BATCH_SIZE, EagerRuntime
from laanet_core.types import FloatMap

# A heatmap's peak should lie where the blending boundary B exceeds this value.
STRONG_BOUNDARY = 0.5


@dataclass(frozen=True)
class Prediction:
    """Score of one evaluated crop, with the properties of the crop that reports group by.

    `label` 1 = fake. `peak_on_boundary` says whether the heatmap's peak lies within one cell of B > 0.5; it
    is None without a blending mask. `peak_in_altered` says whether the peak lies in an altered cell; it is
    None without an original. `face_size` is in pixels; `sharpness`, `brightness` and `skin_tone` are those of
    `laanet_core.evaluation.subgroups`.
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


def predict_items(
    model: LAANet,
    items: Iterator[EvalItem],
    total: int,
    *,
    cache: Path | None = None,
    flip: bool = True,
    progress: bool = True,
) -> list[Prediction]:
    """Score all items, in their order, on the network's device.

    Every prediction is appended to the JSON-lines file `cache`, and items with a prediction there are not
    scored again. `flip` averages the logits of a crop and its mirror image. `total` is the length of the
    progress bar.
    """
    cached: dict[str, Prediction] = {}
    if cache is not None and cache.exists():
        cached = {prediction.name: prediction for prediction in read_predictions(cache)}
    predictions: list[Prediction] = []
    batch: list[EvalItem] = []
    with tqdm(total=total, disable=not progress, unit="face", mininterval=2) as bar:
        for item in items:
            if item.name in cached:
                predictions.append(cached[item.name])
                bar.update()
                continue
            batch.append(item)
            if len(batch) == BATCH_SIZE:
                predictions.extend(_predict_batch(model, batch, cache, flip=flip))
                bar.update(len(batch))
                batch = []
        if batch:
            predictions.extend(_predict_batch(model, batch, cache, flip=flip))
            bar.update(len(batch))
    return predictions


def read_predictions(path: Path) -> list[Prediction]:
    """Read the cache file of `predict_items`.

    Lines that an interruption cut, or that have an older format, are skipped.
    """
    predictions: list[Prediction] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        # JSON refuses an empty line, too.
        with contextlib.suppress(json.JSONDecodeError, TypeError):
            predictions.append(Prediction(**json.loads(line)))
    return predictions


def peak_on_boundary(heatmap: FloatMap, boundary: FloatMap) -> bool | None:
    """Return True if the heatmap's peak lies within one cell of B > 0.5, both (H, W).

    Returns None if B nowhere exceeds 0.5.
    """
    strong = (boundary > STRONG_BOUNDARY).astype(np.uint8)
    if not strong.any():
        return None
    allowed = cv2.dilate(strong, np.ones((3, 3), np.uint8))
    return bool(allowed[_peak(heatmap)])


def _peak(heatmap: FloatMap) -> tuple[int, int]:
    """Return row and column of the largest value of a heatmap (H, W)."""
    row, column = np.unravel_index(int(heatmap.argmax()), heatmap.shape)
    return int(row), int(column)


def _predict_batch(
    model: LAANet, items: Sequence[EvalItem], cache: Path | None, *, flip: bool
) -> list[Prediction]:
    """Score one batch of items and append the predictions to the cache."""
    scores = score_crops(EagerRuntime(model), [item.crop for item in items], flip=flip)
    predictions = [
        _prediction(item, float(logit), heatmap)
        for item, logit, heatmap in zip(items, scores.fake_logit, scores.heatmap, strict=True)
    ]
    if cache is not None:
        lines = [json.dumps(dataclasses.asdict(prediction)) for prediction in predictions]
        with cache.open("a", encoding="utf-8") as file:
            # The line break comes first, because an interruption may have cut the last line.
            file.writelines("\n" + line for line in lines)
    return predictions


def _prediction(item: EvalItem, fake_logit: float, heatmap: FloatMap) -> Prediction:
    """Return the prediction of an item with its heatmap (S/4, S/4); numbers are rounded for the cache."""
    is_on_boundary = None if item.boundary is None else peak_on_boundary(heatmap, item.boundary)
    is_in_altered = None if item.altered is None else bool(item.altered[_peak(heatmap)])
    return Prediction(
        name=item.name,
        label=item.label,
        pack=item.pack,
        person=item.person,
        video=item.video,
        fake_logit=round(fake_logit, 6),
        sharpness=round(variance_of_laplacian(item.crop), 3),
        peak_on_boundary=is_on_boundary,
        peak_in_altered=is_in_altered,
        face_size=round(item.face_size, 1),
        brightness=round(brightness(item.crop), 2),
        skin_tone=round(skin_tone(item.crop), 2),
    )
