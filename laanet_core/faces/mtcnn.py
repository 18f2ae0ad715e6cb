"""MTCNN's cascade of three networks (Zhang et al., 2016, section 2), run on several pictures at once.

The networks and their weights are those of the facenet-pytorch package. Its driver crops every candidate
with a torch operation of its own, hundreds per picture, each of which wakes all threads. Here the crops of
many candidates are made in one step, with the same values, and the first network sees bands of the pyramid's
levels in parallel.
"""

from __future__ import annotations

import contextvars
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from torch import Tensor

from laanet_core.faces.area_means import Floats, Indices
from laanet_core.faces.candidates import (
    NO_CANDIDATES,
    SEARCH_OFFSETS,
    Candidates,
    concatenate,
    correct_boxes,
    landmark_points,
    most_probable,
    non_overlapping,
    not_inside_others,
    square_boxes,
    squares_to_search,
)
from laanet_core.faces.pyramid import AreaCrops, CropSource, PyramidLevel, bands
from laanet_core.faces.thread_pool import workers
from laanet_core.media.interruption import check_only, checkpoint
from laanet_core.types import RGBImage

Result = TypeVar("Result")

# Scale between two levels of the image pyramid: half the area.
PYRAMID_STEP = 0.709

# Side of the window that the first network sees, and the distance between two windows, in pixels.
WINDOW, _STRIDE = 12, 2

# Rows that neighbouring bands share: a window less one step.
_BAND_OVERLAP = WINDOW - _STRIDE

# Input sides of the second and the third network, in pixels. Only the third one finds landmarks.
_INPUT_SIDES = {1: 24, 2: 48}
_LAST = 2

# Lowest probability of a candidate after each network.
_MIN_PROBS = (0.6, 0.7, 0.7)

# IoU above which the less probable of two candidates is dropped: within a level, and after that.
_LEVEL_IOU, _MAX_IOU = 0.5, 0.7

# Candidates per call of the second and the third network: few candidates are shared by two threads.
_BATCH_SIZE, _MIN_BATCH_SIZE, _SHARES = 128, 16, 2

# Limits of candidates per picture for the second and the third network; probable ones come first. Photos of
# a hundred faces have less than half as many; pictures made of faces would occupy the server for minutes.
_MAX_CANDIDATES = {1: 8192, 2: 2048}


@dataclass(frozen=True)
class Proposals:
    """Windows of a level that the first network takes for faces.

    `places` (N, 3) are picture, row and column in steps of _STRIDE pixels, beside `probs` (N,) and
    `corrections` (N, 4).
    """

    places: Indices
    probs: Floats
    corrections: Floats


