from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from laanet_core.data.manifest import read_manifest
from laanet_core.errors import InvalidDataset
from tests.core.conftest import TinyDataset

HEADER = "pack,path,label,person,split,original\n"


def test_manifest_gives_samples_in_order_with_their_landmarks(tiny_dataset: TinyDataset) -> None:
    samples = read_manifest(tiny_dataset.manifest, tiny_dataset.landmarks)
    assert len(samples) == 49
    photo, real, fake = samples[:3]
    assert (photo.label, photo.original, photo.split) == (0, None, "train")
    assert photo.landmarks is not None
    assert photo.landmarks.shape == (68, 2)
    assert real.landmarks is None
    assert (fake.label, fake.original) == (1, real.path)
    assert photo.video == photo.name


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("pack,path,label\n", "person, split"),
        (HEADER + "a,b.png,maybe,p,train,\n", "line 2: label"),
        (HEADER + "a,b.png,real,p,test,\n", "line 2: split"),
    ],
)
def test_a_wrong_manifest_is_refused_with_its_fault(tmp_path: Path, text: str, complaint: str) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(text)
    with pytest.raises(InvalidDataset, match=complaint):
        read_manifest(manifest)


def test_landmarks_must_match_the_manifest(tmp_path: Path, tiny_dataset: TinyDataset) -> None:
    short = tmp_path / "short.npz"
    np.savez(short, landmarks=np.zeros((3, 68, 2), np.float32))
    with pytest.raises(InvalidDataset, match="49 rows but there are landmarks for 3"):
        read_manifest(tiny_dataset.manifest, short)
    np.savez(short, landmarks=np.zeros((49, 5), np.float32))
    with pytest.raises(InvalidDataset, match=r"\(N, 68, 2\)"):
        read_manifest(tiny_dataset.manifest, short)
