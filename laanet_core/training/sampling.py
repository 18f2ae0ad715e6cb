"""Sampling of training images: which kind of fake a pair has, and which real image it starts from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from laanet_core.data.manifest import Sample
from laanet_core.errors import InvalidDataset
from laanet_core.training.config import PairConfig

# Kinds of fakes: with an original, labelled by a person, blended image (BI), redrawn face, edited parts of a
# face, self-blended image (SBI).
PairKind = Literal["pair", "labelled", "blended", "reconstructed", "partial", "self_blended"]
PAIR_KINDS: tuple[PairKind, ...] = get_args(PairKind)


class PairSampler:
    """Draws kinds of fakes and real images from the samples of a manifest.

    `reals` are the real images with landmarks, `pairs` the fakes with an original, `labelled` the fakes
    without one. `packs` maps a pack to the indices of its images in `reals`. `kind_probabilities` (6,)
    follows PAIR_KINDS. `notes` are sentences for the person who starts the training. `epoch_length` is the
    number of pairs in an epoch, 0 if frames are drawn without epochs. Raises InvalidDataset if pseudo-fakes
    are wanted but no real image has landmarks.
    """

    def __init__(self, samples: Sequence[Sample], config: PairConfig, seed: int) -> None:
        self._seed, self._frames = seed, config.frames_per_video
        self.reals = [sample for sample in samples if sample.label == 0 and sample.landmarks is not None]
        self.pairs = [sample for sample in samples if sample.label == 1 and sample.original is not None]
        self.labelled = [sample for sample in samples if sample.label == 1 and sample.original is None]

        pairs = config.pairs if self.pairs else 0.0
        labelled = config.labelled if self.labelled else 0.0
        shares = (pairs, labelled, config.foreign_blends, config.reconstructed, config.partial_edits)
        self.kind_probabilities = np.array([*shares, max(1 - sum(shares), 0.0)])
        self.kind_probabilities /= self.kind_probabilities.sum()
        self.notes = _notes(config, pairs, labelled)
        if not self.reals and pairs < 1:
            raise InvalidDataset("no real image with landmarks to make pseudo-fakes from")

        self.packs = _indices_by(self.reals, "pack")
        self._videos = list(_indices_by(self.reals, "video").values())
        sizes = np.array([len(indices) for indices in self.packs.values()], np.float64)
        weights = sizes**config.pack_exponent
        self._pack_probabilities = weights / weights.sum() if len(weights) else weights
        self.epoch_length = sum(min(len(indices), self._frames) for indices in self._videos)
        self._cached_epoch: tuple[int, list[int]] = (-1, [])

    def draw_kind(self, rng: np.random.Generator) -> PairKind:
        """Draw the kind of a pair's fake."""
        return PAIR_KINDS[rng.choice(len(PAIR_KINDS), p=self.kind_probabilities)]

    def draw_real(self, index: int, rng: np.random.Generator, pack: str | None = None) -> int:
        """Return the index in `reals` of the real image for the pair with this index.

        With `pack`, draw from that pack if it has real images.
        """
        if pack in self.packs:
            return self._draw_from(pack, rng)
        if self._frames:
            epoch, position = divmod(index, self.epoch_length)
            return self._epoch_order(epoch)[position]
        name = list(self.packs)[rng.choice(len(self.packs), p=self._pack_probabilities)]
        return self._draw_from(name, rng)

    def _draw_from(self, pack: str, rng: np.random.Generator) -> int:
        indices = self.packs[pack]
        return indices[rng.integers(len(indices))]

    def _epoch_order(self, epoch: int) -> list[int]:
        """Return the frames of an epoch in their order, which is the same in every process."""
        if self._cached_epoch[0] != epoch:
            rng = np.random.default_rng([self._seed, epoch, len(self.reals)])
            frames = [rng.permutation(indices)[: self._frames] for indices in self._videos]
            order = rng.permutation(np.concatenate(frames))
            self._cached_epoch = (epoch, [int(index) for index in order])
        return self._cached_epoch[1]


def _indices_by(samples: Sequence[Sample], attribute: str) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for index, sample in enumerate(samples):
        groups.setdefault(getattr(sample, attribute), []).append(index)
    return groups


def _notes(config: PairConfig, pairs: float, labelled: float) -> list[str]:
    """Return notes about shares that the data cannot provide and about labelled fakes."""
    notes = []
    for name, wanted, available in (
        ("pairs", config.pairs, pairs),
        ("labelled", config.labelled, labelled),
    ):
        if wanted > available:
            notes.append(f"the data holds no images for the share {name}; self-blended images take its place")
    if labelled:
        notes.append(
            "labelled fakes without an original have no mask: they train the classification loss only"
        )
    return notes
