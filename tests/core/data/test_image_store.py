from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from laanet_core.data.image_store import CombinedStore, PackStore
from laanet_core.errors import InvalidDataset
from tests.core.conftest import TinyDataset


def test_a_tar_reads_like_the_folder_it_was_made_from(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    with tarfile.open(tmp_path / "swaps.tar", "w") as tar:
        tar.add(tiny_dataset.root / "swaps", arcname=".")
    from_tar, from_folder = PackStore(tmp_path, ["swaps"]), PackStore(tiny_dataset.root, ["swaps"])
    assert np.array_equal(from_tar.read("swaps", "fake/3.png"), from_folder.read("swaps", "fake/3.png"))
    with pytest.raises(InvalidDataset, match=r"fake/none\.png"):
        from_tar.read("swaps", "fake/none.png")
    from_tar.close()


def test_missing_and_broken_images_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match=r"faces/ nor faces.tar"):
        PackStore(tmp_path, ["faces"])
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "broken.png").write_bytes(b"not an image")
    store = PackStore(tmp_path, ["faces"])
    with pytest.raises(InvalidDataset, match=r"faces/broken\.png is not an image"):
        store.read("faces", "broken.png")
    with pytest.raises(InvalidDataset, match=r"faces/gone\.png"):
        store.read("faces", "gone.png")


def test_combined_stores_read_their_own_packs(tiny_dataset: TinyDataset) -> None:
    photos, swaps = (PackStore(tiny_dataset.root, [pack]) for pack in ("photos", "swaps"))
    store = CombinedStore.of((["photos"], photos), (["swaps"], swaps))
    assert np.array_equal(store.read("swaps", "fake/3.png"), swaps.read("swaps", "fake/3.png"))
    with pytest.raises(InvalidDataset, match="no pack odd"):
        store.read("odd", "1.png")
    with pytest.raises(InvalidDataset, match="two data sets have a pack photos"):
        CombinedStore.of((["photos"], photos), (["photos"], photos))
