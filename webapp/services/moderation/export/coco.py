"""Export of decisions on photos in the COCO format, with painted regions as run lengths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import BaseModel, ConfigDict

from webapp.domain.enums import LabelValue
from webapp.media.masks import painted_pixels
from webapp.media.stripping import ENDINGS
from webapp.services.moderation.export.provenance import ExportedDecision

# COCO's category ids of the two values that are exported.
CATEGORIES = {LabelValue.REAL: 1, LabelValue.FAKE: 2}
Bits = npt.NDArray[np.bool_]


class _CocoModel(BaseModel):
    model_config = ConfigDict(frozen=True)


class RunLengths(_CocoModel):
    """COCO's uncompressed run-length encoding of a mask of `size` (height, width); see `run_lengths`."""

    counts: list[int]
    size: list[int]


class CocoImage(_CocoModel):
    """COCO image of a kept photo."""

    id: int
    file_name: str
    width: int
    height: int
    sha256: str


class CocoAnnotation(_CocoModel):
    """COCO annotation of a decided face. `bbox` is (x, y, width, height) in pixels of the upright photo.

    `provenance`: fields of ProvenanceDocument that COCO has no place for.
    """

    id: int
    image_id: int
    category_id: int
    bbox: list[float]
    area: float | int
    segmentation: RunLengths | list[float]
    iscrowd: int
    provenance: dict[str, Any]


class CocoCategory(_CocoModel):
    """COCO category: real or fake."""

    id: int
    name: str
    supercategory: str


class CocoDocument(_CocoModel):
    """COCO data set."""

    info: dict[str, str]
    images: list[CocoImage]
    annotations: list[CocoAnnotation]
    categories: list[CocoCategory]


def to_coco(decisions: Iterable[ExportedDecision]) -> CocoDocument:
    """Return the decisions on faces of photos that are real or fake.

    Regions count if the label of the moderator who painted them equals the decision. `segmentation` has the
    pixels that at least half of these regions cover; it is [] if there are none.
    """
    images: dict[str, CocoImage] = {}
    annotations: list[CocoAnnotation] = []
    for decision in decisions:
        if decision.kind != "image" or decision.value not in set(CATEGORIES):
            continue
        if decision.size is None or not decision.boxes:
            continue
        sha256 = decision.media.sha256
        if sha256 not in images:
            images[sha256] = _image(len(images) + 1, decision, decision.size)
        annotation = _annotation(
            number=len(annotations) + 1,
            image_id=images[sha256].id,
            decision=decision,
            size=decision.size,
        )
        annotations.append(annotation)
    return CocoDocument(
        info={"description": "Faces that moderators of LAA-Net Lens decided to be real or fake"},
        images=list(images.values()),
        annotations=annotations,
        categories=[
            CocoCategory(id=number, name=str(value), supercategory="face")
            for value, number in CATEGORIES.items()
        ],
    )


def run_lengths(mask: Bits) -> RunLengths:
    """Return the lengths of the runs of equal pixels in a mask (H, W), column by column.

    The first run is of unpainted pixels. It has length 0 if the first pixel is painted.
    """
    pixels = mask.ravel(order="F")
    run_starts = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    counts = np.diff(np.concatenate([[0], run_starts, [pixels.size]])).tolist()
    is_first_painted = bool(pixels[0])
    return RunLengths(counts=[0, *counts] if is_first_painted else counts, size=list(mask.shape))


def majority_mask(regions: Sequence[bytes], size: tuple[int, int]) -> Bits | None:
    """Return the mask (H, W) of pixels that at least half of the regions cover, None without regions.

    Regions are grey PNGs of any size over the same picture of `size` (width, height).
    """
    if not regions:
        return None
    width, height = size
    votes = np.zeros((height, width), np.int32)
    for png in regions:
        with Image.fromarray(painted_pixels(png)) as image:
            votes += np.asarray(image.resize(size, Image.Resampling.NEAREST)) > 0
    return np.asarray(2 * votes >= len(regions))


def _image(number: int, decision: ExportedDecision, size: tuple[int, int]) -> CocoImage:
    """Return the COCO image of a decision's photo of `size` (width, height)."""
    media = decision.media
    return CocoImage(
        id=number,
        file_name=f"{media.sha256}.{ENDINGS[media.format]}",
        width=size[0],
        height=size[1],
        sha256=media.sha256,
    )


def _annotation(
    number: int, image_id: int, decision: ExportedDecision, size: tuple[int, int]
) -> CocoAnnotation:
    """Return the COCO annotation of a decision on a face of a photo of `size` (width, height)."""
    x1, y1, x2, y2 = decision.photo_box
    agreeing_labels = [label for label in decision.deciding_labels if label.value == decision.value]
    regions = [label.region.png for label in agreeing_labels if label.region is not None]
    mask = majority_mask(regions, size)
    return CocoAnnotation(
        id=number,
        image_id=image_id,
        category_id=CATEGORIES[LabelValue(decision.value)],
        bbox=[round(value, 1) for value in (x1, y1, x2 - x1, y2 - y1)],
        area=round((x2 - x1) * (y2 - y1), 1) if mask is None else int(mask.sum()),
        segmentation=[] if mask is None else run_lengths(mask),
        iscrowd=0 if mask is None else 1,
        provenance=decision.document().model_dump(mode="json", exclude={"boxes", "size", "kind"}),
    )
