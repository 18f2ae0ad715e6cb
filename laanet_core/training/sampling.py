"""What a training draws its images from, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from laanet_core.data.manifest import Sample
from laanet_core.errors import InvalidDataset
from laanet_core.training.config import Material

KINDS = ("pair", "labelled", "foreign", "self")


class Stock:
    """The samples of a manifest, sorted by what they can be used for; `notes` tell what a person who starts a training should know.

    Raises InvalidDataset when nothing is left for a share that needs real faces with landmarks.
    """

    def __init__(self, samples: Sequence[Sample], material: Material, seed: int) -> None:
        self._seed, self._frames = seed, material.frames_per_video
        self.reals = [sample for sample in samples if sample.label == 0 and sample.landmarks is not None]
        self.pairs = [sample for sample in samples if sample.label == 1 and sample.original is not None]
        self.labelled = [sample for sample in samples if sample.label == 1 and sample.original is None]
        pairs, labelled = material.pairs if self.pairs else 0.0, material.labelled if self.labelled else 0.0
        shares = (pairs, labelled, material.foreign_blends)
        self.kind_odds = np.array([*shares, max(1 - sum(shares), 0.0)])
        self.kind_odds /= self.kind_odds.sum()
        self.notes = _notes(material, pairs, labelled)
        if not self.reals and pairs < 1:
            raise InvalidDataset("no real image with landmarks to make pseudo-fakes from")
        self.packs: dict[str, list[int]] = _places_by(self.reals, "pack")
        self._videos = list(_places_by(self.reals, "video").values())
        odds = np.sqrt([len(places) for places in self.packs.values()])
        self._pack_odds = odds / odds.sum() if len(odds) else odds
        self.epoch_length = sum(
            min(len(places), self._frames) for places in self._videos
        )  # in units; 0 where frames are drawn freely
        self._epoch: tuple[int, list[int]] = (-1, [])

    def draw_kind(self, rng: np.random.Generator) -> str:
        return KINDS[rng.choice(len(KINDS), p=self.kind_odds)]

    def draw_real(self, index: int, rng: np.random.Generator, pack: str | None = None) -> int:
        """The place in `reals` of the real image for the unit with this index; of one pack, where asked and it has any."""
        if pack in self.packs:
            return self._any_of(pack, rng)
        if self._frames:
            epoch, position = divmod(index, self.epoch_length)
            return self._order(epoch)[position]
        name = list(self.packs)[rng.choice(len(self.packs), p=self._pack_odds)]
        return self._any_of(name, rng)

    def _any_of(self, pack: str, rng: np.random.Generator) -> int:
        places = self.packs[pack]
        return places[rng.integers(len(places))]

    def _order(self, epoch: int) -> list[int]:
        """The frames of an epoch, in its order; the same for one seed in every process."""
        if self._epoch[0] != epoch:
            rng = np.random.default_rng([self._seed, epoch, len(self.reals)])
            drawn = [rng.permutation(places)[: self._frames] for places in self._videos]
            self._epoch = (epoch, [int(place) for place in rng.permutation(np.concatenate(drawn))])
        return self._epoch[1]


def _places_by(samples: Sequence[Sample], name: str) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for place, sample in enumerate(samples):
        groups.setdefault(getattr(sample, name), []).append(place)
    return groups


def _notes(material: Material, pairs: float, labelled: float) -> list[str]:
    missing = [
        name
        for name, wanted, given in (
            ("pairs", material.pairs, pairs),
            ("labelled", material.labelled, labelled),
        )
        if wanted > given
    ]
    notes = [
        f"the data holds nothing for the share {name}; self-blended images take its place" for name in missing
    ]
    if labelled:
        notes.append(
            "labelled fakes without an original have no mask: they teach the classification loss only"
        )
    return notes
