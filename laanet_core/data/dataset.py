"""Data sets on disk: the samples of one split of a manifest, together with the store of their images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laanet_core.data.image_store import CombinedStore, ImageStore, PackStore
from laanet_core.data.manifest import Sample, Split, read_manifest

LANDMARKS_FILE = "landmarks.npz"


@dataclass(frozen=True)
class DatasetFiles:
    """Paths of a data set.

    Without `landmarks`, the file `landmarks.npz` beside the manifest is read if it exists. Without `packs`,
    the packs lie in the manifest's folder.
    """

    manifest: Path
    landmarks: Path | None = None
    packs: Path | None = None

    def to_json(self) -> dict[str, str | None]:
        return {
            "manifest": str(self.manifest),
            "landmarks": None if self.landmarks is None else str(self.landmarks),
            "packs": None if self.packs is None else str(self.packs),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DatasetFiles:
        landmarks = values.get("landmarks")
        packs = values.get("packs")
        return cls(
            manifest=Path(values["manifest"]),
            landmarks=None if landmarks is None else Path(landmarks),
            packs=None if packs is None else Path(packs),
        )


@dataclass(frozen=True)
class ManifestDataset:
    """Samples and the store that reads their images."""

    samples: list[Sample]
    store: ImageStore


def load_dataset(files: DatasetFiles, split: Split) -> ManifestDataset:
    """Read the samples of one split and open their packs.

    Raises InvalidDataset naming the file or pack that is missing or malformed.
    """
    landmarks = files.landmarks
    default_landmarks = files.manifest.parent / LANDMARKS_FILE
    if landmarks is None and default_landmarks.exists():
        landmarks = default_landmarks
    samples = [sample for sample in read_manifest(files.manifest, landmarks) if sample.split == split]
    packs = sorted({sample.pack for sample in samples})
    return ManifestDataset(samples, PackStore(files.packs or files.manifest.parent, packs))


def combine_datasets(first: ManifestDataset, second: ManifestDataset) -> ManifestDataset:
    """Return one data set with the samples of both.

    Raises InvalidDataset if both data sets have a pack of the same name.
    """
    store = CombinedStore.of(
        ([sample.pack for sample in first.samples], first.store),
        ([sample.pack for sample in second.samples], second.store),
    )
    return ManifestDataset([*first.samples, *second.samples], store)
