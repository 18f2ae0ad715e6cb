"""Evaluation sets: labelled face crops made from a manifest, framed as inference frames them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from laanet_core.data.augmentation_policies import hardened_source_transforms
from laanet_core.data.blending_boundary import blending_boundary, resample_boundary
from laanet_core.data.context_crops import context_crop, full_box, inference_square
from laanet_core.data.difference_masks import altered_cells
from laanet_core.data.face_swaps import SWAPS
from laanet_core.data.image_store import ImageStore
from laanet_core.data.manifest import Sample
from laanet_core.data.self_blending import self_blend
from laanet_core.errors import InvalidDataset
from laanet_core.faces.crops import ENLARGEMENT, crop_square, enlarge_to_square
from laanet_core.faces.landmarks import face_box
from laanet_core.media.recompression import recompressed
from laanet_core.types import FloatMap, Landmarks, RGBImage

# Fewest and most frames of a clip. A person with fewer pictures yields no clip, a person with more yields
# several.
FRAMES_PER_CLIP = (3, 8)

# Range of the JPEG quality of a clip's pictures.
RECOMPRESSION = (60, 95)


@dataclass(frozen=True)
class EvalItem:
    """One labelled face crop.

    `crop` (S, S, 3) uint8 RGB; `label` 1 = fake; `face_size` is the longer side of the face's box in its
    image, in pixels. `boundary` (S/4, S/4) is the blending boundary if the mask is known. `altered`
    (S/4, S/4) bool marks cells that differ from the original by more than the mean over all cells, if there
    is an original.
    """

    name: str
    crop: RGBImage
    label: int
    pack: str
    person: str
    video: str
    face_size: float = 0.0
    boundary: FloatMap | None = None
    altered: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class EvalSet:
    """Items that are reported together; every call of `items` yields all `total` of them.

    `by_forger` is True if the fakes come from the manifest, from a named forger or not, and False if this
    module makes them. The summary over forgers counts only the former.
    """

    name: str
    title: str
    total: int
    items: Callable[[], Iterator[EvalItem]]
    by_forger: bool = False


def manifest_sets(samples: Sequence[Sample], store: ImageStore, size: int, seed: int) -> list[EvalSet]:
    """Return the non-empty evaluation sets of some samples.

    They are `self_blends`, `pairs`, `warped_swaps`, `pasted_swaps`, `labelled` and one set for every forger
    that the manifest names, such as `forger_inswapper_128`. The fakes of named forgers are in no other set.
    `size` is the side S of the network's input in pixels, here and in the functions below; `seed` seeds
    everything that is drawn.
    """
    forgers = sorted({sample.forger for sample in samples if sample.forger is not None})
    unnamed = [sample for sample in samples if sample.forger is None]
    reals_with_landmarks = sum(sample.label == 0 and sample.landmarks is not None for sample in unnamed)
    fakes = [sample for sample in unnamed if sample.label == 1 and sample.original is not None]
    originals = {(sample.pack, sample.original) for sample in fakes}
    self_blends = EvalSet(
        name="self_blends",
        title="self-blends of unseen people",
        total=2 * reals_with_landmarks,
        items=lambda: self_blend_items(unnamed, store, size, seed),
    )
    pairs = EvalSet(
        name="pairs",
        title="fakes of unseen people and their originals",
        total=len(fakes) + len(originals),
        items=lambda: pair_items(unnamed, store, size),
        by_forger=True,
    )
    swaps = [_swap_set(name, unnamed, store, size, seed) for name in SWAPS]
    labelled = EvalSet(
        name="labelled",
        title="fakes without an original, and real faces of their packs",
        total=len(_labelled_samples(unnamed)),
        items=lambda: labelled_items(unnamed, store, size),
        by_forger=True,
    )
    by_forgers = [_forger_set(forger, samples, store, size) for forger in forgers]
    sets = [self_blends, pairs, *swaps, labelled, *by_forgers]
    return [eval_set for eval_set in sets if eval_set.total]


def self_blend_items(
    samples: Sequence[Sample], store: ImageStore, size: int, seed: int
) -> Iterator[EvalItem]:
    """Yield every real image with landmarks, then a seeded self-blended image of it.

    Both are framed as at inference.
    """
    for number, sample in enumerate(samples):
        if sample.label == 1 or sample.landmarks is None:
            continue
        context = context_crop(store, sample)
        square = inference_square(context)
        fake = self_blend(
            context.image,
            context.landmarks,
            np.random.default_rng([seed, number]),
            transforms=hardened_source_transforms,
        )
        # The mask is cropped as an image, so as uint8, and then converted back.
        mask_crop = crop_square(np.asarray(fake.mask * 255, np.uint8), square, size)
        mask = np.asarray(mask_crop / 255, np.float32)  # (S, S)
        boundary = resample_boundary(blending_boundary(mask), size // 4)
        real_item = _item(sample, crop_square(context.image, square, size), _face_size(sample.landmarks))
        yield real_item
        yield dataclasses.replace(
            real_item,
            name=f"{sample.name} self-blended",
            crop=crop_square(fake.image, square, size),
            label=1,
            boundary=boundary,
        )


def pair_items(samples: Sequence[Sample], store: ImageStore, size: int) -> Iterator[EvalItem]:
    """Yield every fake that names its original, after that original. Every image is yielded once.

    The images are face crops already. Raises InvalidDataset if an original is not among the samples.
    """
    by_path = {(sample.pack, sample.path): sample for sample in samples}
    yielded: set[str] = set()
    for fake in samples:
        if fake.label == 0 or fake.original is None:
            continue
        real = by_path.get((fake.pack, fake.original))
        if real is None:
            raise InvalidDataset(f"the original of {fake.name} is not in the same split")
        real_item = _face_crop_item(real, store, size)
        fake_item = _face_crop_item(fake, store, size)
        if real.name not in yielded:
            yield real_item
        if fake.name not in yielded:
            yield dataclasses.replace(fake_item, altered=altered_cells(real_item.crop, fake_item.crop))
        yielded.update((real.name, fake.name))


def labelled_items(samples: Sequence[Sample], store: ImageStore, size: int) -> Iterator[EvalItem]:
    """Yield every fake that names no original, then the real faces of those packs, framed as at inference."""
    for sample in _labelled_samples(samples):
        yield _framed_item(sample, store, size)


def forger_items(forger: str, samples: Sequence[Sample], store: ImageStore, size: int) -> Iterator[EvalItem]:
    """Yield the fakes of one forger, then the real faces of their packs, framed as at inference.

    A fake with an original in the same split comes with its altered cells.
    """
    originals = {(sample.pack, sample.path): sample for sample in samples if sample.label == 0}
    for sample in _forger_samples(forger, samples):
        item = _framed_item(sample, store, size)
        original = originals.get((sample.pack, sample.original or ""))
        if original is not None:
            # Cut at the fake's landmarks, so that the two crops show the same region.
            same_region = dataclasses.replace(original, landmarks=sample.landmarks)
            real = _framed_item(same_region, store, size)
            item = dataclasses.replace(item, altered=altered_cells(real.crop, item.crop))
        yield item


def swap_clip_items(
    name: str, samples: Sequence[Sample], store: ImageStore, size: int, seed: int
) -> Iterator[EvalItem]:
    """Yield clips of real people, and the same clips with faces swapped by a method of SWAPS.

    Pictures of one person stand for the frames of a clip. Each frame gets its face from the donor's picture
    with the most similar pose. A frame and its swapped version are recompressed alike. `name` is a key of
    SWAPS.
    """
    rng = np.random.default_rng([seed, len(samples)])
    for clip, donors in _clips(samples, rng):
        for sample in clip:
            target = context_crop(store, sample)
            nearest = min(donors, key=lambda other: _pose_distance(sample, other))
            donor = context_crop(store, nearest)
            swapped = SWAPS[name](target.image, target.landmarks, donor.image, donor.landmarks)
            square = inference_square(target)
            quality = int(rng.integers(*RECOMPRESSION))
            real_crop = crop_square(recompressed(target.image, quality), square, size)
            fake_crop = crop_square(recompressed(swapped, quality), square, size)
            face_size = _face_size(_landmarks(sample))
            real_item = dataclasses.replace(_item(sample, real_crop, face_size), video=clip[0].name)
            yield real_item
            yield dataclasses.replace(
                real_item,
                name=f"{sample.name} {name}",
                crop=fake_crop,
                label=1,
                video=f"{clip[0].name} {name}",
            )


def _forger_set(forger: str, samples: Sequence[Sample], store: ImageStore, size: int) -> EvalSet:
    slug = "_".join(re.findall(r"[a-z0-9]+", forger.lower()))
    return EvalSet(
        f"forger_{slug}",
        f"fakes by {forger}, and real faces of their packs",
        len(_forger_samples(forger, samples)),
        lambda: forger_items(forger, samples, store, size),
        by_forger=True,
    )


def _swap_set(name: str, samples: Sequence[Sample], store: ImageStore, size: int, seed: int) -> EvalSet:
    # The generator only chooses donors; the number of frames does not depend on it.
    clips = _clips(samples, np.random.default_rng(seed))
    return EvalSet(
        name=f"{name}_swaps",
        title=f"clips of unseen people, faces swapped by the {name} program",
        total=2 * sum(len(clip) for clip, _ in clips),
        items=lambda: swap_clip_items(name, samples, store, size, seed),
    )


def _clips(samples: Sequence[Sample], rng: np.random.Generator) -> list[tuple[list[Sample], list[Sample]]]:
    """Return clips of one person's real pictures, each with the pictures of a donor from the same pack.

    A person without another person in the pack yields no clip.
    """
    fewest, most = FRAMES_PER_CLIP
    # Pictures by pack and person.
    people: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        if sample.label == 0 and sample.landmarks is not None:
            people.setdefault((sample.pack, sample.person), []).append(sample)
    people = {key: pictures for key, pictures in people.items() if len(pictures) >= fewest}
    clips: list[tuple[list[Sample], list[Sample]]] = []
    for (pack, person), pictures in people.items():
        donors = [key for key in people if key[0] == pack and key[1] != person]
        if not donors:
            continue
        # A rest of fewer pictures than `fewest` is left out.
        for start in range(0, len(pictures) - fewest + 1, most):
            donor = donors[rng.integers(len(donors))]
            clips.append((pictures[start : start + most], people[donor]))
    return clips


def _pose_distance(first: Sample, second: Sample) -> float:
    """Return the distance between two faces' landmarks after centring them and scaling them to norm 1."""
    shapes: list[npt.NDArray[np.floating[Any]]] = []
    for sample in (first, second):
        centred = _landmarks(sample) - _landmarks(sample).mean(axis=0)
        shapes.append(centred / np.linalg.norm(centred))
    return float(np.linalg.norm(shapes[0] - shapes[1]))


