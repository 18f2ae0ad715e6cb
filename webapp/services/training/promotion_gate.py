"""Whether a candidate may take the champion's place: better on gold for sure, worse on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from laanet_core.evaluation.calibration import expected_calibration_error
from laanet_core.evaluation.metrics import paired_bootstrap, roc_auc, sigmoid
from laanet_core.evaluation.predictions import Prediction
from laanet_core.evaluation.subgroups import subgroups
from webapp.domain.clock import now
from webapp.services.model_registry.versions import VersionService
from webapp.services.training.gate_measurements import GOLD, Ground, Kept, Measured, measure
from webapp.services.training.snapshots import SnapshotService

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Rules:
    """`loss`: AUC that a candidate may lose on any other data set and corruption, `slice_loss` on any slice of gold with at least `fewest`
    faces of each class; `calibration`: ECE it may gain; `slower`: how many times the champion's time it may take for a crop.
    """

    loss: float = 0.02
    slice_loss: float = 0.05
    fewest: int = 15
    calibration: float = 0.0
    slower: float = 1.25
    bootstrap: int = 1000


@dataclass(frozen=True)
class Check:
    """One thing that must hold. The figures are None where they could not be measured: then it does not hold."""

    name: str
    passed: bool
    candidate: float | None
    champion: float | None
    why: str
    low: float | None = None
    high: float | None = None


class GateService:
    """Raises Unable: unknown_version, model_changed, and what verifying a snapshot raises."""

    def __init__(
        self, snapshots: SnapshotService, versions: VersionService, ground: Ground, rules: Rules | None = None
    ) -> None:
        """`ground` says all but the snapshot."""
        self._snapshots = snapshots
        self._versions = versions
        self._ground = ground
        self._rules = rules or Rules()

    def judge(self, version: str, snapshot: str | None = None) -> dict[str, Any]:
        """Measure a candidate and the champion on the gold part of the snapshot that the candidate learned from, or of another one.

        The report is kept with the version, whose state follows it, unless something that is measured on or was learned from was deleted,
        meanwhile too. Raises LaanetError for data that cannot be read.
        """
        self._versions.require_fresh(version)
        candidate, champion = self._versions.checked(version), self._versions.base()
        public_id = snapshot or self._versions.snapshot_of(version) or self._snapshots.newest()
        folder = self._snapshots.verify(public_id)
        self._snapshots.require_untouched_gold(public_id)
        ground = Ground(
            folder, self._ground.manifests, self._ground.corruptions, self._ground.device, self._ground.seed
        )
        folders = self._snapshots.folders
        try:
            measured = measure(
                candidate.folder,
                champion.folder,
                ground,
                Kept(folders.judged_of(public_id), folders.judged_elsewhere()),
            )
        finally:  # a deletion took away what had been judged by then; what came after it goes here
            self._snapshots.require_fresh(public_id)
        checks = compare(*measured, self._rules)
        report = {
            "passed": all(check.passed for check in checks),
            "candidate": {"version": candidate.version, "sha256": candidate.sha256},
            "champion": {"version": champion.version, "sha256": champion.sha256},
            "snapshot": public_id,
            "measured_at": now().isoformat(),
            "rules": asdict(self._rules),
            "checks": [asdict(check) for check in checks],
        }
        self._versions.note(version, report)
        return report


def compare(candidate: Measured, champion: Measured, rules: Rules) -> list[Check]:
    """All checks; every set that either of the two was measured on is looked at."""
    checks = [_gold(candidate, champion, rules), *_slices(candidate, champion, rules)]
    others = sorted((set(candidate.sets) | set(champion.sets)) - {GOLD})
    for corrupted in (True, False):
        names = [name for name in others if name.startswith(f"{GOLD}-") == corrupted]
        checks.extend(
            _no_worse(f"auc {name}", candidate.sets.get(name), champion.sets.get(name), rules.loss)
            for name in names
        )
        if not names:
            what = (
                "corruption (LENS_GATE_CORRUPTIONS)" if corrupted else "other data set (LENS_GATE_MANIFESTS)"
            )
            checks.append(_missing("robustness" if corrupted else "other data", f"no {what} is set"))
    return [*checks, _calibration(candidate, champion, rules), _speed(candidate, champion, rules)]


def _gold(candidate: Measured, champion: Measured, rules: Rules) -> Check:
    name = "auc gold"
    try:
        labels, after, before, persons = _pair(candidate.sets.get(GOLD), champion.sets.get(GOLD))
        interval = paired_bootstrap(roc_auc, labels, before, after, groups=persons, samples=rules.bootstrap)
    except ValueError as error:
        return _missing(name, str(error))
    why = "must be better for sure: the whole interval of the difference above 0"
    figures = (round(roc_auc(labels, after), 4), round(roc_auc(labels, before), 4))
    return Check(name, interval.low > 0, *figures, why, round(interval.low, 4), round(interval.high, 4))


def _slices(candidate: Measured, champion: Measured, rules: Rules) -> list[Check]:
    """Of the gold part, by what the faces are like."""
    new, old = candidate.sets.get(GOLD, []), champion.sets.get(GOLD, [])
    try:
        labels, _, _, _ = _pair(new, old)
    except ValueError as error:
        return [_missing("slices", str(error))]
    checks: list[Check] = []
    by_name = {face.name: face for face in old}
    for part in subgroups(new):
        chosen = labels[part.members]
        if min((chosen == 0).sum(), (chosen == 1).sum()) < rules.fewest:
            continue
        members = [face for face, inside in zip(new, part.members, strict=True) if inside]
        counterpart = [by_name[face.name] for face in members]
        checks.append(
            _no_worse(f"auc gold, {part.measure} {part.name}", members, counterpart, rules.slice_loss)
        )
    return checks or [_missing("slices", f"no slice of the gold part has {rules.fewest} faces of each class")]


def _no_worse(
    name: str, new: Sequence[Prediction] | None, old: Sequence[Prediction] | None, loss: float
) -> Check:
    try:
        labels, after, before, _ = _pair(new, old)
        figures = roc_auc(labels, after), roc_auc(labels, before)
    except ValueError as error:
        return _missing(name, str(error))
    return Check(
        name,
        figures[1] - figures[0] <= loss + 1e-9,
        round(figures[0], 4),
        round(figures[1], 4),
        f"may lose {loss:g}",
    )


def _calibration(candidate: Measured, champion: Measured, rules: Rules) -> Check:
    name = "calibration error gold"
    try:
        labels, after, before, _ = _pair(candidate.sets.get(GOLD), champion.sets.get(GOLD))
        errors = [
            expected_calibration_error(labels, sigmoid(logits / measured.decision.temperature))
            for logits, measured in ((after, candidate), (before, champion))
        ]
    except ValueError as error:
        return _missing(name, str(error))
    why = "must not be larger" if not rules.calibration else f"may gain {rules.calibration:g}"
    return Check(
        name, errors[0] <= errors[1] + rules.calibration + 1e-9, round(errors[0], 4), round(errors[1], 4), why
    )


def _speed(candidate: Measured, champion: Measured, rules: Rules) -> Check:
    times = candidate.seconds, champion.seconds
    if not all(np.isfinite(times)) or min(times) <= 0:
        return _missing("seconds a crop", "could not be timed")
    return Check(
        "seconds a crop",
        times[0] <= rules.slower * times[1],
        *times,
        f"may take {rules.slower:g} times as long",
    )


def _pair(
    new: Sequence[Prediction] | None, old: Sequence[Prediction] | None
) -> tuple[Array, Array, Array, list[str]]:
    """Labels, both sets of logits and persons, in one order. Raises ValueError where they are not of the same faces."""
    if not new or not old:
        raise ValueError("was not measured")
    by_name = {face.name: face for face in old}
    if len(by_name) != len(old) or {face.name for face in new} != set(by_name) or len(new) != len(old):
        raise ValueError("the two were not measured on the same faces")
    labels = np.array([face.label for face in new])
    if len(set(labels.tolist())) < 2:
        raise ValueError("holds faces of one class only")
    before = np.array([by_name[face.name].fake_logit for face in new])
    return labels, np.array([face.fake_logit for face in new]), before, [face.person for face in new]


def _missing(name: str, why: str) -> Check:
    return Check(name, False, None, None, why)