class _BandNetwork(PNet):  # type: ignore[misc]
    """The first network with a pooling layer that reads rows in order, which takes half of the time."""

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return corrections (N, 4, h, w) and probabilities (N, 2, h, w) of images (N, 3, H, W)."""
        features = self.prelu1(self.conv1(images))
        features = _largest_of_pairs(_largest_of_pairs(features, 2), 3)
        features = self.prelu2(self.conv2(features))
        features = self.prelu3(self.conv3(features))
        return self.conv4_2(features), torch.softmax(self.conv4_1(features), dim=1)


def _largest_of_pairs(features: Tensor, axis: int) -> Tensor:
    """Return the larger of each two neighbours along an axis of a tensor; the last one may be alone."""
    length = features.shape[axis] // 2 * 2
    before = (slice(None),) * axis
    even, odd = (features[(*before, slice(first, length, 2))] for first in (0, 1))
    largest = torch.maximum(even, odd)
    if length == features.shape[axis]:
        return largest
    return torch.cat([largest, features[(*before, slice(length, None))]], dim=axis)


class Cascade:
    """The three networks on one device. Thread-safe; bands of a search run in parallel in `workers`."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._networks: list[Any] = [
            network.to(device, memory_format=torch.channels_last).eval()
            for network in (_BandNetwork(), RNet(), ONet())
        ]

    def search(self, pictures: Sequence[RGBImage], scale: float) -> Candidates:
        """Return the faces in pictures (H, W, 3) uint8 of one size, see `begin_pyramid`."""
        return self.begin_pyramid(pictures, scale).candidates()

    def begin_pyramid(self, pictures: Sequence[RGBImage], scale: float) -> PyramidSearch:
        """Start the search of pictures (H, W, 3) uint8 of one size.

        The finest level of the pyramid is `scale` times as large as the pictures; faces have at least WINDOW
        pixels in it.
        """
        source = AreaCrops(pictures)
        levels: list[PyramidLevel] = []
        shorter = min(pictures[0].shape[:2])
        while shorter * scale >= WINDOW:
            levels.append(source.level(scale))
            scale *= PYRAMID_STEP
        return self.begin(source, levels)

    def begin(
        self, source: CropSource, levels: Sequence[PyramidLevel], begun: Sequence[LevelSearch] = ()
    ) -> PyramidSearch:
        """Start a search: the first network sees `levels`, the other two see crops of `source`.

        `begun` are levels that another search has started; their scales refer to `source`.
        """
        checkpoint()
        searches = [
            LevelSearch(
                level.scale,
                [submit(self.propose, level, start, end) for start, end in bands(level.shape, _BAND_OVERLAP)],
            )
            for level in levels
        ]
        return PyramidSearch(self, source, [*searches, *begun])

    def follow(self, pictures: Sequence[RGBImage], expected: Sequence[Floats]) -> Candidates:
        """Return the faces near expected boxes (N, 4) in each of several pictures (H, W, 3) of one size."""
        boxes = np.concatenate([squares_to_search(boxes_of_picture) for boxes_of_picture in expected])
        counts = [len(SEARCH_OFFSETS) * len(boxes_of_picture) for boxes_of_picture in expected]
        picture = np.repeat(np.arange(len(expected)), counts)
        candidates = Candidates(boxes, np.ones(len(boxes), np.float32), picture)
        return self.refine(AreaCrops(pictures), candidates)

    def judge(self, crops: Sequence[RGBImage]) -> tuple[Floats, Floats]:
        """Return the third network's probabilities (N,) and corrections (N, 4) of crops (48, 48, 3) uint8."""
        if not crops:
            return np.empty(0, np.float32), np.empty((0, 4), np.float32)
        pixels = np.stack(crops).astype(np.float32)
        outputs = submit(self._run, _LAST, pixels).result()
        return outputs[-1][:, 1], outputs[0]

    def propose(self, level: PyramidLevel, start: int, end: int) -> Proposals:
        """Run the first network on the rows from `start` to `end` of one level."""
        check_only()
        corrections, probs = self._run(0, level.pixels(start, end))
        picture, down, right = np.nonzero(probs[:, 1] >= _MIN_PROBS[0])
        places = np.stack([picture, down + start // _STRIDE, right], axis=1)
        return Proposals(places, probs[picture, 1, down, right], corrections[picture, :, down, right])

    def refine(self, source: CropSource, candidates: Candidates) -> Candidates:
        """Run the second and the third network, and keep the probable candidates with corrected boxes.

        The caller's thread waits for the pool.
        """
        candidates = most_probable(candidates, _MAX_CANDIDATES[1] * source.shape[0])
        scored, corrections = self._score(1, source, candidates)
        keep = non_overlapping(scored, _MAX_IOU)
        boxes = correct_boxes(scored.boxes[keep], corrections[keep], border=1)
        candidates = Candidates(boxes, scored.probs[keep], scored.picture[keep])

        candidates = most_probable(candidates, _MAX_CANDIDATES[2] * source.shape[0])
        scored, corrections = self._score(2, source, candidates)
        boxes = correct_boxes(scored.boxes, corrections, border=1)
        corrected = Candidates(boxes, scored.probs, scored.picture, scored.landmarks)
        return corrected[not_inside_others(corrected, _MAX_IOU)]

    def _score(self, network: int, source: CropSource, candidates: Candidates) -> tuple[Candidates, Floats]:
        """Run the second or third network on the candidates' squares.

        Return the probable ones, with squares as boxes, and the corrections (N, 4) of their boxes. The third
        network also finds their landmarks.
        """
        boxes = square_boxes(candidates.boxes)
        edges = np.trunc(boxes).astype(np.int64)
        starts = np.maximum(edges[:, :2], 1) - 1
        ends = np.minimum(edges[:, 2:], source.shape[:0:-1])
        inside = (ends > starts).all(axis=1)
        if not inside.any():
            return NO_CANDIDATES, np.empty((0, 4), np.float32)
        starts, ends, picture = starts[inside], ends[inside], candidates.picture[inside]
        batch_size = min(max(math.ceil(len(starts) / _SHARES), _MIN_BATCH_SIZE), _BATCH_SIZE)
        batches = [slice(first, first + batch_size) for first in range(0, len(starts), batch_size)]
        futures = [
            submit(self._run_crops, network, source, picture[batch], starts[batch], ends[batch])
            for batch in batches
        ]
        outputs = [future.result() for future in futures]
        corrections = np.concatenate([output[0] for output in outputs])
        probs = np.concatenate([output[-1] for output in outputs])[:, 1]
        probable = probs > _MIN_PROBS[network]
        points = None
        if network == _LAST:
            points = landmark_points(boxes[inside], np.concatenate([output[1] for output in outputs]))
        scored = Candidates(boxes[inside], probs, candidates.picture[inside], points)
        return scored[probable], corrections[probable]

    def _run_crops(
        self, network: int, source: CropSource, picture: Indices, starts: Indices, ends: Indices
    ) -> list[npt.NDArray[Any]]:
        check_only()
        return self._run(network, source.crops(picture, starts, ends, _INPUT_SIDES[network]))

    @torch.inference_mode()
    def _run(self, network: int, pixels: Floats) -> list[npt.NDArray[Any]]:
        """Run a network on pixels (N, H, W, 3) in 0 to 255.

        The first output holds corrections of boxes, the last one probabilities of (no face, face). The third
        network puts landmarks between them.
        """
        normalised = (pixels - 127.5) * np.float32(0.0078125)
        images = torch.from_numpy(normalised).to(self._device).permute(0, 3, 1, 2)
        return [output.cpu().numpy() for output in self._networks[network](images)]


@dataclass(frozen=True)
class LevelSearch:
    """Level whose bands the first network sees in the pool; boxes in it are `scale` times smaller."""

    scale: float
    bands: Sequence[Future[Proposals]]

    def windows(self) -> Candidates:
        """Wait for the bands, then return the distinct proposals.

        `boxes` (N, 8) hold window and corrected box in the pictures.
        """
        proposals = _join([band.result() for band in self.bands])
        corners = _STRIDE * proposals.places[:, :0:-1].astype(np.float32) + 1
        boxes = np.floor(np.concatenate([corners, corners + WINDOW - 1], axis=1) / np.float32(self.scale))
        candidates = Candidates(boxes, proposals.probs, proposals.places[:, 0])
        keep = non_overlapping(candidates, _LEVEL_IOU)
        corrected = correct_boxes(boxes[keep], proposals.corrections[keep], border=0)
        both = np.concatenate([boxes[keep], corrected], axis=1)
        return Candidates(both, candidates.probs[keep], candidates.picture[keep])


@dataclass(frozen=True)
class PyramidSearch:
    """Search under way in `levels`, whose candidates are cropped from `source`."""

    cascade: Cascade
    source: CropSource
    levels: Sequence[LevelSearch]

    def candidates(self) -> Candidates:
        """Wait for the first network, then return the faces that the other two confirm."""
        if not self.levels:
            return NO_CANDIDATES
        merged = concatenate([level.windows() for level in self.levels])
        windows = Candidates(merged.boxes[:, :4], merged.probs, merged.picture)
        keep = non_overlapping(windows, _MAX_IOU)
        corrected = Candidates(merged.boxes[keep, 4:], merged.probs[keep], merged.picture[keep])
        return self.cascade.refine(self.source, corrected)

    def cancel(self) -> None:
        """Drop the bands that have not begun."""
        for level in self.levels:
            for band in level.bands:
                band.cancel()


def submit(function: Callable[..., Result], *arguments: Any) -> Future[Result]:
    """Run a function in the pool, where the check that interrupts this thread's work applies too."""
    return workers().submit(contextvars.copy_context().run, function, *arguments)


def _join(proposals: Sequence[Proposals]) -> Proposals:
    return Proposals(
        np.concatenate([part.places for part in proposals]),
        np.concatenate([part.probs for part in proposals]),
        np.concatenate([part.corrections for part in proposals]),
    )
