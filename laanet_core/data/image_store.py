"""Image stores of data sets: packs in folders and tar files."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.errors import InvalidDataset
from laanet_core.types import RGBImage


class ImageStore(Protocol):
    """Images and masks by pack and path.

    Both methods raise InvalidDataset naming a missing or broken file.
    """

    def read(self, pack: str, path: str) -> RGBImage:
        """Return an image (H, W, 3) uint8 RGB."""
        ...

    def read_mask(self, pack: str, path: str) -> npt.NDArray[np.uint8]:
        """Return a mask (H, W) uint8."""
        ...


class PackStore:
    """Image store that reads `root/<pack>/<path>`, or `root/<pack>.tar` without unpacking it.

    Tar files are indexed at construction. Their bytes are read by offset, without moving the file's position,
    so that forked loader processes can share one store. Raises InvalidDataset if a pack is missing.
    """

    def __init__(self, root: Path, packs: Sequence[str]) -> None:
        self._root = root
        # Offset and size in bytes by pack and path, for packs in tar files.
        self._offsets: dict[str, dict[str, tuple[int, int]]] = {}
        # File descriptors of the tar files by pack.
        self._files: dict[str, int] = {}
        for pack in packs:
            if (root / pack).is_dir():
                continue
            archive = root / f"{pack}.tar"
            if not archive.is_file():
                raise InvalidDataset(f"{root.name} has neither {pack}/ nor {pack}.tar")
            self._offsets[pack] = _index_tar(archive)
            self._files[pack] = os.open(archive, os.O_RDONLY)

    def read(self, pack: str, path: str) -> RGBImage:
        """Return an image (H, W, 3) uint8 RGB.

        Raises InvalidDataset naming the file if it is missing or broken.
        """
        image = self._decode(pack, path, cv2.IMREAD_COLOR)
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)

    def read_mask(self, pack: str, path: str) -> npt.NDArray[np.uint8]:
        """Return a grey image (H, W) uint8. Raises InvalidDataset as `read` does."""
        return self._decode(pack, path, cv2.IMREAD_GRAYSCALE)

    def content(self, pack: str, path: str) -> bytes:
        """Return the bytes of a file. Raises InvalidDataset if it is missing."""
        if pack in self._offsets:
            if path not in self._offsets[pack]:
                raise InvalidDataset(f"{pack}.tar has no file {path}")
            offset, size = self._offsets[pack][path]
            return os.pread(self._files[pack], size, offset)
        try:
            return (self._root / pack / path).read_bytes()
        except OSError as error:
            raise InvalidDataset(f"cannot read {pack}/{path}: {error.strerror}") from error

    def close(self) -> None:
        """Close the tar files."""
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files.clear()

    def _decode(self, pack: str, path: str, mode: int) -> npt.NDArray[np.uint8]:
        """Decode a file by one of OpenCV's IMREAD modes. Raises InvalidDataset if it is no image."""
        encoded = self.content(pack, path)
        # OpenCV raises its own error for an empty file.
        image = cv2.imdecode(np.frombuffer(encoded, np.uint8), mode) if encoded else None
        if image is None:
            raise InvalidDataset(f"{pack}/{path} is not an image")
        return np.asarray(image, np.uint8)


class CombinedStore:
    """Several stores as one; each reads its own packs."""

    def __init__(self, stores: Mapping[str, ImageStore]) -> None:
        self._stores = stores

    @classmethod
    def of(cls, *parts: tuple[Sequence[str], ImageStore]) -> CombinedStore:
        """Combine stores, each with the names of its packs.

        Raises InvalidDataset if two stores have packs of the same name.
        """
        stores: dict[str, ImageStore] = {}
        for packs, store in parts:
            duplicates = sorted(set(packs) & set(stores))
            if duplicates:
                raise InvalidDataset(
                    f"two data sets have a pack {duplicates[0]}; one of them must be renamed"
                )
            stores.update(dict.fromkeys(packs, store))
        return cls(stores)

    def read(self, pack: str, path: str) -> RGBImage:
        """Return an image (H, W, 3) uint8 RGB. Raises InvalidDataset, also for an unknown pack."""
        return self._store_of(pack).read(pack, path)

    def read_mask(self, pack: str, path: str) -> npt.NDArray[np.uint8]:
        """Return a mask (H, W) uint8. Raises InvalidDataset, also for an unknown pack."""
        return self._store_of(pack).read_mask(pack, path)

    def _store_of(self, pack: str) -> ImageStore:
        if pack not in self._stores:
            raise InvalidDataset(f"there is no pack {pack}")
        return self._stores[pack]


def _index_tar(archive: Path) -> dict[str, tuple[int, int]]:
    """Return offset and size in bytes of every file in an uncompressed tar archive."""
    with tarfile.open(archive) as tar:
        return {
            member.name.removeprefix("./"): (member.offset_data, member.size)
            for member in tar
            if member.isfile()
        }
