"""MTCNN's cascade of three small networks (Zhang et al., 2016, section 2), searching several pictures of one size at once.

The networks and their weights are those of the facenet-pytorch package. Its own driver makes every candidate's cut-out with a torch
operation of its own, hundreds a picture, each of which waits for all threads. Here the sums over all pixels above and left of each one
are made once; any mean over an area is then four of them, and all cut-outs are made in one step, with the same values.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from torchvision.ops import batched_nms, nms

from laanet_core.faces.thread_pool import workers
from laanet_core.types import RGBImage

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
Sums = npt.NDArray[np.int32]  # (N, H + 1, W + 1, 3)
STEP = 0.709  # from one level of the pyramid to the next: half the area
_CELL, _STRIDE = 12, 2  # pixels that the first network looks at, and from one place to the next
_SURE = (0.6, 0.7, 0.7)  # probability that lets a candidate pass each network
_BATCH = 128
_AROUND = np.array(
    [(x, y, 1.0) for x in (-0.25, 0, 0.25) for y in (-0.25, 0, 0.25)] + [(0, 0, 0.8), (0, 0, 1.25)],
    np.float32,
)  # in sides


@dataclass(frozen=True)
class Candidates:
    """`boxes` (N, 4) x1, y1, x2, y2 in pixels, `probs` (N,), `picture` (N,) the index of the picture each is in."""

    boxes: Floats
    probs: Floats
    picture: npt.NDArray[np.int64]

    def __getitem__(self, chosen: Any) -> Candidates:
        return Candidates(self.boxes[chosen], self.probs[chosen], self.picture[chosen])

    def __len__(self) -> int:
        return len(self.probs)


class Cascade:
    """The three networks on one device. Safe between threads; the work is done by `workers`, level beside level."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._networks: list[Any] = [network.to(device).eval() for network in (PNet(), RNet(), ONet())]

    def search(self, pictures: Sequence[RGBImage], scale: float) -> Candidates:
        """Faces in pictures (H, W, 3) uint8 of one size, whose first look is at copies `scale` times as large: faces of 12 pixels there."""
        height, width = pictures[0].shape[:2]
        scales: list[float] = []
        while min(height, width) * scale >= _CELL:
            scales.append(scale)
            scale *= STEP
        if not scales:
            return _NOBODY
        sums = np.stack([cv2.integral(picture, sdepth=cv2.CV_32S) for picture in pictures])
        found = list(workers().map(self._proposed, itertools.repeat(sums), scales))
        return workers().submit(self._chosen_and_settled, sums, found).result()

    def follow(self, pictures: Sequence[RGBImage], expected: Sequence[Floats]) -> Candidates:
        """Faces near where they are expected, boxes (N, 4) in each of some pictures of one size; elsewhere nothing is looked for."""
        boxes = np.concatenate([_around(places) for places in expected])
        picture = np.repeat(np.arange(len(expected)), [len(_AROUND) * len(places) for places in expected])
        return (
            workers()
            .submit(self._followed, pictures, Candidates(boxes, np.ones(len(boxes), np.float32), picture))
            .result()
        )

    def _followed(self, pictures: Sequence[RGBImage], candidates: Candidates) -> Candidates:
        sums = np.stack([cv2.integral(picture, sdepth=cv2.CV_32S) for picture in pictures])
        return self._settled(sums, candidates)

    def _chosen_and_settled(self, sums: Sums, found: Sequence[Candidates]) -> Candidates:
        return self._settled(sums, _apart(_joined(found), 0.7))

    def _settled(self, sums: Sums, candidates: Candidates) -> Candidates:
        """What the second and third network leave of candidates."""
        for number, side in ((1, 24), (2, 48)):
            candidates = self._refined(sums, candidates, number, side)
        return candidates

    def _proposed(self, sums: Sums, scale: float) -> Candidates:
        height, width = sums.shape[1] - 1, sums.shape[2] - 1
        rows, columns = _side(height, int(height * scale + 1)), _side(width, int(width * scale + 1))
        moves, probs = self._asked(0, _level(sums, rows, columns))
        picture, down, right = np.nonzero(probs[:, 1] >= _SURE[0])
        corners = _STRIDE * np.stack([right, down], axis=1).astype(np.float32) + 1
        boxes = np.floor(np.concatenate([corners, corners + _CELL - 1], axis=1) / np.float32(scale))
        candidates = Candidates(boxes, probs[picture, 1, down, right], picture)
        keep = _chosen(candidates, 0.5)
        moved = _moved(boxes[keep], moves[picture, :, down, right][keep], 0)
        return Candidates(np.concatenate([boxes[keep], moved], axis=1), candidates.probs[keep], picture[keep])

    def _refined(self, sums: Sums, candidates: Candidates, number: int, side: int) -> Candidates:
        """What the second or third network leaves of square candidates, with its corrections."""
        squares = _squares(candidates.boxes)
        edges = np.trunc(squares).astype(np.int64)
        starts, ends = (
            np.maximum(edges[:, :2], 1) - 1,
            np.minimum(edges[:, 2:], [sums.shape[2] - 1, sums.shape[1] - 1]),
        )
        inside = (ends > starts).all(axis=1)
        if not inside.any():
            return _NOBODY
        columns, rows = (_windows(starts[inside, axis], ends[inside, axis], side) for axis in (0, 1))
        parts = _parts(sums, candidates.picture[inside], rows, columns)
        answers = [
            self._asked(number, parts[start : start + _BATCH]) for start in range(0, len(parts), _BATCH)
        ]
        moves, probs = (np.concatenate([answer[place] for answer in answers]) for place in (0, -1))
        sure = probs[:, 1] > _SURE[number]
        kept = Candidates(squares[inside][sure], probs[sure, 1], candidates.picture[inside][sure])
        if number == 1:
            keep = _chosen(kept, 0.7)
            return Candidates(
                _moved(kept.boxes[keep], moves[sure][keep], 1), kept.probs[keep], kept.picture[keep]
            )
        kept = Candidates(_moved(kept.boxes, moves[sure], 1), kept.probs, kept.picture)
        return kept[_not_inside_others(kept, 0.7)]

    @torch.inference_mode()
    def _asked(self, number: int, pixels: Floats) -> list[npt.NDArray[Any]]:
        """A network's answers to pictures (N, H, W, 3), 0 to 255: first corrections, last probabilities of (no face, face)."""
        images = (
            torch.from_numpy((pixels - 127.5) * np.float32(0.0078125)).to(self._device).permute(0, 3, 1, 2)
        )
        return [answer.cpu().numpy() for answer in self._networks[number](images)]


