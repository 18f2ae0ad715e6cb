"""Training units: a real crop and a fake one made from it (or beside it), with the maps the network should answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core import augmentation
from laanet_core.crops import RGBImage, crop_square, enlarge_to_square
from laanet_core.data import PackStore, Sample
from laanet_core.errors import InvalidDataset
from laanet_core.landmarks import Landmarks, Mask, face_box
from laanet_core.results import Box
from laanet_core.synthesis import Blend, blending_boundary, foreign_blend, self_blend
from laanet_core.targets import FloatMap, Target, make_target, resample_boundary

WORKING_ENLARGEMENT = 1.6  # what is cut out before blending; the final crop lies inside
FINAL_ENLARGEMENT = (0.95, 1.45)  # around the 1.25 of inference
TIGHT_SCALE = (0.8, 1.02)  # of a picture that is itself a tight crop
WORKING_SIDES = (64, 320)
DONOR_CANDIDATES = 24
INDEPENDENT_CHANGES = 0.3  # how often a fake is changed otherwise than its original, so that quality tells nothing
VISIBLE_BOUNDARY = 0.25  # a fainter boundary is no target


@dataclass(frozen=True)
class Mixture:
    """What share of the units are real/fake pairs and foreign blends; self-blended images are the rest.

    `labelled` is the share of fakes that have neither original nor mask. A share whose material the manifest lacks goes to the self-blends.
    """

    pairs: float = 0.0
    foreign_blends: float = 0.0
    labelled: float = 0.0


@dataclass(frozen=True)
class Unit:
    """[real, fake]: `images` (2, S, S, 3) uint8 RGB, `heatmap` and `consistency` (2, S/4, S/4) float32, `anchor` (2,) flat cell index.

    `has_maps` (2,) tells which of the two has heatmap and consistency targets; a labelled fake without a mask has none.
    """

    images: npt.NDArray[np.uint8]
    heatmap: FloatMap
    consistency: FloatMap
    anchor: npt.NDArray[np.int64]
    has_maps: npt.NDArray[np.bool_]


class UnitSource:
    """The n-th training unit, for any n: the same seed and n give the same unit in every run and process.

    Real images are drawn pack by pack with odds of the square root of the pack's size, so that small packs are heard.
    """

    def __init__(self, samples: Sequence[Sample], store: PackStore, *, size: int, mixture: Mixture, seed: int) -> None:
        self._store = store
        self._size, self._cells = size, size // 4
        self._seed = seed
        self._reals = _by_pack([sample for sample in samples if sample.label == 0 and sample.landmarks is not None])
        if not self._reals:
            raise InvalidDataset("no real image with landmarks to make pseudo-fakes from")
        self._pairs = [sample for sample in samples if sample.label == 1 and sample.original is not None]
        self._labelled = [sample for sample in samples if sample.label == 1 and sample.original is None]
        self._shapes = {pack: np.stack([_normalised(sample) for sample in reals]) for pack, reals in self._reals.items()}
        shares = {
            "pair": mixture.pairs if self._pairs else 0.0,
            "labelled": mixture.labelled if self._labelled else 0.0,
            "foreign": mixture.foreign_blends,
        }
        self.notes = _notes(mixture, shares)
        if sum(shares.values()) > 1:
            raise InvalidDataset(f"the shares of the mixture add up to more than 1: {shares}")
        self._kinds = [*shares, "self"]
        self._odds = [*shares.values(), 1 - sum(shares.values())]
        odds = np.sqrt([len(reals) for reals in self._reals.values()])
        self._pack_odds = odds / odds.sum()

    def __getitem__(self, index: int) -> Unit:
        rng = np.random.default_rng([self._seed, index])
        kind = self._kinds[rng.choice(len(self._kinds), p=self._odds)]
        if kind == "pair":
            return self._pair(rng)
        if kind == "labelled":
            return self._labelled_unit(rng)
        return self._blended(rng, foreign=kind == "foreign")

    def _blended(self, rng: np.random.Generator, *, foreign: bool) -> Unit:
        pack, number = self._draw_real(rng)
        real = working_crop(self._store, self._reals[pack][number])
        if foreign:
            donor = working_crop(self._store, self._donor(pack, number, rng))
            blend = foreign_blend(real.image, real.landmarks, donor.image, donor.landmarks, rng)
        else:
            blend = self_blend(real.image, real.landmarks, rng)
        return self._finish(real.image, blend, _face_square(real, rng), rng)

    def _pair(self, rng: np.random.Generator) -> Unit:
        sample = self._pairs[rng.integers(len(self._pairs))]
        assert sample.original is not None
        real = self._store.read(sample.pack, sample.original)
        fake = self._store.read(sample.pack, sample.path)
        if real.shape != fake.shape:
            raise InvalidDataset(f"{sample.name} and its original differ in size")
        return self._finish(real, Blend(fake, altered_mask(real, fake)), _tight_square(_whole(real), rng), rng)

    def _labelled_unit(self, rng: np.random.Generator) -> Unit:
        sample = self._labelled[rng.integers(len(self._labelled))]
        pack, number = self._draw_real(rng)
        real = working_crop(self._store, self._reals[pack][number])
        crops = [crop_square(real.image, _face_square(real, rng), self._size)]
        if sample.landmarks is None:
            image = self._store.read(sample.pack, sample.path)
            crops.append(crop_square(image, _tight_square(_whole(image), rng), self._size))
        else:
            fake = working_crop(self._store, sample)
            crops.append(crop_square(fake.image, _face_square(fake, rng), self._size))
        changed = [augmentation.apply(augmentation.shared_changes(rng), crop) for crop in crops]
        target = make_target(np.zeros((self._cells, self._cells), np.float32), rng)
        return _unit(changed, [target, target], [True, False])

    def _finish(self, real: RGBImage, blend: Blend, square: Box, rng: np.random.Generator) -> Unit:
        """Crop, flip and change both alike, and derive the maps from the mask of the fake."""
        crops = [crop_square(image, square, self._size) for image in (real, blend.fake)]
        mask = np.asarray(crop_square(np.asarray(blend.mask * 255, np.uint8), square, self._size), np.float32) / 255
        if rng.random() < 0.5:
            crops = [np.ascontiguousarray(crop[:, ::-1]) for crop in crops]
            mask = np.ascontiguousarray(mask[:, ::-1])
        changes = [augmentation.shared_changes(rng)] * 2
        if rng.random() < INDEPENDENT_CHANGES:
            changes[1] = augmentation.shared_changes(rng)
        crops = [augmentation.apply(change, crop) for change, crop in zip(changes, crops, strict=True)]
        boundary = resample_boundary(blending_boundary(np.asarray(mask, np.float32)), self._cells)
        targets = [make_target(np.zeros_like(boundary), rng), make_target(boundary, rng)]
        return _unit(crops, targets, [True, bool(boundary.max() >= VISIBLE_BOUNDARY)])

    def _draw_real(self, rng: np.random.Generator) -> tuple[str, int]:
        pack = list(self._reals)[rng.choice(len(self._reals), p=self._pack_odds)]
        return pack, int(rng.integers(len(self._reals[pack])))

    def _donor(self, pack: str, number: int, rng: np.random.Generator) -> Sample:
        """Of some drawn faces of other people, the one whose landmarks are nearest after aligning (Face X-ray, section 4)."""
        reals, shapes = self._reals[pack], self._shapes[pack]
        drawn = rng.integers(len(reals), size=DONOR_CANDIDATES)
        others = [index for index in drawn if reals[index].person != reals[number].person]
        if not others:
            raise InvalidDataset(f"pack {pack} needs more than one person for foreign blends")
        distances = np.linalg.norm(shapes[others] - shapes[number], axis=2).sum(axis=1)
        nearest: Sample = reals[others[int(distances.argmin())]]
        return nearest


@dataclass(frozen=True)
class WorkingCrop:
    """A face with room around it: `image` (H, H, 3) uint8 RGB, its `landmarks` there, and which part of it is `photograph`, not padding."""

    image: RGBImage
    landmarks: Landmarks
    photograph: Box


def working_crop(store: PackStore, sample: Sample) -> WorkingCrop:
    """Cut a sample's face out at its own resolution within limits. Raises InvalidDataset when it has no landmarks."""
    image = store.read(sample.pack, sample.path)
    if sample.landmarks is None:
        raise InvalidDataset(f"{sample.name} has no landmarks")
    x1, y1, x2, y2 = enlarge_to_square(face_box(sample.landmarks), WORKING_ENLARGEMENT)
    side = int(np.clip(round(x2 - x1), *WORKING_SIDES))
    scale = side / (x2 - x1)
    moved = (sample.landmarks + 0.5 - np.array([x1, y1], np.float32)) * scale - 0.5
    height, width = image.shape[:2]
    photograph = (max(-x1, 0) * scale, max(-y1, 0) * scale, min((width - x1) * scale, side), min((height - y1) * scale, side))
    return WorkingCrop(crop_square(image, (x1, y1, x2, y2), side), np.asarray(moved, np.float32), photograph)


