"""MTCNN's cascade of three networks (Zhang et al., 2016, section 2), run on several pictures at once.

The networks and their weights are those of the facenet-pytorch package. Its driver crops every candidate
with a torch operation of its own, hundreds per picture, each of which wakes all threads. Here the integral
images are computed once. The mean over any area is then a sum of four of their values, so that all crops
are made in one step, with the same values.
"""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
import torch
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from torchvision.ops import batched_nms, nms

from laanet_core.faces.thread_pool import workers
from laanet_core.media.interruption import checkpoint
from laanet_core.types import RGBImage

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

# Integral images (N, H + 1, W + 1, 3) of N pictures.
IntegralImages = npt.NDArray[np.int32]

Result = TypeVar("Result")

# Scale between two levels of the image pyramid: half the area.
PYRAMID_STEP = 0.709

# Side of the window that the first network sees, and the distance between two windows, in pixels.
_WINDOW, _STRIDE = 12, 2

# Input sides of the second and the third network, in pixels. Only the third one finds landmarks.
_INPUT_SIDES = {1: 24, 2: 48}
_LAST = 2

# Lowest probability of a candidate after each network.
_MIN_PROBS = (0.6, 0.7, 0.7)

# IoU above which the less probable of two candidates is dropped: within a level, and after that.
_LEVEL_IOU, _MAX_IOU = 0.5, 0.7

# Candidates per call of the second and the third network.
_BATCH_SIZE = 128

# Limits of candidates per picture for the second and the third network; probable ones come first. Photos of
# a hundred faces have less than half as many; pictures made of faces would occupy the server for minutes.
_MAX_CANDIDATES = {1: 8192, 2: 2048}

# Squares searched around an expected face (x, y, scale): shifted in sides of the face, or scaled.
_SEARCH_OFFSETS = np.array(
    [(x, y, 1.0) for x in (-0.25, 0, 0.25) for y in (-0.25, 0, 0.25)] + [(0, 0, 0.8), (0, 0, 1.25)],
    np.float32,
)


@dataclass(frozen=True)
class Candidates:
    """Boxes (N, 4) x1, y1, x2, y2 in pixels, `probs` (N,), and indices (N,) of their pictures.

    `landmarks` (N, 5, 2) are x and y in pixels of the eye on the picture's left, the eye on its right, the
    nose, and the corners of the mouth on the left and right. Only the third network finds them.
    """

    boxes: Floats
    probs: Floats
    picture: Indices
    landmarks: Floats | None = None

    def __getitem__(self, selection: Any) -> Candidates:
        landmarks = None if self.landmarks is None else self.landmarks[selection]
        return Candidates(self.boxes[selection], self.probs[selection], self.picture[selection], landmarks)

    def __len__(self) -> int:
        return len(self.probs)


@dataclass(frozen=True)
class _Windows:
    """First and last-plus-one pixel (count,) or (N, count) of the windows that a length is divided into."""

    starts: Indices
    ends: Indices


_NO_CANDIDATES = Candidates(
    np.empty((0, 4), np.float32),
    np.empty(0, np.float32),
    np.empty(0, np.int64),
    np.empty((0, 5, 2), np.float32),
)


