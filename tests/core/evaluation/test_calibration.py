from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from laanet_core.decision import DecisionConfig
from laanet_core.errors import InvalidDataset
from laanet_core.evaluation.calibration import (
    SMALLEST_PACK,
    calibrate,
    choose_common_thresholds,
    choose_thresholds,
    expected_calibration_error,
    fit_temperature,
    reliability_bins,
)
from laanet_core.evaluation.metrics import sigmoid
from laanet_core.evaluation.predictions import Prediction


@pytest.mark.parametrize("truth", [0.5, 1.0, 3.0])
def test_the_temperature_is_recovered_and_matches_another_optimiser(truth: float) -> None:
    rng = np.random.default_rng(0)
    calibrated = rng.normal(0, 2, 20_000)
    labels = (rng.random(20_000) < sigmoid(calibrated)).astype(int)
    logits = calibrated * truth
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(truth, rel=0.05)
    other = minimize_scalar(
        lambda t: np.mean(np.logaddexp(0, logits / t) - labels * logits / t),
        bounds=(0.05, 20),
        method="bounded",
    )
    assert temperature == pytest.approx(other.x, rel=1e-3)


def test_the_temperature_stays_in_range_and_invalid_input_is_refused() -> None:
    assert fit_temperature(np.array([-1.0, 1.0]), np.array([0, 1])) == pytest.approx(0.05)
    assert fit_temperature(np.array([-1.0, 1.0]), np.array([1, 0])) == pytest.approx(20)
    with pytest.raises(ValueError, match="finite"):
        fit_temperature(np.array([np.inf]), np.array([1]))
    with pytest.raises(ValueError, match="one length"):
        fit_temperature(np.array([1.0]), np.array([1, 0]))


def test_calibration_error_by_hand() -> None:
    labels, probabilities = np.array([0, 1, 1, 1]), np.array([0.05, 0.05, 0.95, 1.0])
    first, last = reliability_bins(labels, probabilities, bins=10)
    assert (first.count, first.fake_share, last.count, last.fake_share) == (2, 0.5, 2, 1.0)
    assert expected_calibration_error(labels, probabilities, bins=10) == pytest.approx(
        (2 * 0.45 + 2 * 0.025) / 4
    )
    with pytest.raises(ValueError, match="one per label"):
        reliability_bins(labels, probabilities * 2)


@pytest.mark.parametrize("gap", [-0.1, 0.1, 0.5, 3.0])
def test_thresholds_keep_to_the_error_shares(gap: float) -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 997)
    probabilities = sigmoid(rng.normal((labels * 2 - 1) * gap, 1))
    real_below, fake_above = choose_thresholds(
        labels, probabilities, fakes_called_real=0.10, reals_called_fake=0.05
    )
    assert real_below <= fake_above
    assert (probabilities[labels == 1] < real_below).mean() <= 0.10
    assert (probabilities[labels == 0] > fake_above).mean() <= 0.05


def test_thresholds_by_hand() -> None:
    probabilities = np.arange(20) / 20
    # Reals at 0, 0.1 .. 0.9; fakes at 0.05, 0.15 .. 0.95.
    labels = np.tile([0, 1], 10)
    assert choose_thresholds(
        labels, probabilities, fakes_called_real=0.2, reals_called_fake=0.1
    ) == pytest.approx((0.25, 0.8))
    with pytest.raises(ValueError, match="both classes"):
        choose_thresholds(np.ones(20), probabilities, fakes_called_real=0.1, reals_called_fake=0.1)


def test_common_thresholds_keep_to_the_error_shares_in_every_set() -> None:
    rng = np.random.default_rng(3)
    sets = []
    for shift in (-0.7, 0.0, 1.2):
        labels = rng.integers(0, 2, 997)
        sets.append((labels, sigmoid(rng.normal(labels * 2 - 1 + shift, 1))))
    real_below, fake_above = choose_common_thresholds(sets, fakes_called_real=0.10, reals_called_fake=0.05)
    for labels, probabilities in sets:
        assert (probabilities[labels == 1] < real_below).mean() <= 0.10
        assert (probabilities[labels == 0] > fake_above).mean() <= 0.05


def prediction(label: int, logit: float) -> Prediction:
    return Prediction(
        name=f"{label} {logit}",
        label=label,
        pack="pack",
        person="person",
        video="video",
        fake_logit=logit,
        sharpness=1.0,
        peak_on_boundary=None,
        peak_in_altered=None,
        face_size=100.0,
        brightness=50.0,
        skin_tone=30.0,
    )


def test_calibrate_keeps_other_decision_values_and_lowers_the_error() -> None:
    rng = np.random.default_rng(0)
    # Overconfident by a factor of 3.
    logits = rng.normal(0, 2, 2000)
    labels = (rng.random(2000) < sigmoid(logits)).astype(int)
    faces = [prediction(int(label), float(3 * logit)) for label, logit in zip(labels, logits, strict=True)]
    calibration = calibrate({"a": faces[:1000], "b": faces[1000:]}, DecisionConfig(min_face_size=55))
    assert calibration.faces == 2000
    assert calibration.decision.temperature == pytest.approx(3, rel=0.15)
    assert (calibration.decision.min_face_size, calibration.decision.calibrated) == (55, True)
    assert calibration.calibrated_ece < calibration.uncalibrated_ece / 2
    for of_real, of_fake in calibration.verdicts.values():
        assert of_real.fake <= 0.05
        assert of_fake.real <= 0.10


def test_false_alarms_are_limited_in_every_pack_with_enough_faces() -> None:
    faces = [prediction(0, -5.0 + 0.001 * number) for number in range(2000)]
    faces += [prediction(1, 4.0 + 0.001 * number) for number in range(2000)]
    # Two packs of real faces with high scores, too few for the share in the whole set.
    loud = [prediction(0, 1.0 + 0.02 * number) for number in range(SMALLEST_PACK)]
    small = [prediction(0, 3.0) for _ in range(SMALLEST_PACK - 1)]
    faces += [dataclasses.replace(face, pack="loud") for face in loud]
    faces += [dataclasses.replace(face, pack="small") for face in small]
    decision = calibrate({"set": faces}, DecisionConfig()).decision
    called_fake = [sigmoid(face.fake_logit / decision.temperature) > decision.fake_above for face in loud]
    assert 0 < np.mean(called_fake) <= 0.05
    assert sigmoid(3.0 / decision.temperature) > decision.fake_above


def test_held_out_shares_come_from_the_other_sets() -> None:
    easy = [prediction(0, -4.0 + 0.01 * n) for n in range(100)]
    easy += [prediction(1, 3.0 + 0.01 * n) for n in range(100)]
    # Fakes that score as low as the easy set's real faces.
    hard = [prediction(0, -6.0 + 0.01 * n) for n in range(100)]
    hard += [prediction(1, -4.0 + 0.01 * n) for n in range(100)]
    calibration = calibrate({"easy": easy, "hard": hard}, DecisionConfig())
    assert calibration.verdicts["hard"][1].real <= 0.10
    assert calibration.held_out["hard"][1].real > 0.9
    assert calibrate({"easy": easy}, DecisionConfig()).held_out == {}


def test_a_set_without_fakes_cannot_be_calibrated() -> None:
    with pytest.raises(InvalidDataset, match="needs both real and fake"):
        calibrate({"a": [prediction(0, 1.0)]}, DecisionConfig())
    with pytest.raises(InvalidDataset, match="no set"):
        calibrate({}, DecisionConfig())
