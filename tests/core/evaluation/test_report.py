from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import Sample, read_manifest
from laanet_core.decision import DecisionConfig
from laanet_core.evaluation.eval_sets import altered_cells, manifest_sets, pair_items, self_blend_items
from laanet_core.evaluation.report import (
    Judgement,
    judge,
    peak_on_boundary,
    read_judgements,
    report,
    sigmoid,
    verdict_shares,
)
from laanet_core.modeling.laanet import LAANet
from tests.core.conftest import TINY, TinyDataset


@pytest.fixture(scope="module")
def samples(tiny_dataset: TinyDataset) -> list[Sample]:
    return [
        sample
        for sample in read_manifest(tiny_dataset.manifest, tiny_dataset.landmarks)
        if sample.split == "val"
    ]


@pytest.fixture(scope="module")
def store(tiny_dataset: TinyDataset) -> PackStore:
    return PackStore(tiny_dataset.root, ["photos", "swaps"])


def judgement(
    number: int, label: int, logit: float, *, video: str | None = None, hit: bool | None = None
) -> Judgement:
    return Judgement(
        name=f"{number}",
        label=label,
        pack="photos",
        person=f"person-{number}",
        video=video or f"{number}",
        fake_logit=logit,
        sharpness=10.0 * number,
        peak_on_boundary=hit,
        peak_in_altered=None,
        face_size=100.0 + number,
        brightness=50.0,
        skin_tone=30.0,
    )


def test_labelled_fakes_are_judged_beside_the_real_faces_of_their_pack(
    samples: list[Sample], store: PackStore
) -> None:
    labelled = [dataclasses.replace(sample, original=None) if sample.label else sample for sample in samples]
    found = {found.name: found for found in manifest_sets(labelled, store, 64, 0)}["labelled"]
    items = list(found.items())
    assert len(items) == found.total
    assert {item.pack for item in items} == {"swaps"}
    assert sum(item.label for item in items) == sum(sample.label for sample in samples)
    assert all(item.crop.shape == (64, 64, 3) for item in items)


def test_self_blends_come_in_pairs_and_from_the_seed(samples: list[Sample], store: PackStore) -> None:
    items, again, other = (list(self_blend_items(samples, store, 64, seed)) for seed in (0, 0, 1))
    assert [item.label for item in items] == [0, 1] * 6
    for real, fake in zip(items[::2], items[1::2], strict=True):
        assert real.boundary is None
        assert fake.boundary is not None
        assert fake.boundary.max() > 0.3
        assert real.crop.shape == fake.crop.shape == (64, 64, 3)
    assert all(np.array_equal(a.crop, b.crop) for a, b in zip(items, again, strict=True))
    assert not all(np.array_equal(a.crop, b.crop) for a, b in zip(items, other, strict=True))


def test_pairs_list_every_image_once(samples: list[Sample], store: PackStore) -> None:
    items = list(pair_items(samples, store, 64))
    assert sorted(item.name for item in items) == sorted(
        f"swaps/{kind}/{number}.png" for kind in ("real", "fake") for number in range(10, 16)
    )


def test_a_manifest_gives_the_sets_it_has_material_for(samples: list[Sample], store: PackStore) -> None:
    sets = manifest_sets(samples, store, 64, 0)
    assert [(found.name, found.total, len(list(found.items()))) for found in sets] == [
        ("self_blends", 12, 12),
        ("pairs", 12, 12),
    ]
    reals = [sample for sample in samples if sample.label == 0]
    assert [found.name for found in manifest_sets(reals, store, 64, 0)] == ["self_blends"]


def test_altered_cells_are_where_the_fake_differs(samples: list[Sample], store: PackStore) -> None:
    fake = next(item for item in pair_items(samples, store, 64) if item.label == 1)
    assert fake.altered is not None
    assert fake.altered[
        6:9, 6:10
    ].all()  # what the tiny data set's fakes change: rows 40 to 80, columns 40 to 90 of 128
    assert not fake.altered[:4].any()
    assert not altered_cells(fake.crop, fake.crop).any()