class Cascade:
    """The three networks on one device. Thread-safe; pyramid levels run in parallel in `workers`."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._networks: list[Any] = [network.to(device).eval() for network in (PNet(), RNet(), ONet())]

    def search(
        self, pictures: Sequence[RGBImage], scale: float, *, largest: float | None = None
    ) -> Candidates:
        """Return the faces in pictures (H, W, 3) uint8 of one size.

        The finest level of the pyramid is `scale` times as large as the pictures; faces have at least 12
        pixels in it. Faces clearly larger than `largest` pixels of the pictures may be left out.
        """
        coarsest = 0.0 if largest is None else _WINDOW / largest
        shorter = min(pictures[0].shape[:2])
        scales: list[float] = []
        while shorter * scale >= _WINDOW and scale >= coarsest:
            scales.append(scale)
            scale *= PYRAMID_STEP
        if not scales:
            return _NO_CANDIDATES
        integrals = _integral_images(pictures)
        checkpoint()
        futures = [_submit(self._propose, integrals, scale) for scale in scales]
        levels = [future.result() for future in futures]
        return _submit(self._merge_and_refine, integrals, levels).result()

    def follow(self, pictures: Sequence[RGBImage], expected: Sequence[Floats]) -> Candidates:
        """Return the faces near expected boxes (N, 4) in each of several pictures (H, W, 3) of one size."""
        boxes = np.concatenate([_search_squares(boxes_of_picture) for boxes_of_picture in expected])
        counts = [len(_SEARCH_OFFSETS) * len(boxes_of_picture) for boxes_of_picture in expected]
        picture = np.repeat(np.arange(len(expected)), counts)
        candidates = Candidates(boxes, np.ones(len(boxes), np.float32), picture)
        return _submit(self._refine_in, pictures, candidates).result()

    def judge(self, crops: Sequence[RGBImage]) -> tuple[Floats, Floats]:
        """Return the third network's probabilities (N,) and corrections (N, 4) of crops (48, 48, 3) uint8."""
        if not crops:
            return np.empty(0, np.float32), np.empty((0, 4), np.float32)
        pixels = np.stack(crops).astype(np.float32)
        outputs = _submit(self._run, _LAST, pixels).result()
        return outputs[-1][:, 1], outputs[0]

    def _refine_in(self, pictures: Sequence[RGBImage], candidates: Candidates) -> Candidates:
        return self._refine(_integral_images(pictures), candidates)

    def _merge_and_refine(self, integrals: IntegralImages, levels: Sequence[Candidates]) -> Candidates:
        """Merge the proposals of all levels, of which `boxes` (N, 8) holds window and corrected box."""
        merged = _concatenate(levels)
        windows = Candidates(merged.boxes[:, :4], merged.probs, merged.picture)
        keep = non_overlapping(windows, _MAX_IOU)
        corrected = Candidates(merged.boxes[keep, 4:], merged.probs[keep], merged.picture[keep])
        return self._refine(integrals, corrected)

    def _propose(self, integrals: IntegralImages, scale: float) -> Candidates:
        """Run the first network on one level; the result's `boxes` (N, 8) hold window and corrected box."""
        height, width = integrals.shape[1] - 1, integrals.shape[2] - 1
        rows = _divide_side(height, int(height * scale + 1))
        columns = _divide_side(width, int(width * scale + 1))
        corrections, probs = self._run(0, _shrink(integrals, rows, columns))
        picture, down, right = np.nonzero(probs[:, 1] >= _MIN_PROBS[0])
        corners = _STRIDE * np.stack([right, down], axis=1).astype(np.float32) + 1
        boxes = np.floor(np.concatenate([corners, corners + _WINDOW - 1], axis=1) / np.float32(scale))
        candidates = Candidates(boxes, probs[picture, 1, down, right], picture)
        keep = non_overlapping(candidates, _LEVEL_IOU)
        corrected = _correct(boxes[keep], corrections[picture, :, down, right][keep], border=0)
        both = np.concatenate([boxes[keep], corrected], axis=1)
        return Candidates(both, candidates.probs[keep], picture[keep])

    def _refine(self, integrals: IntegralImages, candidates: Candidates) -> Candidates:
        """Run the second and the third network, and keep the probable candidates with corrected boxes."""
        candidates = _most_probable(candidates, _MAX_CANDIDATES[1] * len(integrals))
        scored, corrections = self._score(1, integrals, candidates)
        keep = non_overlapping(scored, _MAX_IOU)
        boxes = _correct(scored.boxes[keep], corrections[keep], border=1)
        candidates = Candidates(boxes, scored.probs[keep], scored.picture[keep])

        candidates = _most_probable(candidates, _MAX_CANDIDATES[2] * len(integrals))
        scored, corrections = self._score(2, integrals, candidates)
        boxes = _correct(scored.boxes, corrections, border=1)
        corrected = Candidates(boxes, scored.probs, scored.picture, scored.landmarks)
        return corrected[_not_inside_others(corrected, _MAX_IOU)]

    def _score(
        self, network: int, integrals: IntegralImages, candidates: Candidates
    ) -> tuple[Candidates, Floats]:
        """Run the second or third network on the candidates' squares.

        Return the probable ones, with squares as boxes, and the corrections (N, 4) of their boxes. The third
        network also finds their landmarks.
        """
        squares = _squares(candidates.boxes)
        edges = np.trunc(squares).astype(np.int64)
        starts = np.maximum(edges[:, :2], 1) - 1
        ends = np.minimum(edges[:, 2:], [integrals.shape[2] - 1, integrals.shape[1] - 1])
        inside = (ends > starts).all(axis=1)
        if not inside.any():
            return _NO_CANDIDATES, np.empty((0, 4), np.float32)
        side = _INPUT_SIDES[network]
        starts, ends, picture = starts[inside], ends[inside], candidates.picture[inside]
        outputs = []
        for first in range(0, len(starts), _BATCH_SIZE):
            checkpoint()
            batch = slice(first, first + _BATCH_SIZE)
            columns, rows = (_divide(starts[batch, axis], ends[batch, axis], side) for axis in (0, 1))
            outputs.append(self._run(network, _crop(integrals, picture[batch], rows, columns)))
        corrections = np.concatenate([output[0] for output in outputs])
        probs = np.concatenate([output[-1] for output in outputs])[:, 1]
        probable = probs > _MIN_PROBS[network]
        landmarks = None
        if network == _LAST:
            landmarks = _landmarks(squares[inside], np.concatenate([output[1] for output in outputs]))
        scored = Candidates(squares[inside], probs, candidates.picture[inside], landmarks)
        return scored[probable], corrections[probable]

    @torch.inference_mode()
    def _run(self, network: int, pixels: Floats) -> list[npt.NDArray[Any]]:
        """Run a network on pixels (N, H, W, 3) in 0 to 255.

        The first output holds corrections of boxes, the last one probabilities of (no face, face). The third
        network puts landmarks between them.
        """
        normalised = (pixels - 127.5) * np.float32(0.0078125)
        images = torch.from_numpy(normalised).to(self._device).permute(0, 3, 1, 2)
        return [output.cpu().numpy() for output in self._networks[network](images)]


