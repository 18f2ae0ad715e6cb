"""Training pairs: a real crop and a fake made from it or sampled beside it, with their targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset

from laanet_core.data import augmentation
from laanet_core.data.augmentation import Transform
from laanet_core.data.augmentation_policies import POLICIES, Framing
from laanet_core.data.blending_boundary import blending_boundary, region_boundary, resample_boundary
from laanet_core.data.context_crops import (
    CONTEXT_ENLARGEMENT,
    ContextCrop,
    context_crop,
    full_box,
    read_with_region,
    tight_square,
)
from laanet_core.data.difference_masks import altered_mask
from laanet_core.data.image_store import ImageStore
from laanet_core.data.manifest import Sample
from laanet_core.data.partial_edits import partial_edit
from laanet_core.data.reconstructed_faces import (
    bundled_redrawer,
    reconstructed_blend,
    softly_smoothed_face,
)
from laanet_core.data.self_blending import PseudoFake, self_blend
from laanet_core.data.sharpness_matching import match_sharpness
from laanet_core.data.video_compression import video_compression
from laanet_core.errors import InvalidDataset
from laanet_core.faces.crops import ENLARGEMENT, crop_square
from laanet_core.training.config import PairConfig
from laanet_core.training.sampling import PairSampler
from laanet_core.training.targets import Target, make_target
from laanet_core.types import Box, FloatMap, Landmarks, RGBImage

# Faces from which the most similar one becomes the donor of a blended image.
DONOR_CANDIDATES = 24

# B is at most 1; a fainter maximum leaves no target.
VISIBLE_BOUNDARY = 0.25

Value = TypeVar("Value", np.uint8, np.float32)


@dataclass(frozen=True)
class SamplePair:
    """A real and a fake crop with their targets, in this order.

    `images` (2, S, S, 3) uint8 RGB; `heatmap` and `consistency` (2, S/4, S/4) float32; `anchor` (2,) flat
    cell index. `has_maps` (2, 2) bool says for each of the two whether its heatmap and its consistency have a
    target. A labelled fake has a heatmap target only, and only if a person painted a region.
    """

    images: npt.NDArray[np.uint8]
    heatmap: FloatMap
    consistency: FloatMap
    anchor: npt.NDArray[np.int64]
    has_maps: npt.NDArray[np.bool_]


class PairDataset(Dataset[SamplePair]):
    """Endless map-style dataset of training pairs.

    Seed and index determine a pair, in every run and process. `size` is the side S of the network's input in
    pixels. `notes` and `epoch_length` are those of PairSampler. Raises InvalidDataset if the samples lack
    what `config` needs.
    """

    def __init__(
        self, samples: Sequence[Sample], store: ImageStore, *, size: int, config: PairConfig, seed: int
    ) -> None:
        self._store = store
        self._size, self._cells = size, size // 4
        self._seed = seed
        self._sampler = PairSampler(samples, config, seed)
        self._policy = POLICIES[config.policy]
        self._config = config
        self._redrawer = bundled_redrawer() if config.reconstructed > 0 else None
        shapes = [_normalised_landmarks(sample) for sample in self._sampler.reals]
        self._shapes = np.stack(shapes) if shapes else np.empty((0, 68, 2))
        self.notes = self._sampler.notes
        self.epoch_length = self._sampler.epoch_length

    def __getitem__(self, index: int) -> SamplePair:
        rng = np.random.default_rng([self._seed, index])
        kind = self._sampler.draw_kind(rng)
        if kind == "pair":
            return self._original_pair(rng)
        if kind == "labelled":
            return self._labelled_pair(index, rng)
        if kind == "blended":
            return self._blended_pair(index, rng)
        if kind == "reconstructed":
            return self._reconstructed_pair(index, rng)
        if kind == "partial":
            return self._partial_pair(index, rng)
        return self._self_blended_pair(index, rng)

    def _self_blended_pair(self, index: int, rng: np.random.Generator) -> SamplePair:
        """Pair a real face with a self-blended image of it."""
        real = self._context_crop(self._sampler.reals[self._sampler.draw_real(index, rng)])
        fake = self_blend(
            real.image,
            real.landmarks,
            rng,
            transforms=self._policy.source_transforms,
            hulls=self._config.hulls,
        )
        return self._finish(real.image, fake, self._policy.framing(real, rng), rng)

    def _blended_pair(self, index: int, rng: np.random.Generator) -> SamplePair:
        """Pair a real face with a blended image that shows another person's face."""
        target = self._sampler.draw_real(index, rng)
        real = self._context_crop(self._sampler.reals[target])
        donor = self._context_crop(self._draw_donor(target, rng))
        fake = self._policy.blend_donor(real.image, real.landmarks, donor.image, donor.landmarks, rng)
        transforms = self._policy.after_blending(rng)
        image = augmentation.apply(transforms, real.image)
        fake = PseudoFake(augmentation.apply(transforms, fake.image), fake.mask)
        return self._finish(image, fake, self._policy.framing(real, rng), rng)

    def _reconstructed_pair(self, index: int, rng: np.random.Generator) -> SamplePair:
        """Pair a real face, often smoothed without a seam, with the same face redrawn and blended in."""
        assert self._redrawer is not None
        target, donor = self._target_and_donor(index, rng)
        image, landmarks = target.image, target.landmarks
        if rng.random() < self._config.smoothed_reals:
            smoothed = self._redrawer.smoothed_crop(image, landmarks, rng)
            choice = rng.random()
            real = softly_smoothed_face(image, landmarks, rng, smoothed) if choice < 0.3 else smoothed
            if choice > 0.7:
                # Then the fake is as smooth outside its mask as inside.
                image = smoothed
        else:
            real = image
        fake = reconstructed_blend(image, landmarks, rng, self._redrawer, donor)
        return self._finish(real, fake, self._policy.framing(target, rng), rng)

    def _partial_pair(self, index: int, rng: np.random.Generator) -> SamplePair:
        """Pair a real face with the same face, some parts of it replaced."""
        target, donor = self._target_and_donor(index, rng)
        transforms = self._policy.source_transforms
        fake = partial_edit(target.image, target.landmarks, rng, transforms, donor)
        return self._finish(target.image, fake, self._policy.framing(target, rng), rng)

    def _target_and_donor(
        self, index: int, rng: np.random.Generator
    ) -> tuple[ContextCrop, tuple[RGBImage, Landmarks] | None]:
        """Draw a real face and, in half of the pairs, another person's face as donor."""
        number = self._sampler.draw_real(index, rng)
        target = self._context_crop(self._sampler.reals[number])
        if rng.random() < 0.5:
            return target, None
        donor = self._context_crop(self._draw_donor(number, rng))
        return target, (donor.image, donor.landmarks)

    def _original_pair(self, rng: np.random.Generator) -> SamplePair:
        """Pair a fake of the manifest with its original; the mask is their difference."""
        sample = self._sampler.pairs[rng.integers(len(self._sampler.pairs))]
        assert sample.original is not None
        real = self._store.read(sample.pack, sample.original)
        fake = self._store.read(sample.pack, sample.path)
        if real.shape != fake.shape:
            raise InvalidDataset(f"{sample.name} and its original differ in size")
        masked_fake = PseudoFake(fake, altered_mask(real, fake))
        return self._finish(real, masked_fake, Framing(tight_square(full_box(real), rng)), rng)

    def _labelled_pair(self, index: int, rng: np.random.Generator) -> SamplePair:
        """Pair a labelled fake with a real face of its pack, if there is one.

        With real faces of other packs only, a pack's look would reveal the label.
        """
        sample = self._sampler.labelled[rng.integers(len(self._sampler.labelled))]
        real = self._sampler.reals[self._sampler.draw_real(index, rng, sample.pack)]
        crops = [self._single_crop(real, rng), self._single_crop(sample, rng)]
        crops = [crop if rng.random() < 0.5 else np.ascontiguousarray(crop[:, ::-1]) for crop in crops]

        boundary = empty = np.zeros((self._cells, self._cells), np.float32)
        if crops[1].shape[2] == 4:
            boundary = region_boundary(crops[1][..., 3], self._cells)
        images = self._match(*(np.ascontiguousarray(crop[..., :3]) for crop in crops), rng=rng)
        crops = [augmentation.apply(self._final_transforms(rng), image) for image in images]
        targets = [self._target(empty, rng), self._target(boundary, rng)]
        return self._pair(crops, targets, [(True, True), (bool(boundary.max() > 0), False)])

    def _context_crop(self, sample: Sample) -> ContextCrop:
        """Cut out a face with its surroundings at the resolution that the network's input can use."""
        largest = round(self._size * CONTEXT_ENLARGEMENT / ENLARGEMENT)
        return context_crop(self._store, sample, largest=largest)

    def _single_crop(self, sample: Sample, rng: np.random.Generator) -> RGBImage:
        """Cut out one image (S, S, 3 or 4) with training's framing.

        Without landmarks the image counts as a face crop.
        """
        if sample.landmarks is None:
            image = read_with_region(self._store, sample)
            return crop_square(image, tight_square(full_box(image), rng), self._size)
        context = self._context_crop(sample)
        framing = self._policy.framing(context, rng)
        return _erase(crop_square(context.image, framing.square, self._size), framing.erased)

    def _finish(
        self, real: RGBImage, fake: PseudoFake, framing: Framing, rng: np.random.Generator
    ) -> SamplePair:
        """Crop, erase, flip and augment real and fake alike; derive the targets from the mask."""
        # The mask travels as the fourth channel, so that one resampling serves image and mask.
        with_mask = np.asarray(cv2.cvtColor(fake.image, cv2.COLOR_RGB2RGBA), np.uint8)
        with_mask[..., 3] = fake.mask * 255
        fake_crop = crop_square(with_mask, framing.square, self._size)
        boundary = blending_boundary(np.asarray(fake_crop[..., 3] / np.float32(255), np.float32))
        crops = [
            crop_square(real, framing.square, self._size),
            np.asarray(cv2.cvtColor(fake_crop, cv2.COLOR_RGBA2RGB), np.uint8),
        ]
        crops = [_erase(crop, framing.erased) for crop in crops]
        boundary = _erase(boundary, framing.erased)
        if rng.random() < 0.5:
            crops = [np.asarray(cv2.flip(crop, 1), np.uint8) for crop in crops]
            boundary = np.asarray(cv2.flip(boundary, 1), np.float32)

        crops = self._match(crops[0], crops[1], rng=rng)
        real_transforms = fake_transforms = self._final_transforms(rng)
        if rng.random() < self._policy.independent:
            fake_transforms = self._final_transforms(rng)
        crops = [
            augmentation.apply(real_transforms, crops[0]),
            augmentation.apply(fake_transforms, crops[1]),
        ]

        boundary = resample_boundary(boundary, self._cells)
        visible = bool(boundary.max() >= VISIBLE_BOUNDARY)
        targets = [self._target(np.zeros_like(boundary), rng), self._target(boundary, rng)]
        return self._pair(crops, targets, [(True, True), (visible, visible)])

    def _match(self, real: RGBImage, fake: RGBImage, *, rng: np.random.Generator) -> list[RGBImage]:
        """Make real and fake equally sharp, with the configured probability."""
        if self._config.matched_sharpness and rng.random() < self._config.matched_sharpness:
            return list(match_sharpness(real, fake))
        return [real, fake]

    def _final_transforms(self, rng: np.random.Generator) -> list[Transform]:
        """Draw the policy's final transforms, then the compression of a clip or a messenger."""
        transforms = self._policy.shared_transforms(rng)
        if self._config.video and rng.random() < self._config.video:
            transforms.append(video_compression(rng))
        if self._config.double_jpeg and rng.random() < self._config.double_jpeg:
            transforms.append(augmentation.double_jpeg(rng))
        return transforms

    def _target(self, boundary: FloatMap, rng: np.random.Generator) -> Target:
        return make_target(boundary, rng, real_consistency=self._config.real_consistency)

    def _pair(
        self, crops: list[RGBImage], targets: list[Target], has_maps: list[tuple[bool, bool]]
    ) -> SamplePair:
        anchors = [target.anchor[0] * self._cells + target.anchor[1] for target in targets]
        return SamplePair(
            images=np.stack(crops),
            heatmap=np.stack([target.heatmap for target in targets]),
            consistency=np.stack([target.consistency for target in targets]),
            anchor=np.array(anchors, np.int64),
            has_maps=np.array(has_maps),
        )

    def _draw_donor(self, target: int, rng: np.random.Generator) -> Sample:
        """Draw faces of the target's pack and return another person's with the nearest aligned landmarks.

        Source: Face X-ray, section 4. Raises InvalidDataset if the pack shows one person only.
        """
        reals = self._sampler.reals
        indices = self._sampler.packs[reals[target].pack]
        candidates = [indices[number] for number in rng.integers(len(indices), size=DONOR_CANDIDATES)]
        others = [
            index
            for index in candidates
            if reals[index].person != reals[target].person and reals[index].video != reals[target].video
        ]
        if not others:
            raise InvalidDataset(
                f"pack {reals[target].pack} needs more than one person for blended images "
                "(material.foreign_blends)"
            )
        distances = np.linalg.norm(self._shapes[others] - self._shapes[target], axis=2).sum(axis=1)
        nearest: int = others[int(distances.argmin())]
        return reals[nearest]


class StagedPairs(Dataset[SamplePair]):
    """Pairs of one data set up to an index and of another one from there on.

    Progressive resolution trains on `early` crops, smaller than those of `late`, for the first `early_pairs`.
    """

    def __init__(self, early: PairDataset, late: PairDataset, early_pairs: int) -> None:
        self._early, self._late, self._early_pairs = early, late, early_pairs

    def __getitem__(self, index: int) -> SamplePair:
        return self._early[index] if index < self._early_pairs else self._late[index]


def _erase(image: npt.NDArray[Value], box: Box | None) -> npt.NDArray[Value]:
    """Blacken a box, given in shares of the side, of an image or map (S, S, ...) in place."""
    if box is not None:
        side = image.shape[0]
        x1, y1, x2, y2 = (round(share * side) for share in box)
        image[y1:y2, x1:x2] = 0
    return image


def _normalised_landmarks(sample: Sample) -> Landmarks:
    """Return a sample's landmarks (68, 2) with their mean at 0 and a norm of 1."""
    assert sample.landmarks is not None
    centred = sample.landmarks - sample.landmarks.mean(axis=0)
    return np.asarray(centred / np.linalg.norm(centred), np.float32)