def _windows(starts: Places, ends: Places, count: int) -> tuple[Places, Places]:
    """Where `count` windows that cover each of N stretches start and end, (N, count) each; neighbours may share a pixel."""
    steps, lengths = np.arange(count), (ends - starts)[:, None]
    return starts[:, None] + steps * lengths // count, starts[:, None] - (-(steps + 1) * lengths // count)


@functools.lru_cache(256)  # a clip's frames are of one size
def _side(length: int, count: int) -> tuple[Places, Places]:
    """Where `count` windows that cover a picture's side start and end, (count,) each; not to be written to."""
    starts, ends = _windows(np.zeros(1, np.int64), np.array([length]), count)
    return starts[0], ends[0]


def _level(sums: Sums, rows: tuple[Places, Places], columns: tuple[Places, Places]) -> Floats:
    """Whole pictures as the mean colours of windows that are the same for all of them, (N, rows, columns, 3)."""
    (top, bottom), (left, right) = rows, columns
    across = sums.take(bottom, axis=1) - sums.take(top, axis=1)
    total = across.take(right, axis=2) - across.take(left, axis=2)
    return _divided(total, (bottom - top)[:, None] * (right - left))


def _parts(
    sums: Sums, picture: Places, rows: tuple[Places, Places], columns: tuple[Places, Places]
) -> Floats:
    """Parts of pictures as the mean colours of windows of their own, (N, rows, columns, 3)."""
    count, height, width, _ = sums.shape
    flat = sums.reshape(count * height * width, 3)
    (top, bottom), (left, right) = (((picture[:, None] * height + end) * width for end in rows), columns)
    corner = [
        flat.take(down[:, :, None] + over[:, None, :], axis=0)
        for down in (bottom, top)
        for over in (right, left)
    ]
    (above, below), areas = rows, right - left
    return _divided(
        corner[0] - corner[1] - corner[2] + corner[3], (below - above)[:, :, None] * areas[:, None, :]
    )