def _submit(function: Callable[..., Result], *arguments: Any) -> Future[Result]:
    """Run a function in the pool, where the check that interrupts this thread's work applies too."""
    return workers().submit(contextvars.copy_context().run, function, *arguments)


def _most_probable(candidates: Candidates, count: int) -> Candidates:
    """Return at most `count` candidates in their order."""
    if len(candidates) <= count:
        return candidates
    keep = np.argsort(-candidates.probs, kind="stable")[:count]
    return candidates[np.sort(keep)]


def non_overlapping(candidates: Candidates, max_iou: float) -> Indices:
    """Return the indices (K,) of the most probable candidates, no two of which overlap in one picture.

    Two boxes overlap if their IoU exceeds `max_iou`. The boxes have shape (N, 4).
    """
    boxes = torch.from_numpy(np.ascontiguousarray(candidates.boxes))
    probs = torch.from_numpy(np.ascontiguousarray(candidates.probs))
    if not candidates.picture.any():
        return np.asarray(nms(boxes, probs, max_iou).numpy(), np.int64)
    # batched_nms shifts each picture's boxes by the largest coordinate, which only works from 0 on.
    picture = torch.from_numpy(candidates.picture)
    return np.asarray(batched_nms(boxes - boxes.min(), probs, picture, max_iou).numpy(), np.int64)


def _integral_images(pictures: Sequence[RGBImage]) -> IntegralImages:
    return np.stack([cv2.integral(picture, sdepth=cv2.CV_32S) for picture in pictures])


