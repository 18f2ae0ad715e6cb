"""A snapshot's folder: pictures, the trainer's manifests, a table for Hugging Face, and snapshot.json, which seals them all."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from laanet_core.types import Landmarks
from webapp.domain.clock import now
from webapp.domain.enums import Part
from webapp.domain.errors import Unable
from webapp.services.training.decided_cases import Decided
from webapp.services.training.face_cropping import Cut

logger = logging.getLogger(__name__)
FORMAT = 1
PACK = "faces"
SEAL = "snapshot.json"
LEAST = 2  # faces of each label in train, val and gold; fewer cannot be learned from or measured
GOLD = "gold"  # the folder of the gold part's own manifest, which no training reads
_COLUMNS = ("pack", "path", "label", "person", "split", "original", "video", "region")
_NO_LANDMARKS = np.full((68, 2), np.nan, np.float32)


@dataclass(frozen=True)
class Item:
    """One picture of a snapshot that lies in its folder. `group`: of its near-duplicates."""

    name: str
    sha256: str
    region_sha256: str | None
    landmarks: Landmarks | None
    decided: Decided
    part: Part
    group: str

    @property
    def person(self) -> str:
        return self.group[:16]

    @property
    def region(self) -> str:
        return "" if self.region_sha256 is None else f"{self.name}.region.png"


def write_item(folder: Path, name: str, made: Cut) -> tuple[str, str | None]:
    """The sha256 of the picture, and of its region where it has one."""
    (folder / PACK).mkdir(parents=True, exist_ok=True)
    picture = _png(cv2.cvtColor(made.image, cv2.COLOR_RGB2BGR))
    (folder / PACK / f"{name}.png").write_bytes(picture)
    if made.region is None:
        return hashlib.sha256(picture).hexdigest(), None
    region = _png(made.region)
    (folder / PACK / f"{name}.region.png").write_bytes(region)
    return hashlib.sha256(picture).hexdigest(), hashlib.sha256(region).hexdigest()


def write_lists(folder: Path, public_id: str, items: Sequence[Item], left_out: Mapping[str, int]) -> str:
    """The manifests, the table and the seal; returns the sha256 of the seal."""
    learned = [item for item in items if item.part != Part.GOLD]
    gold = [item for item in items if item.part == Part.GOLD]
    (folder / GOLD).mkdir()
    written = [
        *_write_manifest(folder, learned),
        *_write_manifest(folder / GOLD, gold),
        _write_table(folder, items),
    ]
    seal = {
        "format": FORMAT,
        "id": public_id,
        "created_at": now().isoformat(),
        "consents": sorted({item.decided.consent for item in items}),
        "left_out": dict(left_out),
        "files": {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in written
        },
        "items": [_sealed(item) for item in items],
    }
    content = (json.dumps(seal, indent=1) + "\n").encode()
    (folder / SEAL).write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def check(folder: Path, sha256: str) -> dict[str, Any]:
    """Hash every file again; the seal's content. Raises Unable: snapshot_changed naming the first file at fault."""
    content = _bytes(folder / SEAL)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _changed(SEAL)
    seal: dict[str, Any] = json.loads(content)
    wanted = dict(seal["files"])
    for item in seal["items"]:
        wanted[f"{PACK}/{item['name']}.png"] = item["sha256"]
        if item["region_sha256"] is not None:
            wanted[f"{PACK}/{item['name']}.region.png"] = item["region_sha256"]
    for name, expected in wanted.items():
        if hashlib.sha256(_bytes(folder / name)).hexdigest() != expected:
            raise _changed(name)
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    if there - set(wanted) - {SEAL}:
        raise _changed(min(there - set(wanted) - {SEAL}))
    return seal


def _sealed(item: Item) -> dict[str, Any]:
    decided = item.decided
    return {
        "name": item.name,
        "sha256": item.sha256,
        "region_sha256": item.region_sha256,
        "landmarks": item.landmarks is not None,
        "media_sha256": decided.media.sha256,
        "label": decided.label,
        "part": str(item.part),
        "group": item.group,
        "case": decided.case,
        "decision": decided.decision_id,
        "provenance": {
            "how": decided.how,
            "labels": decided.labels,
            "decided_at": decided.decided_at.isoformat(),
        },
        "consent": decided.consent,
    }


def _write_manifest(folder: Path, items: Sequence[Item]) -> list[Path]:
    """Of the trainer's form; the gold part calls itself val there, which is what is judged."""
    manifest, landmarks = folder / "manifest.csv", folder / "landmarks.npz"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for item in items:
            video = item.decided.case if item.decided.kind == "video" else ""
            split = Part.TRAIN if item.part == Part.TRAIN else Part.VAL
            writer.writerow(
                [PACK, f"{item.name}.png", item.decided.label, item.person, split, "", video, item.region]
            )
    points = [_NO_LANDMARKS if item.landmarks is None else item.landmarks for item in items]
    np.savez(landmarks, landmarks=np.stack(points) if points else np.empty((0, 68, 2), np.float32))
    return [manifest, landmarks]


def _write_table(folder: Path, items: Sequence[Item]) -> Path:
    """`file_name` and what is known of it: Hugging Face's ImageFolder. Parquet where pyarrow is installed, else CSV."""
    rows = [
        {
            "file_name": f"{PACK}/{item.name}.png",
            "label": item.decided.label,
            "part": str(item.part),
            "group": item.group,
            "provenance": item.decided.how,
            "labels": item.decided.labels,
            "decision": item.decided.decision_id,
            "consent": item.decided.consent,
            "region": f"{PACK}/{item.region}" if item.region else None,
        }
        for item in items
    ]
    table = pd.DataFrame(rows)
    try:
        table.to_parquet(folder / "metadata.parquet", index=False)
        return folder / "metadata.parquet"
    except ImportError:
        logger.warning("pyarrow is not installed: the snapshot's table is written as CSV")
        table.to_csv(folder / "metadata.csv", index=False)
        return folder / "metadata.csv"


def _png(image: Any) -> bytes:
    written = io.BytesIO(cv2.imencode(".png", image)[1].tobytes())
    return written.getvalue()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise _changed(path.name) from None


def _changed(name: str) -> Unable:
    return Unable("snapshot_changed", f"{name} of the snapshot is not as it was frozen")


def require_enough(folder: Path) -> None:
    """Raises Unable: snapshot_too_small, where a part has too few faces of a label."""
    from laanet_core.data.manifest import read_manifest

    learned = read_manifest(folder / "manifest.csv", folder / "landmarks.npz")
    gold = read_manifest(folder / "gold" / "manifest.csv")
    for part, samples in (
        ("train", [sample for sample in learned if sample.split == "train"]),
        ("val", [sample for sample in learned if sample.split == "val"]),
        ("gold", gold),
    ):
        for name, label in (("real", 0), ("fake", 1)):
            found = sum(sample.label == label for sample in samples)
            if found < LEAST:
                raise Unable(
                    "snapshot_too_small",
                    f"the snapshot has {found} {name} faces in its part {part}; {LEAST} are needed",
                )