def altered_mask(real: RGBImage, fake: RGBImage) -> Mask:
    """Where a fake differs from its original, as a soft blending mask (H, W) in [0, 1]; zero where they agree but for compression.

    The difference, smoothed, is compared with the noise that compression leaves in the picture's least changed half;
    gaps inside the face are closed.
    """
    difference = cv2.absdiff(real, fake).max(axis=2).astype(np.float32)
    unit = max(difference.shape) / 224
    smooth = cv2.GaussianBlur(difference, (0, 0), 3 * unit)
    floor = float(np.median(smooth)) if smooth.size else 0.0
    threshold = max(6.0, min(2 * floor, 0.5 * float(smooth.max())))
    hard = (smooth > threshold).astype(np.uint8)
    side = round(24 * unit) | 1
    closed = cv2.morphologyEx(hard, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side // 2 | 1, side // 2 | 1)))
    return np.asarray(cv2.GaussianBlur(opened.astype(np.float32), (0, 0), 5 * unit), np.float32)


def _notes(mixture: Mixture, shares: Mapping[str, float]) -> list[str]:
    """What a person who starts a training should know of its material."""
    wanted = {"pair": mixture.pairs, "labelled": mixture.labelled}
    notes = [
        f"the data holds nothing for the share of {name} fakes; self-blends take its place"
        for name in wanted
        if wanted[name] > shares[name]
    ]
    if shares["labelled"]:
        notes.append("labelled fakes without an original have no mask: they teach the classification loss only")
    return notes


def _unit(crops: list[RGBImage], targets: list[Target], has_maps: list[bool]) -> Unit:
    cells = targets[0].heatmap.shape[1]
    return Unit(
        images=np.stack(crops),
        heatmap=np.stack([target.heatmap for target in targets]),
        consistency=np.stack([target.consistency for target in targets]),
        anchor=np.array([target.anchor[0] * cells + target.anchor[1] for target in targets], np.int64),
        has_maps=np.array(has_maps),
    )


def _by_pack(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    packs: dict[str, list[Sample]] = {}
    for sample in samples:
        packs.setdefault(sample.pack, []).append(sample)
    return packs


def _normalised(sample: Sample) -> Landmarks:
    assert sample.landmarks is not None
    centred = sample.landmarks - sample.landmarks.mean(axis=0)
    return np.asarray(centred / np.linalg.norm(centred), np.float32)


def _jitter(square: Box, rng: np.random.Generator, share: float = 0.06) -> Box:
    """Move a square by up to `share` of its side."""
    x1, y1, x2, y2 = square
    move_x, move_y = rng.uniform(-share, share, 2) * (x2 - x1)
    return (x1 + move_x, y1 + move_y, x2 + move_x, y2 + move_y)


def _face_square(crop: WorkingCrop, rng: np.random.Generator) -> Box:
    """The face enlarged at random; where that leaves the photograph, mostly a tight square of the photograph instead of padding."""
    square = _jitter(enlarge_to_square(face_box(crop.landmarks), rng.uniform(*FINAL_ENLARGEMENT)), rng)
    x1, y1, x2, y2 = crop.photograph
    outside = max(x1 - square[0], y1 - square[1], square[2] - x2, square[3] - y2) / (square[2] - square[0])
    if outside > 0.08 and rng.random() < 0.75:
        return _tight_square(crop.photograph, rng)
    return square


def _whole(image: RGBImage) -> Box:
    return (0.0, 0.0, float(image.shape[1]), float(image.shape[0]))


def _tight_square(box: Box, rng: np.random.Generator) -> Box:
    """A square in the middle of a picture, or part of one, that is a tight face crop."""
    x1, y1, x2, y2 = box
    center_x, center_y = (x1 + x2) / 2, (y1 + y2) / 2
    half = min(x2 - x1, y2 - y1) * rng.uniform(*TIGHT_SCALE) / 2
    return _jitter((center_x - half, center_y - half, center_x + half, center_y + half), rng, 0.04)
