"""Decisions about photos in COCO's format, what was painted as run lengths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from webapp.domain.enums import LabelValue
from webapp.media.masks import painted_pixels
from webapp.media.stripping import ENDINGS
from webapp.services.moderation.export.provenance import ExportedDecision

CATEGORIES = {LabelValue.REAL: 1, LabelValue.FAKE: 2}
Bits = npt.NDArray[np.bool_]


def to_coco(decisions: Iterable[ExportedDecision]) -> tuple[dict[str, Any], int]:
    """The document, and how many decisions it has: photos' faces that are real or fake.

    `segmentation` is an uncompressed RLE of what at least half of those painted who painted anything and agree with the decision, or []
    where nobody did.
    """
    images: dict[str, dict[str, Any]] = {}
    annotations: list[dict[str, Any]] = []
    for decided in decisions:
        if (
            decided.kind != "image"
            or decided.value not in set(CATEGORIES)
            or decided.size is None
            or not decided.boxes
        ):
            continue
        image = images.setdefault(decided.media.sha256, _image(len(images) + 1, decided, decided.size))
        annotations.append(_annotation(len(annotations) + 1, image["id"], decided, decided.size))
    categories = [
        {"id": number, "name": str(value), "supercategory": "face"} for value, number in CATEGORIES.items()
    ]
    info = {"description": "Faces that moderators of LAA-Net Lens decided to be real or fake"}
    return {
        "info": info,
        "images": list(images.values()),
        "annotations": annotations,
        "categories": categories,
    }, len(annotations)


def run_lengths(mask: Bits) -> dict[str, Any]:
    """COCO's uncompressed RLE of a mask (H, W): lengths of runs down the columns, the first of them of nothing."""
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    return {"counts": [0, *counts] if flat[0] else counts, "size": list(mask.shape)}


def painted(regions: Sequence[bytes], size: tuple[int, int]) -> Bits | None:
    """What at least half of the regions cover, (H, W), from grey PNGs of any size over the same picture of `size` (width, height)."""
    if not regions:
        return None
    votes = np.zeros((size[1], size[0]), np.int32)
    for png in regions:
        with Image.fromarray(painted_pixels(png)) as image:
            votes += np.asarray(image.resize(size, Image.Resampling.NEAREST)) > 0
    return np.asarray(2 * votes >= len(regions))


def _image(number: int, decided: ExportedDecision, size: tuple[int, int]) -> dict[str, Any]:
    name = f"{decided.media.sha256}.{ENDINGS[decided.media.format]}"
    return {
        "id": number,
        "file_name": name,
        "width": size[0],
        "height": size[1],
        "sha256": decided.media.sha256,
    }


def _annotation(number: int, image: int, decided: ExportedDecision, size: tuple[int, int]) -> dict[str, Any]:
    x1, y1, x2, y2 = decided.boxes[0][1]
    agreeing = [
        label for label in decided.labels if label.id in decided.deciding and label.value == decided.value
    ]
    mask = painted([label.region.png for label in agreeing if label.region is not None], size)
    return {
        "id": number,
        "image_id": image,
        "category_id": CATEGORIES[LabelValue(decided.value)],
        "bbox": [round(value, 1) for value in (x1, y1, x2 - x1, y2 - y1)],
        "area": round((x2 - x1) * (y2 - y1), 1) if mask is None else int(mask.sum()),
        "segmentation": [] if mask is None else run_lengths(mask),
        "iscrowd": 0 if mask is None else 1,
        "provenance": {
            key: value for key, value in decided.to_json().items() if key not in ("boxes", "size", "kind")
        },
    }
