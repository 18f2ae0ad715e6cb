"""Rates of a model on the random audit sample, and the rule for what may be published. Pure functions.

Terms: an alarm is a face with the verdict fake. A fake or real face is one that moderators decided so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from laanet_core.decision import DecisionConfig, verdict_of
from laanet_core.evaluation.metrics import Interval
from webapp.db.audit_sample_queries import AuditedFace
from webapp.domain.enums import LabelValue, ModelRate
from webapp.services.label_quality.report import Proportion

# Faces that a published rate needs.
MIN_FACES = 30
_FAKE = "fake"
Group = TypeVar("Group", bound=Hashable)


@dataclass(frozen=True)
class SampleCounts:
    """Number of drawn faces by the moderators' decision and the model's verdict.

    `found_fakes` and `false_alarms` have the verdict fake; `missed_fakes` and `passed_reals` have another
    one. `open` and `inconclusive` are undecided: without a decision, and decided as cannot_tell. Of these
    two, `undecided_alarms` have the verdict fake. `unusable` were decided so, or have no verdict of the
    model.
    """

    found_fakes: int = 0
    missed_fakes: int = 0
    false_alarms: int = 0
    passed_reals: int = 0
    inconclusive: int = 0
    unusable: int = 0
    open: int = 0
    undecided_alarms: int = 0

    @property
    def fakes(self) -> int:
        return self.found_fakes + self.missed_fakes

    @property
    def reals(self) -> int:
        return self.false_alarms + self.passed_reals

    @property
    def alarms(self) -> int:
        """Return the number of faces with the verdict fake that moderators decided real or fake."""
        return self.found_fakes + self.false_alarms

    @property
    def decided(self) -> int:
        return self.fakes + self.reals

    @property
    def undecided(self) -> int:
        return self.open + self.inconclusive

    @property
    def drawn(self) -> int:
        return self.decided + self.undecided + self.unusable

    def rate(self, rate: ModelRate) -> Proportion:
        """Return hits and denominator of a rate over the decided faces."""
        if rate == ModelRate.PRECISION:
            return Proportion(self.found_fakes, self.alarms)
        if rate == ModelRate.RECALL:
            return Proportion(self.found_fakes, self.fakes)
        return Proportion(self.false_alarms, self.reals)

    def possible(self, rate: ModelRate) -> Interval | None:
        """Return the lowest and highest share if the undecided faces were decided; None without faces.

        Any of them may turn out real or fake. The ends hold without an assumption about the moderators
        (Manski 1989), but say nothing about the faces that were not drawn.
        """
        alarms, others = self.undecided_alarms, self.undecided - self.undecided_alarms
        share = self.rate(rate)
        if rate == ModelRate.PRECISION:
            low = high = Proportion(share.hits, share.count + alarms)
        else:
            # An undecided alarm adds a hit if it belongs to the denominator, any other face adds none.
            low = Proportion(share.hits, share.count + others)
            high = Proportion(share.hits, share.count + alarms)
        if not low.count or not high.count:
            return None
        return Interval(low.hits / low.count, (high.hits + alarms) / high.count)


def verdict_on(face: AuditedFace) -> str | None:
    """Return the model's verdict on a drawn face; None if the analysis is older than its thresholds."""
    if face.stored_verdict is not None:
        return face.stored_verdict
    if face.fake_prob is None or face.real_below is None or face.fake_above is None:
        return None
    thresholds = DecisionConfig(real_below=face.real_below, fake_above=face.fake_above)
    return verdict_of(face.fake_prob, thresholds)


def count_faces(faces: Iterable[AuditedFace]) -> SampleCounts:
    """Count drawn faces by decision and verdict."""
    counts: Counter[str] = Counter()
    for face in faces:
        verdict = verdict_on(face)
        is_alarm = verdict == _FAKE
        counts["unusable" if verdict is None else _field_of(face.decision, is_alarm)] += 1
        if is_alarm and face.decision in (None, LabelValue.CANNOT_TELL):
            counts["undecided_alarms"] += 1
    return SampleCounts(**counts)


def published_groups(
    counts: Mapping[Group, int], *, fewest: int = MIN_FACES, total: int | None = None
) -> set[Group]:
    """Return the groups whose share may be published beside the share of all of them together.

    A group needs `fewest` faces. All others together must have none or `fewest` as well, because their share
    is the difference between the total and the published groups. Otherwise the smallest groups are withheld
    until it is so. `total` is the number of faces of all groups if it is not the sum of `counts`.
    """
    published = {group: count for group, count in counts.items() if count >= fewest}
    everything = sum(counts.values()) if total is None else total
    while published and 0 < everything - sum(published.values()) < fewest:
        del published[min(published, key=lambda group: published[group])]
    return set(published)


def _field_of(decision: str | None, is_alarm: bool) -> str:
    """Return the field of SampleCounts that counts a face."""
    if decision == LabelValue.FAKE:
        return "found_fakes" if is_alarm else "missed_fakes"
    if decision == LabelValue.REAL:
        return "false_alarms" if is_alarm else "passed_reals"
    if decision == LabelValue.CANNOT_TELL:
        return "inconclusive"
    return "open" if decision is None else "unusable"
