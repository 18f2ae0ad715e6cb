"""What a training draws its images from, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from laanet_core.data import Sample
from laanet_core.errors import InvalidConfig, InvalidDataset
from laanet_core.landmarks import HULL_KINDS, HullKind
from laanet_core.policies import PolicyName

KINDS = ("pair", "labelled", "foreign", "self")


@dataclass(frozen=True)
class Material:
    """What training units are made of.

    `pairs`, `foreign_blends` (BI) and `labelled` (fakes that have neither original nor mask) are shares of the fakes; self-blended images
    are the rest. A share whose images the manifest lacks goes to the self-blends, and a note says so. `policy` is how they are varied
    (`laanet_core.policies`). `frames_per_video` real frames are drawn anew of every video each epoch, as the paper does; 0 draws frames
    freely, pack by pack with odds of the square root of the pack's size, so that small packs are heard. `real_consistency` is the
    consistency map C of a real image: 1 in the paper, 0 in the released code. Of `hulls` the masks of self-blends start, equally often.
    """

    pairs: float = 0.0
    foreign_blends: float = 0.0
    labelled: float = 0.0
    policy: PolicyName = "published"
    frames_per_video: int = 8
    real_consistency: float = 1.0
    hulls: tuple[HullKind, ...] = HULL_KINDS

    def __post_init__(self) -> None:
        for name in ("pairs", "foreign_blends", "labelled", "real_consistency"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidConfig(f"material.{name} must lie in [0, 1], not {getattr(self, name)}")
        if self.pairs + self.foreign_blends + self.labelled > 1 + 1e-9:
            raise InvalidConfig("the shares material.pairs, material.foreign_blends and material.labelled add up to more than 1")
        if self.policy not in get_args(PolicyName):
            raise InvalidConfig(f"material.policy must be one of {', '.join(get_args(PolicyName))}, not {self.policy!r}")
        object.__setattr__(self, "hulls", tuple(self.hulls))  # parsed JSON holds a list
        if not self.hulls or not set(self.hulls) <= set(HULL_KINDS):
            raise InvalidConfig(f"material.hulls must be some of {', '.join(HULL_KINDS)}, not {', '.join(self.hulls) or 'none'}")
        if self.frames_per_video < 0:
            raise InvalidConfig(f"material.frames_per_video must not be negative, not {self.frames_per_video}")


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
        self.epoch_length = sum(min(len(places), self._frames) for places in self._videos)  # in units; 0 where frames are drawn freely
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
        name for name, wanted, given in (("pairs", material.pairs, pairs), ("labelled", material.labelled, labelled)) if wanted > given
    ]
    notes = [f"the data holds nothing for the share {name}; self-blended images take its place" for name in missing]
    if labelled:
        notes.append("labelled fakes without an original have no mask: they teach the classification loss only")
    return notes