def _divide(starts: Indices, ends: Indices, count: int) -> _Windows:
    """Divide lengths from starts to ends (N,) into windows (N, count), which may share a pixel."""
    steps, lengths = np.arange(count), (ends - starts)[:, None]
    return _Windows(
        starts[:, None] + steps * lengths // count,
        starts[:, None] - (-(steps + 1) * lengths // count),
    )


# Cached because a clip's frames have one size. The arrays must not be written to.
@functools.lru_cache(256)
def _divide_side(length: int, count: int) -> _Windows:
    """Divide a picture's side into `count` windows (count,)."""
    windows = _divide(np.zeros(1, np.int64), np.array([length]), count)
    return _Windows(windows.starts[0], windows.ends[0])


def _shrink(integrals: IntegralImages, rows: _Windows, columns: _Windows) -> Floats:
    """Return whole pictures as mean colours (N, rows, columns, 3) of windows that are the same for all."""
    strips = integrals.take(rows.ends, axis=1) - integrals.take(rows.starts, axis=1)
    sums = strips.take(columns.ends, axis=2) - strips.take(columns.starts, axis=2)
    heights, widths = rows.ends - rows.starts, columns.ends - columns.starts
    return _means(sums, heights[:, None] * widths)


def _crop(integrals: IntegralImages, picture: Indices, rows: _Windows, columns: _Windows) -> Floats:
    """Return N parts of pictures as mean colours (N, rows, columns, 3) of windows of their own."""
    count, height, width, channels = integrals.shape
    flat = integrals.reshape(count * height * width, channels)
    tops, bottoms = (
        ((picture[:, None] * height + edges) * width)[:, :, None] for edges in (rows.starts, rows.ends)
    )
    lefts, rights = columns.starts[:, None, :], columns.ends[:, None, :]
    sums = (
        flat.take(bottoms + rights, axis=0)
        - flat.take(bottoms + lefts, axis=0)
        - flat.take(tops + rights, axis=0)
        + flat.take(tops + lefts, axis=0)
    )
    heights, widths = rows.ends - rows.starts, columns.ends - columns.starts
    return _means(sums, heights[:, :, None] * widths[:, None, :])


def _means(sums: npt.NDArray[np.int32], areas: Indices) -> Floats:
    means = sums.astype(np.float32)
    means /= areas.astype(np.float32)[..., None]
    return means


def _concatenate(levels: Sequence[Candidates]) -> Candidates:
    return Candidates(
        np.concatenate([level.boxes for level in levels]),
        np.concatenate([level.probs for level in levels]),
        np.concatenate([level.picture for level in levels]),
    )


def _not_inside_others(candidates: Candidates, max_share: float) -> list[int]:
    """Return the indices of candidates, most probable first, that lie mostly outside more probable ones.

    At most `max_share` of the smaller box's area may be common to both boxes.
    """
    keep: list[int] = []
    x1, y1, x2, y2 = candidates.boxes.T
    areas = (x2 - x1 + 1) * (y2 - y1 + 1)
    for index in np.argsort(-candidates.probs, kind="stable").tolist():
        others = [other for other in keep if candidates.picture[other] == candidates.picture[index]]
        width = np.minimum(x2[others], x2[index]) - np.maximum(x1[others], x1[index]) + 1
        height = np.minimum(y2[others], y2[index]) - np.maximum(y1[others], y1[index]) + 1
        common = np.maximum(width, 0) * np.maximum(height, 0)
        if not (common > max_share * np.minimum(areas[others], areas[index])).any():
            keep.append(index)
    return keep


def _squares(boxes: Floats) -> Floats:
    """Return squares (N, 4) around the boxes' centres with their longer sides."""
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)
    return np.asarray(np.concatenate([centers - sides / 2, centers + sides / 2], axis=1), np.float32)


def _search_squares(boxes: Floats) -> Floats:
    """Return squares (M, 4) around expected boxes (N, 4), one for each of _SEARCH_OFFSETS."""
    squares = _squares(boxes)
    centers = (squares[:, None, :2] + squares[:, None, 2:]) / 2
    sides = squares[:, None, 2:] - squares[:, None, :2]
    centers = centers + _SEARCH_OFFSETS[:, :2] * sides
    halves = _SEARCH_OFFSETS[:, 2:] * sides / 2
    return np.asarray(np.concatenate([centers - halves, centers + halves], axis=2).reshape(-1, 4), np.float32)


def _correct(boxes: Floats, corrections: Floats, *, border: int) -> Floats:
    """Apply a network's corrections (N, 4), in sides of the boxes, which count `border` more pixels."""
    sides = np.tile(boxes[:, 2:] - boxes[:, :2] + border, 2)
    return np.asarray(boxes + corrections * sides, np.float32)


def _landmarks(squares: Floats, shares: Floats) -> Floats:
    """Return landmarks (N, 5, 2) in pixels; `shares` (N, 10) are x, then y, in sides of the squares."""
    points = shares.reshape(-1, 2, 5).transpose(0, 2, 1)
    sides = squares[:, None, 2:] - squares[:, None, :2] + 1
    return np.asarray(squares[:, None, :2] + points * sides - 1, np.float32)
