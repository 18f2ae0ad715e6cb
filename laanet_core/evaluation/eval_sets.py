"""What is judged in an evaluation: face crops with their labels, cut as inference cuts them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from laanet_core.data.augmentation_policies import hardened_source_changes
from laanet_core.data.blending_boundary import blending_boundary, resample_boundary
from laanet_core.data.context_crops import inference_square, working_crop
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

FRAMES_OF_A_CLIP = (3, 8)  # a person with fewer pictures makes no clip; one with more makes several
RECOMPRESSION = (60, 95)  # JPEG qualities of a clip's pictures


@dataclass(frozen=True)
class EvalItem:
    """One crop to judge: `crop` (S, S, 3) uint8 RGB, `label` 1 = fake, `face_size` the longer side of the face's box in its picture.

    `boundary` is B at (S/4, S/4) where the blending mask is known; `altered` (S/4, S/4) bool tells where a fake differs from its
    original by more than it does on average, where there is an original.
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
    """Items that are judged and reported together; `items` begins anew at every call and gives `total` of them."""

    name: str
    title: str
    total: int
    items: Callable[[], Iterator[EvalItem]]


def manifest_sets(samples: Sequence[Sample], store: ImageStore, size: int, seed: int) -> list[EvalSet]:
    """The self-blends and the pairs of some samples; a set there is nothing for is left out."""
    blends = 2 * sum(sample.label == 0 and sample.landmarks is not None for sample in samples)
    fakes = [sample for sample in samples if sample.label == 1 and sample.original is not None]
    pairs = len(fakes) + len({(sample.pack, sample.original) for sample in fakes})

    def labelled() -> Iterator[EvalItem]:
        return labelled_items(samples, store, size)

    sets = [
        EvalSet(
            "self_blends",
            "self-blends of unseen people",
            blends,
            lambda: self_blend_items(samples, store, size, seed),
        ),
        EvalSet(
            "pairs",
            "fakes of unseen people and their originals",
            pairs,
            lambda: pair_items(samples, store, size),
        ),
        *(_swap_set(name, samples, store, size, seed) for name in SWAPS),
        EvalSet(
            "labelled",
            "fakes without an original, and real faces of their packs",
            len(_labelled(samples)),
            labelled,
        ),
    ]
    return [found for found in sets if found.total]


