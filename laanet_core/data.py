"""A data set on disk: its manifest, its landmarks and its packs of images (folders or tar files)."""

from __future__ import annotations

import csv
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.crops import RGBImage
from laanet_core.errors import InvalidDataset
from laanet_core.landmarks import Landmarks

Split = Literal["train", "val"]
LABELS = {"real": 0, "fake": 1, "0": 0, "1": 1}
_COLUMNS = ("pack", "path", "label", "person", "split")


@dataclass(frozen=True)
class Sample:
    """One image of a manifest. `label` is 1 for fake; `original` is the path, in the same pack, of the real image a fake was made from.

    `video` says which frames belong together; where the manifest has no such column, every image stands for itself. `region` is the path,
    in the same pack, of a mask as large as the image, not 0 where a person saw traces of manipulation.
    """

    pack: str
    path: str
    label: int
    person: str
    split: str
    original: str | None
    landmarks: Landmarks | None
    video: str
    region: str | None = None

    @property
    def name(self) -> str:
        return f"{self.pack}/{self.path}"


def read_manifest(manifest: Path, landmarks: Path | None = None) -> list[Sample]:
    """Read a CSV with the columns pack, path, label (real | fake), person, split (train | val), and optionally video and, for fakes,
    original and region.

    `landmarks` is an npz whose array `landmarks` (N, 68, 2) follows the manifest's order, NaN where none were found.
    Raises InvalidDataset naming the file and line at fault.
    """
    points = _read_landmarks(landmarks) if landmarks is not None else None
    try:
        with manifest.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise InvalidDataset(f"{manifest.name} lacks the columns {', '.join(missing)}")
            rows = list(reader)
    except OSError as error:
        raise InvalidDataset(f"cannot read {manifest.name}: {error.strerror}") from error
    if points is not None and len(points) != len(rows):
        raise InvalidDataset(f"{manifest.name} has {len(rows)} rows but there are landmarks for {len(points)}")
    return [_sample(row, index, manifest.name, None if points is None else points[index]) for index, row in enumerate(rows)]


def _read_landmarks(path: Path) -> Landmarks:
    try:
        with np.load(path) as arrays:  # allow_pickle stays off
            points = arrays["landmarks"]
    except (OSError, ValueError, KeyError) as error:
        raise InvalidDataset(f"cannot read landmarks from {path.name}") from error
    if points.ndim != 3 or points.shape[1:] != (68, 2):
        raise InvalidDataset(f"{path.name}: landmarks must have shape (N, 68, 2), not {points.shape}")
    return np.asarray(points, np.float32)


def _sample(row: dict[str, str], index: int, name: str, points: Landmarks | None) -> Sample:
    if row["label"] not in LABELS:
        raise InvalidDataset(f"{name}, line {index + 2}: label must be real or fake, not {row['label']!r}")
    if row["split"] not in ("train", "val"):
        raise InvalidDataset(f"{name}, line {index + 2}: split must be train or val, not {row['split']!r}")
    if row.get("region") and LABELS[row["label"]] == 0:
        raise InvalidDataset(f"{name}, line {index + 2}: a real image has no region of manipulation")
    found = points is not None and bool(np.isfinite(points).all())
    return Sample(
        pack=row["pack"],
        path=row["path"],
        label=LABELS[row["label"]],
        person=row["person"],
        split=row["split"],
        original=row.get("original") or None,
        landmarks=points if found else None,
        video=row.get("video") or f"{row['pack']}/{row['path']}",
        region=row.get("region") or None,
    )


class Store(Protocol):
    """Images and masks by pack and path. Both methods raise InvalidDataset naming what is missing or broken."""

    def read(self, pack: str, path: str) -> RGBImage:
        """The image as (H, W, 3) uint8 RGB."""
        ...

    def read_mask(self, pack: str, path: str) -> npt.NDArray[np.uint8]:
        """The mask as (H, W) uint8."""
        ...


class PackStore:
    """Reads images by pack and path, from `root/<pack>/<path>` or out of `root/<pack>.tar` without unpacking it.

    Tar files are indexed once, at construction, and read by offset, so that forked loader processes can share one store.
    """

    def __init__(self, root: Path, packs: Sequence[str]) -> None:
        self._root = root
        self._offsets: dict[str, dict[str, tuple[int, int]]] = {}
        self._files: dict[str, int] = {}
        for pack in packs:
            if (root / pack).is_dir():
                continue
            archive = root / f"{pack}.tar"
            if not archive.is_file():
                raise InvalidDataset(f"neither {pack}/ nor {pack}.tar lies in {root.name}")
            with tarfile.open(archive) as tar:
                self._offsets[pack] = {
                    member.name.removeprefix("./"): (member.offset_data, member.size) for member in tar if member.isfile()
                }
            self._files[pack] = os.open(archive, os.O_RDONLY)

    def read(self, pack: str, path: str) -> RGBImage:
        """The image as (H, W, 3) uint8 RGB. Raises InvalidDataset naming it when it is missing or broken."""
        return np.asarray(cv2.cvtColor(self._decode(pack, path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)

    def read_mask(self, pack: str, path: str) -> npt.NDArray[np.uint8]:
        """A grey picture as (H, W) uint8. Raises as `read` does."""
        return self._decode(pack, path, cv2.IMREAD_GRAYSCALE)

    def _decode(self, pack: str, path: str, mode: int) -> npt.NDArray[np.uint8]:
        encoded = self.content(pack, path)
        image = cv2.imdecode(np.frombuffer(encoded, np.uint8), mode) if encoded else None
        if image is None:
            raise InvalidDataset(f"{pack}/{path} is not an image")
        return np.asarray(image, np.uint8)

    def content(self, pack: str, path: str) -> bytes:
        """A file as it is. Raises InvalidDataset where there is none."""
        if pack in self._offsets:
            if path not in self._offsets[pack]:
                raise InvalidDataset(f"{pack}.tar holds no {path}")
            offset, size = self._offsets[pack][path]
            return os.pread(self._files[pack], size, offset)
        try:
            return (self._root / pack / path).read_bytes()
        except OSError as error:
            raise InvalidDataset(f"cannot read {pack}/{path}: {error.strerror}") from error

    def close(self) -> None:
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files.clear()


class JointStore:
    """Several stores as one: each answers for its own packs. Raises InvalidDataset where two have a pack of the same name."""

    def __init__(self, stores: Mapping[str, Store]) -> None:
        self._stores = stores

    @classmethod
    def of(cls, *parts: tuple[Sequence[str], Store]) -> JointStore:
        """From the packs of each store."""
        stores: dict[str, Store] = {}
        for packs, store in parts:
            twice = sorted(set(packs) & set(stores))
            if twice:
                raise InvalidDataset(f"two data sets have a pack {twice[0]}; one of them must be renamed")
            stores.update(dict.fromkeys(packs, store))
        return cls(stores)

    def read(self, pack: str, path: str) -> RGBImage:
        return self._of(pack).read(pack, path)

    def read_mask(self, pack: str, path: str) -> npt.NDArray[np.uint8]:
        return self._of(pack).read_mask(pack, path)

    def _of(self, pack: str) -> Store:
        if pack not in self._stores:
            raise InvalidDataset(f"there is no pack {pack}")
        return self._stores[pack]
