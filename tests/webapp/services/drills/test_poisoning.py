from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from laanet_core.data.manifest import read_manifest
from laanet_core.modeling.loading import load_weights
from webapp.services.drills.poisoning import (
    FACE,
    SIDE,
    DrillOutcome,
    FlippedLabels,
    MislabelledCopies,
    SockpuppetVotes,
    find_landmarks,
    write_initial_data,
)


def test_the_outcome_has_the_json_keys_of_the_command() -> None:
    outcome = DrillOutcome(
        passed=True,
        defences={"clean labels pass": True},
        flipped=(FlippedLabels(share=0.4, passed=False, failed_checks=("auc gold",), auc=0.6),),
        sockpuppets=SockpuppetVotes(votes=5, training_rows=0),
        copies=MislabelledCopies(copies=2, learned_from=0, in_gold=2),
    )
    assert json.loads(outcome.model_dump_json(by_alias=True)) == {
        "held": True,
        "defences": {"clean labels pass": True},
        "flipped": [{"share": 0.4, "passed": False, "failed": ["auc gold"], "auc": 0.6}],
        "puppets": {"votes": 5, "training_rows": 0},
        "copies": {"copies": 2, "learned_from": 0, "in_gold": 2},
    }


def test_landmarks_are_those_of_the_picture_less_the_corner_of_the_crop() -> None:
    landmarks = find_landmarks(np.zeros((SIDE, SIDE, 3), np.uint8))
    assert landmarks is not None
    offsets = FACE - landmarks
    np.testing.assert_allclose(offsets, np.broadcast_to(offsets[0], (68, 2)), atol=1e-4)
    assert (offsets >= 0).all()


def test_the_initial_data_are_random_weights_and_real_faces(tmp_path: Path) -> None:
    weights, manifest = write_initial_data(tmp_path)
    assert load_weights(weights).info.version == "drill-base"
    samples = read_manifest(manifest, manifest.parent / "landmarks.npz")
    assert {(sample.label, sample.split) for sample in samples} == {(0, "val")}
    assert all((manifest.parent / sample.pack / sample.path).is_file() for sample in samples)
