"""Rules of the promotion gate: pure functions from the measurements of two versions to checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from laanet_core.evaluation.calibration import expected_calibration_error
from laanet_core.evaluation.metrics import paired_bootstrap, roc_auc, sigmoid
from laanet_core.evaluation.predictions import Prediction
from laanet_core.evaluation.subgroups import subgroups
from webapp.services.model_registry.gate_report import GateCheck, GateLimits
from webapp.services.training.gate_measurements import GOLD, GateMeasurement

Array = npt.NDArray[Any]
# Allowance for floating-point error: a loss from 0.9 to 0.88 must pass a limit of 0.02
_TOLERANCE = 1e-9


def check_candidate(
    candidate: GateMeasurement, champion: GateMeasurement, limits: GateLimits
) -> list[GateCheck]:
    """Return all checks. A check fails if only one of the versions was measured on its data set."""
    return [
        check_gold_auc(candidate, champion, limits),
        *check_subgroups(candidate, champion, limits),
        *check_corruptions(candidate, champion, limits),
        *check_other_data(candidate, champion, limits),
        *check_pictures(candidate, champion, limits),
        check_calibration(candidate, champion, limits),
        check_speed(candidate, champion, limits),
    ]


def check_gold_auc(candidate: GateMeasurement, champion: GateMeasurement, limits: GateLimits) -> GateCheck:
    """Require that the candidate has a better AUC on gold than the champion.

    The 95 % interval of the paired difference (candidate minus champion) must lie above 0 entirely.
    """
    name = "auc gold"
    try:
        labels, new_logits, old_logits, persons = _paired(candidate.sets.get(GOLD), champion.sets.get(GOLD))
        interval = paired_bootstrap(
            roc_auc, labels, old_logits, new_logits, groups=persons, samples=limits.bootstrap_samples
        )
    except ValueError as error:
        return _failed(name, str(error))
    return GateCheck(
        name=name,
        passed=bool(interval.low > 0),
        candidate=round(roc_auc(labels, new_logits), 4),
        champion=round(roc_auc(labels, old_logits), 4),
        why="must be better: the whole interval of the difference above 0",
        low=round(interval.low, 4),
        high=round(interval.high, 4),
    )


def check_subgroups(
    candidate: GateMeasurement, champion: GateMeasurement, limits: GateLimits
) -> list[GateCheck]:
    """Limit the loss of AUC on each subgroup of gold (face size, sharpness, light, tone).

    Subgroups with too few faces are skipped. If all are skipped, the check fails.
    """
    new, old = candidate.sets.get(GOLD, []), champion.sets.get(GOLD, [])
    try:
        labels, _, _, _ = _paired(new, old)
    except ValueError as error:
        return [_failed("slices", str(error))]
    checks: list[GateCheck] = []
    old_by_name = {face.name: face for face in old}
    for subgroup in subgroups(new):
        subgroup_labels = labels[subgroup.members]
        faces_of_rarer_class = min((subgroup_labels == 0).sum(), (subgroup_labels == 1).sum())
        if faces_of_rarer_class < limits.min_subgroup_faces:
            continue
        faces = [face for face, is_member in zip(new, subgroup.members, strict=True) if is_member]
        counterparts = [old_by_name[face.name] for face in faces]
        name = f"auc gold, {subgroup.measure} {subgroup.name}"
        checks.append(_check_auc_loss(name, faces, counterparts, allowed=limits.subgroup_auc_loss))
    if not checks:
        too_few = f"no slice of the gold part has {limits.min_subgroup_faces} faces of each class"
        return [_failed("slices", too_few)]
    return checks


def check_corruptions(
    candidate: GateMeasurement, champion: GateMeasurement, limits: GateLimits
) -> list[GateCheck]:
    """Limit the loss of AUC on each corruption of gold. Without any corruption the check fails."""
    names = [name for name in _set_names(candidate, champion) if _is_corrupted_gold(name)]
    if not names:
        return [_failed("robustness", "no corruption (LENS_GATE_CORRUPTIONS) is set")]
    return [_check_set(name, candidate, champion, limits) for name in names]


def check_other_data(
    candidate: GateMeasurement, champion: GateMeasurement, limits: GateLimits
) -> list[GateCheck]:
    """Limit the loss of AUC on each set of the other manifests. Without any manifest the check fails."""
    names = [
        name for name in _set_names(candidate, champion) if name != GOLD and not _is_corrupted_gold(name)
    ]
    if not names:
        return [_failed("other data", "no other data set (LENS_GATE_MANIFESTS) is set")]
    return [_check_set(name, candidate, champion, limits) for name in names]


def check_pictures(
    candidate: GateMeasurement, champion: GateMeasurement, limits: GateLimits
) -> list[GateCheck]:
    """Limit the rise of the share of real whole pictures called fake. No check if it was not measured."""
    name = "real pictures called fake"
    new, old = candidate.false_alarms, champion.false_alarms
    if new is None and old is None:
        return []
    if new is None or old is None:
        return [_failed(name, "was measured on one version only")]
    allowed = limits.picture_false_alarms
    return [
        GateCheck(
            name=name,
            passed=new <= old + allowed + _TOLERANCE,
            candidate=round(new, 4),
            champion=round(old, 4),
            why=f"may gain {allowed:g}",
        )
    ]


def check_calibration(candidate: GateMeasurement, champion: GateMeasurement, limits: GateLimits) -> GateCheck:
    """Limit the rise of the expected calibration error on gold.

    The fake logits of each version are divided by the version's own temperature.
    """
    name = "calibration error gold"
    try:
        labels, new_logits, old_logits, _ = _paired(candidate.sets.get(GOLD), champion.sets.get(GOLD))
        new_error = expected_calibration_error(labels, sigmoid(new_logits / candidate.decision.temperature))
        old_error = expected_calibration_error(labels, sigmoid(old_logits / champion.decision.temperature))
    except ValueError as error:
        return _failed(name, str(error))
    allowed = limits.calibration_loss
    return GateCheck(
        name=name,
        passed=bool(new_error <= old_error + allowed + _TOLERANCE),
        candidate=round(new_error, 4),
        champion=round(old_error, 4),
        why=f"may gain {allowed:g}" if allowed else "must not be larger",
    )


def check_speed(candidate: GateMeasurement, champion: GateMeasurement, limits: GateLimits) -> GateCheck:
    """Limit the candidate's time per crop to a multiple of the champion's."""
    name = "seconds a crop"
    new, old = candidate.seconds, champion.seconds
    if not np.isfinite([new, old]).all() or min(new, old) <= 0:
        return _failed(name, "could not be timed")
    return GateCheck(
        name=name,
        passed=bool(new <= limits.slowdown * old),
        candidate=new,
        champion=old,
        why=f"may take {limits.slowdown:g} times as long",
    )


def _set_names(candidate: GateMeasurement, champion: GateMeasurement) -> list[str]:
    return sorted(set(candidate.sets) | set(champion.sets))


def _is_corrupted_gold(name: str) -> bool:
    return name.startswith(f"{GOLD}-")


def _check_set(
    name: str, candidate: GateMeasurement, champion: GateMeasurement, limits: GateLimits
) -> GateCheck:
    return _check_auc_loss(
        f"auc {name}", candidate.sets.get(name), champion.sets.get(name), allowed=limits.auc_loss
    )


def _check_auc_loss(
    name: str, new: Sequence[Prediction] | None, old: Sequence[Prediction] | None, allowed: float
) -> GateCheck:
    try:
        labels, new_logits, old_logits, _ = _paired(new, old)
        new_auc = roc_auc(labels, new_logits)
        old_auc = roc_auc(labels, old_logits)
    except ValueError as error:
        return _failed(name, str(error))
    return GateCheck(
        name=name,
        passed=bool(old_auc - new_auc <= allowed + _TOLERANCE),
        candidate=round(new_auc, 4),
        champion=round(old_auc, 4),
        why=f"may lose {allowed:g}",
    )


def _paired(
    new: Sequence[Prediction] | None, old: Sequence[Prediction] | None
) -> tuple[Array, Array, Array, list[str]]:
    """Return labels (N,), fake logits of `new` (N,), of `old` (N,), and persons, in the order of `new`.

    Raises ValueError if the two versions were not measured on the same faces, or all faces are of one class.
    """
    if not new or not old:
        raise ValueError("was not measured")
    old_by_name = {face.name: face for face in old}
    has_duplicates = len(old_by_name) != len(old)
    has_other_names = {face.name for face in new} != set(old_by_name)
    if has_duplicates or has_other_names or len(new) != len(old):
        raise ValueError("the two versions were not measured on the same faces")
    labels = np.array([face.label for face in new])
    if len(set(labels.tolist())) < 2:
        raise ValueError("has faces of one class only")
    new_logits = np.array([face.fake_logit for face in new])
    old_logits = np.array([old_by_name[face.name].fake_logit for face in new])
    persons = [face.person for face in new]
    return labels, new_logits, old_logits, persons


def _failed(name: str, why: str) -> GateCheck:
    return GateCheck(name=name, passed=False, candidate=None, champion=None, why=why)