def test_interrupted_judging_goes_on_and_ends_alike(
    tmp_path: Path, samples: list[Sample], store: PackStore
) -> None:
    model = LAANet(TINY).eval()
    whole = judge(model, self_blend_items(samples, store, 64, 0), 12, progress=False)
    kept = tmp_path / "kept.jsonl"
    first = list(self_blend_items(samples, store, 64, 0))[:5]
    judge(model, iter(first), 5, kept=kept, progress=False)
    with kept.open("a") as file:
        file.write('{"name": "cut sh')
    resumed = judge(model, self_blend_items(samples, store, 64, 0), 12, kept=kept, progress=False)
    assert [item.name for item in resumed] == [item.name for item in whole]
    assert [item.fake_logit for item in resumed] == pytest.approx(
        [item.fake_logit for item in whole], abs=1e-4
    )
    assert len({item.name for item in read_judgements(kept)}) == 12


def test_peak_on_boundary_allows_one_cell() -> None:
    boundary = np.zeros((9, 9), np.float32)
    assert peak_on_boundary(boundary, boundary) is None
    boundary[4, 4] = 0.6
    for row, column, expected in ((4, 4, True), (3, 5, True), (4, 6, False), (0, 0, False)):
        heatmap = np.zeros((9, 9), np.float32)
        heatmap[row, column] = 0.3
        assert peak_on_boundary(heatmap, boundary) is expected


def test_report_of_a_case_worked_by_hand() -> None:
    logits = [-2.0, -1.0, 1.0, -0.5, 2.0, 3.0]
    labels = [0, 0, 0, 1, 1, 1]
    judgements = [
        judgement(n, y, z, hit=bool(n % 2) if y else None)
        for n, (y, z) in enumerate(zip(labels, logits, strict=True))
    ]
    figures = report(judgements, DecisionConfig(real_below=0.3, fake_above=0.8), bootstrap=50)
    assert (figures["real"], figures["fake"], figures["people"]) == (3, 3, 6)
    assert figures["frame_level"]["auc"]["value"] == pytest.approx(8 / 9, abs=1e-4)
    assert figures["frame_level"]["ar"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["sharpness_baseline"]["auc"]["value"] == 0.0  # the fakes were given the greater sharpness
    assert figures["peak_on_boundary"] == {"share": pytest.approx(0.6667), "fakes": 3}
    assert figures["verdicts"]["of_real"] == {
        "real": pytest.approx(0.6667),
        "inconclusive": pytest.approx(0.3333),
        "fake": 0.0,
    }
    interval = figures["frame_level"]["auc"]
    assert interval["low"] <= interval["value"] <= interval["high"]


def test_video_level_averages_logits() -> None:
    frames = [
        judgement(0, 0, 3.0, video="a"),
        judgement(1, 0, -5.0, video="a"),
        judgement(2, 1, 1.0, video="b"),
        judgement(3, 1, -0.5, video="b"),
    ]
    figures = report(frames, DecisionConfig(), bootstrap=20)
    assert figures["frame_level"]["auc"]["value"] == 0.5
    assert figures["video_level"]["videos"] == 2
    assert figures["video_level"]["auc"]["value"] == 1.0


def test_verdict_shares_count_the_middle_as_inconclusive() -> None:
    labels, probabilities = np.array([0, 0, 1, 1]), np.array([0.1, 0.5, 0.5, 0.9])
    shares = verdict_shares(labels, probabilities, DecisionConfig(real_below=0.5, fake_above=0.5))
    assert shares["of_real"] == {"real": 0.5, "inconclusive": 0.5, "fake": 0.0}
    assert shares["of_fake"] == {"real": 0.0, "inconclusive": 0.5, "fake": 0.5}


def test_sigmoid_does_not_overflow() -> None:
    assert sigmoid(np.array([-800.0, 0.0, 800.0])).tolist() == [0.0, 0.5, 1.0]