def _divided(total: npt.NDArray[np.int32], areas: Places) -> Floats:
    means = total.astype(np.float32)
    means /= areas.astype(np.float32)[..., None]
    return means


_NOBODY = Candidates(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64))


def _joined(found: Sequence[Candidates]) -> Candidates:
    return Candidates(
        *(np.concatenate([getattr(one, name) for one in found]) for name in ("boxes", "probs", "picture"))
    )


def _apart(proposed: Candidates, overlap: float) -> Candidates:
    """Of all levels' proposals, whose `boxes` (N, 8) hold the looked-at and the corrected ones, those that do not overlap, corrected."""
    plain = Candidates(proposed.boxes[:, :4], proposed.probs, proposed.picture)
    keep = _chosen(plain, overlap)
    return Candidates(proposed.boxes[keep, 4:], proposed.probs[keep], proposed.picture[keep])


def _chosen(candidates: Candidates, overlap: float) -> npt.NDArray[np.int64]:
    """Indices of the most probable candidates of which no two in one picture overlap by more."""
    boxes, probs = (
        torch.from_numpy(np.ascontiguousarray(candidates.boxes)),
        torch.from_numpy(np.ascontiguousarray(candidates.probs)),
    )
    if not candidates.picture.any():
        return np.asarray(nms(boxes, probs, overlap).numpy(), np.int64)
    # from 0 on: torchvision moves each picture's boxes to a place of their own by the largest coordinate alone
    return np.asarray(
        batched_nms(boxes - boxes.min(), probs, torch.from_numpy(candidates.picture), overlap).numpy(),
        np.int64,
    )


def _not_inside_others(candidates: Candidates, overlap: float) -> list[int]:
    """Indices, most probable first, of candidates that share no more than this part of the smaller box with a more probable one."""
    keep: list[int] = []
    x1, y1, x2, y2 = candidates.boxes.T
    areas = (x2 - x1 + 1) * (y2 - y1 + 1)
    for index in np.argsort(-candidates.probs, kind="stable").tolist():
        others = [other for other in keep if candidates.picture[other] == candidates.picture[index]]
        width = np.minimum(x2[others], x2[index]) - np.maximum(x1[others], x1[index]) + 1
        height = np.minimum(y2[others], y2[index]) - np.maximum(y1[others], y1[index]) + 1
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        if not (shared > overlap * np.minimum(areas[others], areas[index])).any():
            keep.append(index)
    return keep


def _squares(boxes: Floats) -> Floats:
    """The square around each box's centre with its longer side."""
    centers, sides = (
        (boxes[:, :2] + boxes[:, 2:]) / 2,
        (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True),
    )
    return np.asarray(np.concatenate([centers - sides / 2, centers + sides / 2], axis=1), np.float32)


def _around(boxes: Floats) -> Floats:
    """Squares about where faces (N, 4) are expected, each moved and made larger and smaller in every way of _AROUND."""
    squares = _squares(boxes)
    centers, sides = (
        (squares[:, None, :2] + squares[:, None, 2:]) / 2,
        squares[:, None, 2:] - squares[:, None, :2],
    )
    centers, halves = centers + _AROUND[:, :2] * sides, _AROUND[:, 2:] * sides / 2
    return np.asarray(np.concatenate([centers - halves, centers + halves], axis=2).reshape(-1, 4), np.float32)


def _moved(boxes: Floats, moves: Floats, border: int) -> Floats:
    """Boxes with a network's corrections, given in parts of a box's sides, themselves counted with `border` more pixels."""
    sides = np.tile(boxes[:, 2:] - boxes[:, :2] + border, 2)
    return np.asarray(boxes + moves * sides, np.float32)
