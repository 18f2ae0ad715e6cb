"""Training units: a real crop and a fake one made from it (or beside it), with the maps the network should answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.data import augmentation
from laanet_core.data.augmentation_policies import POLICIES, Framing
from laanet_core.data.blending_boundary import blending_boundary, region_boundary, resample_boundary
from laanet_core.data.context_crops import (
    WORKING_ENLARGEMENT,
    WorkingCrop,
    picture,
    tight_square,
    whole,
    working_crop,
)
from laanet_core.data.difference_masks import altered_mask
from laanet_core.data.image_store import Store
from laanet_core.data.manifest import Sample
from laanet_core.data.self_blending import Blend, self_blend
from laanet_core.errors import InvalidDataset
from laanet_core.faces.crops import ENLARGEMENT, crop_square
from laanet_core.training.config import Material
from laanet_core.training.sampling import Stock
from laanet_core.training.targets import Target, make_target
from laanet_core.types import Box, FloatMap, Landmarks, RGBImage

DONOR_CANDIDATES = 24
VISIBLE_BOUNDARY = 0.25  # a fainter boundary is no target
Level = TypeVar("Level", np.uint8, np.float32)


@dataclass(frozen=True)
class Unit:
    """[real, fake]: `images` (2, S, S, 3) uint8 RGB, `heatmap` and `consistency` (2, S/4, S/4) float32, `anchor` (2,) flat cell index.

    `has_maps` (2, 2) tells for each of the two whether its heatmap and whether its consistency has a target: of a labelled fake only the
    heatmap, and that only where a person painted a region.
    """

    images: npt.NDArray[np.uint8]
    heatmap: FloatMap
    consistency: FloatMap
    anchor: npt.NDArray[np.int64]
    has_maps: npt.NDArray[np.bool_]


class UnitSource:
    """The n-th training unit, for any n: the same seed and n give the same unit in every run and process.

    `size` is the side S of the network's input. Raises InvalidDataset when the samples hold nothing that the material needs.
    """

    def __init__(
        self, samples: Sequence[Sample], store: Store, *, size: int, material: Material, seed: int
    ) -> None:
        self._store = store
        self._size, self._cells = size, size // 4
        self._seed = seed
        self._stock = Stock(samples, material, seed)
        self._policy = POLICIES[material.policy]
        self._real_consistency, self._hulls = material.real_consistency, material.hulls
        self._shapes = (
            np.stack([_normalised(sample) for sample in self._stock.reals])
            if self._stock.reals
            else np.empty((0, 68, 2))
        )
        self.notes = self._stock.notes
        self.epoch_length = self._stock.epoch_length

    def __getitem__(self, index: int) -> Unit:
        rng = np.random.default_rng([self._seed, index])
        kind = self._stock.draw_kind(rng)
        if kind == "pair":
            return self._pair(rng)
        if kind == "labelled":
            return self._labelled(index, rng)
        return self._blended(index, rng, foreign=kind == "foreign")

    def _blended(self, index: int, rng: np.random.Generator, *, foreign: bool) -> Unit:
        place = self._stock.draw_real(index, rng)
        real = self._working(self._stock.reals[place])
        image = real.image
        if foreign:
            donor = self._working(self._donor(place, rng))
            blend = self._policy.foreign_blend(image, real.landmarks, donor.image, donor.landmarks, rng)
            resampling = self._policy.after_foreign(rng)
            image, blend = (
                augmentation.apply(resampling, image),
                Blend(augmentation.apply(resampling, blend.fake), blend.mask),
            )
        else:
            blend = self_blend(
                image, real.landmarks, rng, changes=self._policy.source_changes, hulls=self._hulls
            )
        return self._finish(image, blend, self._policy.framing(real, rng), rng)

    def _pair(self, rng: np.random.Generator) -> Unit:
        sample = self._stock.pairs[rng.integers(len(self._stock.pairs))]
        assert sample.original is not None
        real = self._store.read(sample.pack, sample.original)
        fake = self._store.read(sample.pack, sample.path)
        if real.shape != fake.shape:
            raise InvalidDataset(f"{sample.name} and its original differ in size")
        return self._finish(
            real, Blend(fake, altered_mask(real, fake)), Framing(tight_square(whole(real), rng)), rng
        )

    def _labelled(self, index: int, rng: np.random.Generator) -> Unit:
        """A fake beside a real face of the same pack, where it has one: otherwise a pack's look would tell its label."""
        sample = self._stock.labelled[rng.integers(len(self._stock.labelled))]
        reals = self._stock.reals
        crops = [
            self._framed(reals[self._stock.draw_real(index, rng, sample.pack)], rng),
            self._framed(sample, rng),
        ]
        crops = [crop if rng.random() < 0.5 else np.ascontiguousarray(crop[:, ::-1]) for crop in crops]
        nothing = np.zeros((self._cells, self._cells), np.float32)
        seen = region_boundary(crops[1][..., 3], self._cells) if crops[1].shape[2] == 4 else nothing
        crops = [
            augmentation.apply(self._policy.shared_changes(rng), np.ascontiguousarray(crop[..., :3]))
            for crop in crops
        ]
        targets = [self._target(nothing, rng), self._target(seen, rng)]
        return self._unit(crops, targets, [(True, True), (bool(seen.max() > 0), False)])

    def _working(self, sample: Sample) -> WorkingCrop:
        """With no more pixels than the network's input leaves of them."""
        return working_crop(
            self._store, sample, largest=round(self._size * WORKING_ENLARGEMENT / ENLARGEMENT)
        )

    def _framed(self, sample: Sample, rng: np.random.Generator) -> RGBImage:
        """One picture alone, cut out as training cuts out; without landmarks it is taken for a face crop."""
        if sample.landmarks is None:
            image = picture(self._store, sample)
            return crop_square(image, tight_square(whole(image), rng), self._size)
        working = self._working(sample)
        framing = self._policy.framing(working, rng)
        crop = crop_square(working.image, framing.square, self._size)
        return _erase(crop, framing.erased)

    def _finish(self, real: RGBImage, blend: Blend, framing: Framing, rng: np.random.Generator) -> Unit:
        """Crop, erase, flip and change both alike, and derive the maps from the mask of the fake."""
        with_mask = np.asarray(cv2.cvtColor(blend.fake, cv2.COLOR_RGB2RGBA), np.uint8)
        with_mask[..., 3] = blend.mask * 255
        fake = crop_square(with_mask, framing.square, self._size)
        crops = [
            crop_square(real, framing.square, self._size),
            np.asarray(cv2.cvtColor(fake, cv2.COLOR_RGBA2RGB), np.uint8),
        ]
        boundary = blending_boundary(np.asarray(fake[..., 3] / np.float32(255), np.float32))
        crops, boundary = [_erase(crop, framing.erased) for crop in crops], _erase(boundary, framing.erased)
        if rng.random() < 0.5:
            crops = [np.asarray(cv2.flip(crop, 1), np.uint8) for crop in crops]
            boundary = np.asarray(cv2.flip(boundary, 1), np.float32)
        changes = [self._policy.shared_changes(rng)] * 2
        if rng.random() < self._policy.independent:
            changes[1] = self._policy.shared_changes(rng)
        crops = [augmentation.apply(change, crop) for change, crop in zip(changes, crops, strict=True)]
        boundary = resample_boundary(boundary, self._cells)
        targets = [self._target(np.zeros_like(boundary), rng), self._target(boundary, rng)]
        return self._unit(crops, targets, [(True, True), (bool(boundary.max() >= VISIBLE_BOUNDARY),) * 2])

    def _target(self, boundary: FloatMap, rng: np.random.Generator) -> Target:
        return make_target(boundary, rng, real_consistency=self._real_consistency)

    def _unit(self, crops: list[RGBImage], targets: list[Target], has_maps: list[tuple[bool, bool]]) -> Unit:
        return Unit(
            images=np.stack(crops),
            heatmap=np.stack([target.heatmap for target in targets]),
            consistency=np.stack([target.consistency for target in targets]),
            anchor=np.array(
                [target.anchor[0] * self._cells + target.anchor[1] for target in targets], np.int64
            ),
            has_maps=np.array(has_maps),
        )

    def _donor(self, place: int, rng: np.random.Generator) -> Sample:
        """Of some drawn faces of other people in the pack, the one whose landmarks are nearest after aligning (Face X-ray, section 4)."""
        reals = self._stock.reals
        target = reals[place]
        places = self._stock.packs[target.pack]
        drawn = [places[number] for number in rng.integers(len(places), size=DONOR_CANDIDATES)]
        others = [
            other
            for other in drawn
            if reals[other].person != target.person and reals[other].video != target.video
        ]
        if not others:
            raise InvalidDataset(f"pack {target.pack} needs more than one person for foreign blends")
        distances = np.linalg.norm(self._shapes[others] - self._shapes[place], axis=2).sum(axis=1)
        nearest: int = others[int(distances.argmin())]
        return reals[nearest]


def _erase(picture: npt.NDArray[Level], box: Box | None) -> npt.NDArray[Level]:
    """Blacken a box, given in shares of the side, of a picture or map (S, S, ...), in place."""
    if box is not None:
        side = picture.shape[0]
        x1, y1, x2, y2 = (round(share * side) for share in box)
        picture[y1:y2, x1:x2] = 0
    return picture


def _normalised(sample: Sample) -> Landmarks:
    assert sample.landmarks is not None
    centred = sample.landmarks - sample.landmarks.mean(axis=0)
    return np.asarray(centred / np.linalg.norm(centred), np.float32)