def self_blend_items(
    samples: Sequence[Sample], store: ImageStore, size: int, seed: int
) -> Iterator[EvalItem]:
    """Every real image with landmarks, and one seeded self-blended image of it; both cropped as inference crops them."""
    for number, sample in enumerate(samples):
        if sample.label == 1 or sample.landmarks is None:
            continue
        working = working_crop(store, sample)
        square = inference_square(working)
        blend = self_blend(
            working.image,
            working.landmarks,
            np.random.default_rng([seed, number]),
            changes=hardened_source_changes,
        )
        mask = crop_square(np.asarray(blend.mask * 255, np.uint8), square, size)
        boundary = resample_boundary(blending_boundary(np.asarray(mask / 255, np.float32)), size // 4)
        crop = crop_square(working.image, square, size)
        real = EvalItem(
            sample.name,
            crop,
            0,
            sample.pack,
            sample.person,
            sample.video,
            face_size=_face_side(sample.landmarks),
        )
        fake_name, fake_crop = f"{sample.name} self-blended", crop_square(blend.fake, square, size)
        yield real
        yield dataclasses.replace(real, name=fake_name, crop=fake_crop, label=1, boundary=boundary)


def pair_items(samples: Sequence[Sample], store: ImageStore, size: int) -> Iterator[EvalItem]:
    """Every fake that names its original, and the originals themselves; the pictures are face crops already."""
    by_path = {(sample.pack, sample.path): sample for sample in samples}
    seen: set[str] = set()
    for fake in samples:
        if fake.label == 0 or fake.original is None:
            continue
        real = by_path.get((fake.pack, fake.original))
        if real is None:
            raise InvalidDataset(f"the original of {fake.name} is not in the same split")
        real_item, fake_item = _whole_item(real, store, size), _whole_item(fake, store, size)
        if real.name not in seen:
            yield real_item
        if fake.name not in seen:
            yield dataclasses.replace(fake_item, altered=altered_cells(real_item.crop, fake_item.crop))
        seen.update((real.name, fake.name))


def labelled_items(samples: Sequence[Sample], store: ImageStore, size: int) -> Iterator[EvalItem]:
    """What people have labelled: every fake that names no original, and the real faces of those packs, cropped as inference crops them."""
    for sample in _labelled(samples):
        if sample.landmarks is None:
            yield _whole_item(sample, store, size)
        else:
            working = working_crop(store, sample)
            crop = crop_square(working.image, inference_square(working), size)
            yield EvalItem(
                sample.name,
                crop,
                sample.label,
                sample.pack,
                sample.person,
                sample.video,
                face_size=_face_side(sample.landmarks),
            )


def swap_clip_items(
    name: str, samples: Sequence[Sample], store: ImageStore, size: int, seed: int
) -> Iterator[EvalItem]:
    """Clips of real people, and the same clips with another person's face put in by the named face-swap program (`laanet_core.data.face_swaps`).

    Pictures of one person stand for the frames of a clip. Of the donor's pictures the one with the most similar pose is used for each.
    A frame and its swapped version are recompressed alike.
    """
    rng = np.random.default_rng([seed, len(samples)])
    for clip, donors in _clips(samples, rng):
        for sample in clip:
            real = working_crop(store, sample)
            donor = working_crop(store, min(donors, key=lambda other: _pose_distance(sample, other)))
            fake = SWAPS[name](real.image, real.landmarks, donor.image, donor.landmarks)
            square = inference_square(real)
            quality = int(rng.integers(*RECOMPRESSION))
            crops = [crop_square(recompressed(image, quality), square, size) for image in (real.image, fake)]
            side = _face_side(_landmarks(sample))
            item = EvalItem(
                sample.name, crops[0], 0, sample.pack, sample.person, clip[0].name, face_size=side
            )
            yield item
            yield dataclasses.replace(
                item, name=f"{sample.name} {name}", crop=crops[1], label=1, video=f"{clip[0].name} {name}"
            )


def _swap_set(name: str, samples: Sequence[Sample], store: ImageStore, size: int, seed: int) -> EvalSet:
    total = 2 * sum(len(clip) for clip, _ in _clips(samples, np.random.default_rng(seed)))
    title = f"clips of unseen people, faces swapped by the {name} program"
    return EvalSet(f"{name}_swaps", title, total, lambda: swap_clip_items(name, samples, store, size, seed))


def _clips(samples: Sequence[Sample], rng: np.random.Generator) -> list[tuple[list[Sample], list[Sample]]]:
    """Clips of one person's real pictures each, and beside each the pictures of another person of the same pack, the donor."""
    fewest, most = FRAMES_OF_A_CLIP
    people: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        if sample.label == 0 and sample.landmarks is not None:
            people.setdefault((sample.pack, sample.person), []).append(sample)
    people = {key: pictures for key, pictures in people.items() if len(pictures) >= fewest}
    clips: list[tuple[list[Sample], list[Sample]]] = []
    for (pack, person), pictures in people.items():
        others = [key for key in people if key[0] == pack and key[1] != person]
        starts = range(0, len(pictures) - fewest + 1, most) if others else ()
        clips.extend(
            (pictures[start : start + most], people[others[rng.integers(len(others))]]) for start in starts
        )
    return clips


def _pose_distance(one: Sample, other: Sample) -> float:
    shapes = [_landmarks(sample) - _landmarks(sample).mean(axis=0) for sample in (one, other)]
    return float(
        np.linalg.norm(shapes[0] / np.linalg.norm(shapes[0]) - shapes[1] / np.linalg.norm(shapes[1]))
    )


def _labelled(samples: Sequence[Sample]) -> list[Sample]:
    fakes = [sample for sample in samples if sample.label == 1 and sample.original is None]
    packs = {sample.pack for sample in fakes}
    return [*fakes, *(sample for sample in samples if sample.label == 0 and sample.pack in packs)]


def _face_side(landmarks: Landmarks) -> float:
    x1, y1, x2, y2 = face_box(landmarks)
    return max(x2 - x1, y2 - y1)


def _landmarks(sample: Sample) -> Landmarks:
    if sample.landmarks is None:
        raise InvalidDataset(f"{sample.name} has no landmarks")
    return sample.landmarks


def _whole_item(sample: Sample, store: ImageStore, size: int) -> EvalItem:
    """A picture that is a face crop already."""
    image = store.read(sample.pack, sample.path)
    height, width = image.shape[:2]
    crop = crop_square(image, enlarge_to_square((0.0, 0.0, float(width), float(height)), 1.0), size)
    side = max(width, height) / ENLARGEMENT
    return EvalItem(sample.name, crop, sample.label, sample.pack, sample.person, sample.video, face_size=side)
