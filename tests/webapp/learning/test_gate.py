"""What stops a candidate, figure by figure."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from laanet_core.decision import DecisionConfig
from laanet_core.evaluation.predictions import Prediction
from webapp.services.training.gate_measurements import Measured
from webapp.services.training.promotion_gate import Check, Rules, compare

RULES = Rules(bootstrap=200)
SETS = ("gold", "gold-jpeg-50", "base/manifest: self_blends")


def judgements(shift: float, seed: int = 0, count: int = 240) -> list[Prediction]:
    """Half of them fakes, which score `shift` higher than the real faces; the same faces for every shift."""
    rng = np.random.default_rng(seed)
    noise, sharpness = rng.normal(0, 1, count), rng.uniform(10, 500, count)
    return [
        Prediction(
            name=f"face {number}",
            label=number % 2,
            pack="faces",
            person=f"p{number // 4}",
            video="",
            fake_logit=float(noise[number] + shift * (number % 2 - 0.5)),
            sharpness=float(sharpness[number]),
            peak_on_boundary=None,
            peak_in_altered=None,
            face_size=100.0,
            brightness=50.0,
            skin_tone=45.0,
        )
        for number in range(count)
    ]


def measured(shift: float, **changes: object) -> Measured:
    sets = {name: judgements(shift, seed) for seed, name in enumerate(SETS)}
    made = Measured("v", "0" * 64, DecisionConfig(temperature=0.5), sets, 0.01)
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def stopped_by(candidate: Measured, champion: Measured, rules: Rules = RULES) -> set[str]:
    return {check.name for check in compare(candidate, champion, rules) if not check.passed}


def test_what_is_better_everywhere_passes() -> None:
    checks = compare(measured(2.5), measured(1.0), RULES)
    assert all(check.passed for check in checks)
    gold: Check = checks[0]
    assert gold.name == "auc gold"
    assert gold.low is not None
    assert gold.high is not None
    assert gold.candidate is not None
    assert gold.champion is not None
    assert 0 < gold.low <= gold.candidate - gold.champion <= gold.high
    assert {check.name for check in checks} >= {
        "auc gold-jpeg-50",
        "auc base/manifest: self_blends",
        "seconds a crop",
    }
    assert sum(check.name.startswith("auc gold, sharpness") for check in checks) == 3


def test_what_is_only_as_good_does_not() -> None:
    assert "auc gold" in stopped_by(measured(1.0), measured(1.0))
    candidate = measured(1.0)
    candidate.sets["gold"] = judgements(
        1.05, seed=99
    )  # of the same faces, and a little better, but not for sure
    assert "auc gold" in stopped_by(candidate, measured(1.0))


@pytest.mark.parametrize("name", SETS[1:])
def test_a_loss_anywhere_else_stops_it(name: str) -> None:
    candidate, champion = measured(2.5), measured(1.0)
    candidate.sets[name] = judgements(0.8, SETS.index(name))
    assert stopped_by(candidate, champion) == {f"auc {name}"}
    assert stopped_by(candidate, champion, dataclasses.replace(RULES, loss=0.2)) == set()


def test_a_slice_that_loses_stops_it() -> None:
    candidate, champion = measured(2.5), measured(1.0)
    blurred = {face.name for face in sorted(candidate.sets["gold"], key=lambda face: face.sharpness)[:80]}

    def moved(face: Prediction) -> float:
        return -0.3 * face.fake_logit if face.name in blurred else face.fake_logit + 3 * face.label

    candidate.sets["gold"] = [
        dataclasses.replace(face, fake_logit=moved(face)) for face in candidate.sets["gold"]
    ]
    found = stopped_by(candidate, champion)
    assert len({name for name in found if name.startswith("auc gold, sharpness")}) == 1


@pytest.mark.parametrize("missing", SETS)
def test_a_missing_metric_fails(missing: str) -> None:
    for which in (0, 1):
        both = [measured(2.5), measured(1.0)]
        del both[which].sets[missing]
        assert any(missing in name or "gold" in name for name in stopped_by(both[0], both[1]))
    both = [measured(2.5), measured(1.0)]
    for one in both:
        del one.sets[missing]
    assert stopped_by(both[0], both[1])


def test_other_faces_one_class_or_too_few_are_no_measure() -> None:
    candidate, champion = measured(2.5), measured(1.0)
    candidate.sets["gold"] = candidate.sets["gold"][:-1]
    assert {"auc gold", "slices", "calibration error gold"} <= stopped_by(candidate, champion)
    both = [measured(2.5), measured(1.0)]
    for one in both:
        one.sets["gold"] = [face for face in one.sets["gold"] if face.label]
    assert {"auc gold", "calibration error gold"} <= stopped_by(both[0], both[1])
    both = [measured(2.5), measured(1.0)]
    for one in both:
        one.sets["gold"] = one.sets["gold"][:20]
    assert "slices" in stopped_by(both[0], both[1])


def test_worse_calibration_and_a_slower_network_stop_it() -> None:
    champion = measured(1.0, decision=DecisionConfig(temperature=1.0))
    assert stopped_by(measured(1.6, decision=DecisionConfig(temperature=0.02)), champion) == {
        "calibration error gold"
    }
    champion = measured(1.0)
    assert stopped_by(measured(2.5, seconds=0.02), champion) == {"seconds a crop"}
    assert stopped_by(measured(2.5, seconds=float("nan")), champion) == {"seconds a crop"}
    assert stopped_by(measured(2.5, seconds=0.012), champion) == set()