def _labelled_samples(samples: Sequence[Sample]) -> list[Sample]:
    """Return the fakes without an original, then the real images of their packs."""
    fakes = [sample for sample in samples if sample.label == 1 and sample.original is None]
    packs = {sample.pack for sample in fakes}
    reals = [sample for sample in samples if sample.label == 0 and sample.pack in packs]
    return [*fakes, *reals]


def _forger_samples(forger: str, samples: Sequence[Sample]) -> list[Sample]:
    fakes = [sample for sample in samples if sample.forger == forger]
    packs = {sample.pack for sample in fakes}
    return [*fakes, *(sample for sample in samples if sample.label == 0 and sample.pack in packs)]


def _framed_item(sample: Sample, store: ImageStore, size: int) -> EvalItem:
    """Return an item framed as at inference; without landmarks the image counts as a face crop."""
    if sample.landmarks is None:
        return _face_crop_item(sample, store, size)
    context = context_crop(store, sample)
    crop = crop_square(context.image, inference_square(context), size)
    return _item(sample, crop, _face_size(sample.landmarks))


def _face_size(landmarks: Landmarks) -> float:
    """Return the longer side, in pixels, of the box around landmarks (68, 2)."""
    x1, y1, x2, y2 = face_box(landmarks)
    return max(x2 - x1, y2 - y1)


def _landmarks(sample: Sample) -> Landmarks:
    """Return a sample's landmarks (68, 2). Raises InvalidDataset if it has none."""
    if sample.landmarks is None:
        raise InvalidDataset(f"{sample.name} has no landmarks")
    return sample.landmarks


def _item(sample: Sample, crop: RGBImage, face_size: float) -> EvalItem:
    return EvalItem(
        name=sample.name,
        crop=crop,
        label=sample.label,
        pack=sample.pack,
        person=sample.person,
        video=sample.video,
        face_size=face_size,
    )


def _face_crop_item(sample: Sample, store: ImageStore, size: int) -> EvalItem:
    """Return an item of an image that is a face crop already."""
    image = store.read(sample.pack, sample.path)
    crop = crop_square(image, enlarge_to_square(full_box(image), 1.0), size)
    # A face crop shows the face's box enlarged by ENLARGEMENT.
    face_size = max(image.shape[:2]) / ENLARGEMENT
    return _item(sample, crop, face_size)
