from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from laanet_core.data.dataset import DatasetFiles, load_dataset
from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import Sample
from laanet_core.evaluation.eval_sets import self_blend_items
from laanet_core.evaluation.predictions import peak_on_boundary, predict_items, read_predictions
from laanet_core.modeling.laanet import LAANet
from tests.core.conftest import TINY, TinyDataset


@pytest.fixture(scope="module")
def samples(tiny_dataset: TinyDataset) -> list[Sample]:
    return load_dataset(DatasetFiles(tiny_dataset.manifest), "val").samples


@pytest.fixture(scope="module")
def store(tiny_dataset: TinyDataset) -> PackStore:
    return PackStore(tiny_dataset.root, ["photos", "swaps"])


def test_interrupted_predictions_continue_from_their_cache(
    tmp_path: Path, samples: list[Sample], store: PackStore
) -> None:
    model = LAANet(TINY).eval()
    whole = predict_items(model, self_blend_items(samples, store, 64, 0), 12, progress=False)
    cache = tmp_path / "cache.jsonl"
    first = list(self_blend_items(samples, store, 64, 0))[:5]
    predict_items(model, iter(first), 5, cache=cache, progress=False)
    with cache.open("a") as file:
        file.write('{"name": "cut sh')
    resumed = predict_items(model, self_blend_items(samples, store, 64, 0), 12, cache=cache, progress=False)
    assert [item.name for item in resumed] == [item.name for item in whole]
    assert [item.fake_logit for item in resumed] == pytest.approx(
        [item.fake_logit for item in whole], abs=1e-4
    )
    assert len({item.name for item in read_predictions(cache)}) == 12


def test_peak_on_boundary_allows_one_cell() -> None:
    boundary = np.zeros((9, 9), np.float32)
    assert peak_on_boundary(boundary, boundary) is None
    boundary[4, 4] = 0.6
    for row, column, expected in ((4, 4, True), (3, 5, True), (4, 6, False), (0, 0, False)):
        heatmap = np.zeros((9, 9), np.float32)
        heatmap[row, column] = 0.3
        assert peak_on_boundary(heatmap, boundary) is expected
