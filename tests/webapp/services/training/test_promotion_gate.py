"""The rules that stop a candidate, figure by figure."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from laanet_core.decision import DecisionConfig
from laanet_core.evaluation.predictions import Prediction
from webapp.services.model_registry.gate_report import GateLimits
from webapp.services.training.gate_measurements import GateMeasurement
from webapp.services.training.promotion_gate import check_candidate

LIMITS = GateLimits(bootstrap_samples=200)
SETS = ("gold", "gold-jpeg-50", "base/manifest: self_blends")


def predictions(shift: float, seed: int = 0, count: int = 240) -> list[Prediction]:
    """Return as many fakes as real faces; the logits of fakes are higher by `shift`."""
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


def measurement(shift: float, **changes: object) -> GateMeasurement:
    sets = {name: predictions(shift, seed) for seed, name in enumerate(SETS)}
    measured = GateMeasurement("v", "0" * 64, DecisionConfig(temperature=0.5), sets, 0.01)
    return dataclasses.replace(measured, **changes)  # type: ignore[arg-type]


def failed_checks(
    candidate: GateMeasurement, champion: GateMeasurement, limits: GateLimits = LIMITS
) -> set[str]:
    return {check.name for check in check_candidate(candidate, champion, limits) if not check.passed}


def test_a_candidate_that_is_better_everywhere_passes() -> None:
    checks = check_candidate(measurement(2.5), measurement(1.0), LIMITS)
    assert all(check.passed for check in checks)
    gold = checks[0]
    assert gold.name == "auc gold"
    assert gold.low is not None
    assert gold.high is not None
    assert gold.candidate is not None
    assert gold.champion is not None
    assert 0 < gold.low <= gold.candidate - gold.champion <= gold.high
    names = {check.name for check in checks}
    assert names >= {"auc gold-jpeg-50", "auc base/manifest: self_blends", "seconds a crop"}
    assert sum(check.name.startswith("auc gold, sharpness") for check in checks) == 3


def test_an_equal_or_insignificantly_better_candidate_fails() -> None:
    assert "auc gold" in failed_checks(measurement(1.0), measurement(1.0))
    candidate = measurement(1.0)
    candidate.sets["gold"] = predictions(1.05, seed=99)
    assert "auc gold" in failed_checks(candidate, measurement(1.0))


@pytest.mark.parametrize("name", SETS[1:])
def test_a_loss_on_another_set_fails_within_its_limit(name: str) -> None:
    candidate, champion = measurement(2.5), measurement(1.0)
    candidate.sets[name] = predictions(0.8, SETS.index(name))
    assert failed_checks(candidate, champion) == {f"auc {name}"}
    wider = LIMITS.model_copy(update={"auc_loss": 0.2})
    assert failed_checks(candidate, champion, wider) == set()


@pytest.mark.parametrize(
    ("new", "old", "failed"),
    [(None, None, False), (0.03, 0.02, False), (0.0, 0.5, False), (0.031, 0.02, True), (0.0, None, True)],
)
def test_false_alarms_on_pictures_may_hardly_rise(new: float | None, old: float | None, failed: bool) -> None:
    candidate, champion = measurement(2.5, false_alarms=new), measurement(1.0, false_alarms=old)
    assert failed_checks(candidate, champion) == ({"real pictures called fake"} if failed else set())
    names = {check.name for check in check_candidate(candidate, champion, LIMITS)}
    assert ("real pictures called fake" in names) == (new is not None)


def test_a_loss_on_one_subgroup_fails() -> None:
    candidate, champion = measurement(2.5), measurement(1.0)
    blurred = {face.name for face in sorted(candidate.sets["gold"], key=lambda face: face.sharpness)[:80]}

    def changed_logit(face: Prediction) -> float:
        return -0.3 * face.fake_logit if face.name in blurred else face.fake_logit + 3 * face.label

    candidate.sets["gold"] = [
        dataclasses.replace(face, fake_logit=changed_logit(face)) for face in candidate.sets["gold"]
    ]
    failed = failed_checks(candidate, champion)
    assert len({name for name in failed if name.startswith("auc gold, sharpness")}) == 1


@pytest.mark.parametrize("missing", SETS)
def test_a_missing_set_fails(missing: str) -> None:
    for side in (0, 1):
        both = [measurement(2.5), measurement(1.0)]
        del both[side].sets[missing]
        assert any(missing in name or "gold" in name for name in failed_checks(both[0], both[1]))
    both = [measurement(2.5), measurement(1.0)]
    for one in both:
        del one.sets[missing]
    assert failed_checks(both[0], both[1])


def test_different_faces_one_class_or_too_few_faces_fail() -> None:
    candidate, champion = measurement(2.5), measurement(1.0)
    candidate.sets["gold"] = candidate.sets["gold"][:-1]
    assert {"auc gold", "slices", "calibration error gold"} <= failed_checks(candidate, champion)
    both = [measurement(2.5), measurement(1.0)]
    for one in both:
        one.sets["gold"] = [face for face in one.sets["gold"] if face.label]
    assert {"auc gold", "calibration error gold"} <= failed_checks(both[0], both[1])
    both = [measurement(2.5), measurement(1.0)]
    for one in both:
        one.sets["gold"] = one.sets["gold"][:20]
    assert "slices" in failed_checks(both[0], both[1])


def test_a_worse_calibration_fails() -> None:
    champion = measurement(1.0, decision=DecisionConfig(temperature=1.0))
    overconfident = measurement(1.6, decision=DecisionConfig(temperature=0.02))
    assert failed_checks(overconfident, champion) == {"calibration error gold"}


@pytest.mark.parametrize(("seconds", "passes"), [(0.02, False), (float("nan"), False), (0.012, True)])
def test_a_slower_network_fails(seconds: float, passes: bool) -> None:
    failed = failed_checks(measurement(2.5, seconds=seconds), measurement(1.0))
    assert failed == (set() if passes else {"seconds a crop"})
