"""Published figures of models on the audit sample. A share that could be traced to few faces is None."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from laanet_core.evaluation.metrics import Interval
from webapp.db.audit_sample_queries import AuditedFace, LabelPair
from webapp.domain.enums import LabelValue, ModelRate
from webapp.services.label_quality.audit_sample import (
    MIN_FACES,
    SampleCounts,
    count_faces,
    published_groups,
    verdict_on,
)
from webapp.services.label_quality.report import Proportion

Ends = tuple[float, float]
# Reason why a share is not published.
Withheld = Literal["too_few", "would_reveal"]


class _Published(BaseModel):
    model_config = ConfigDict(frozen=True)


class RateFigures(_Published):
    """A share with its interval, or the reason why there is none."""

    count: int | None = Field(description="decided faces that the share rests on; null if it is withheld")
    share: float | None
    interval: Ends | None = Field(description="95 % interval (Wilson)")
    possible: Ends | None = Field(
        description="lowest and highest share if the open and inconclusive faces were decided"
    )
    withheld: Withheld | None = Field(
        description="`too_few` faces; `would_reveal`: it would tell the share of few other faces"
    )
    missing: int = Field(description="faces that are missing for `too_few`; otherwise 0")


class RatesFigures(_Published):
    """The three rates. A fake is found if its verdict is `fake`."""

    precision: RateFigures = Field(description="fakes among the faces with the verdict `fake`")
    recall: RateFigures = Field(description="found fakes among all fakes")
    false_alarm_rate: RateFigures = Field(
        description="real faces with the verdict `fake` among all real faces"
    )

    def by_rate(self) -> Mapping[ModelRate, RateFigures]:
        return {rate: getattr(self, rate) for rate in ModelRate}


class SampleFigures(_Published):
    """A part of the audit sample: numbers of faces, and rates over the decided ones.

    The rates of all faces and of a kind leave out months with too few faces.
    """

    drawn: int = Field(description="faces drawn at random: decided + open + inconclusive + unusable")
    decided: int = Field(description="decided real or fake")
    open: int = Field(description="not decided yet, disputed, or decided too recently")
    inconclusive: int = Field(description="moderators cannot tell")
    unusable: int = Field(description="moderators found nothing to judge")
    rates: RatesFigures


class MonthOfModel(SampleFigures):
    """The faces that were analysed in a month."""

    month: str = Field(description="YYYY-MM (UTC)")


class KindOfModel(SampleFigures):
    """The faces of one kind of file."""

    kind: str = Field(description="image or video")


class TagOfModel(_Published):
    """The fakes for which a moderator named a reason before seeing the model's verdict."""

    tag: str
    recall: RateFigures


class ModelFigures(_Published):
    """Figures of one model version."""

    version: str
    sha256: str
    total: SampleFigures
    months: list[MonthOfModel]
    kinds: list[KindOfModel]
    tags: list[TagOfModel]
    changed_to_model: RateFigures = Field(
        description="labels that moderators changed to the model's verdict after they saw it"
    )


class ModelMeasures(_Published):
    """Measures of all model versions on the random audit sample, newest version first."""

    as_of: datetime = Field(description="faces drawn and decided before this time count")
    fewest: int = Field(description="faces that a share needs")
    models: list[ModelFigures]


@dataclass(frozen=True)
class _Part:
    """A part of a model's sample: all its faces, those that the rates rest on, and the published rates."""

    drawn: SampleCounts
    measured: SampleCounts
    rates: frozenset[ModelRate]

    def figures(self) -> dict[str, object]:
        """Return the fields of SampleFigures."""
        counts = self.drawn
        rates = {rate.value: self._rate(rate) for rate in ModelRate}
        return {
            "drawn": counts.drawn,
            "decided": counts.decided,
            "open": counts.open,
            "inconclusive": counts.inconclusive,
            "unusable": counts.unusable,
            "rates": RatesFigures.model_validate(rates),
        }

    def _rate(self, rate: ModelRate) -> RateFigures:
        proportion = self.measured.rate(rate)
        if rate in self.rates:
            return _shown(proportion, self.measured.possible(rate))
        # The number of alarms would reveal the found fakes if the false alarms are published.
        has_few_of_a_class = min(self.measured.fakes, self.measured.reals) < MIN_FACES
        if rate == ModelRate.PRECISION and has_few_of_a_class:
            return _withheld("would_reveal")
        return _too_few(proportion.count)


def measure_models(
    faces: Sequence[AuditedFace],
    tags: Mapping[int, set[str]],
    pairs: Iterable[LabelPair],
    as_of: datetime,
) -> ModelMeasures:
    """Return the figures of the models that judged `faces`, which are in the order of drawing.

    `tags` are the reasons that moderators named, by case. `pairs` are their blind and final labels.
    """
    by_model: dict[str, list[AuditedFace]] = {}
    for face in faces:
        by_model.setdefault(face.model_sha256, []).append(face)
    labels: dict[int, list[LabelPair]] = {}
    for pair in pairs:
        labels.setdefault(pair.case_id, []).append(pair)
    models = [_measure_model(own, tags, labels) for own in by_model.values()]
    return ModelMeasures(as_of=as_of, fewest=MIN_FACES, models=models[::-1])


def _measure_model(
    faces: Sequence[AuditedFace], tags: Mapping[int, set[str]], labels: Mapping[int, list[LabelPair]]
) -> ModelFigures:
    measured = _without_small_months(faces)
    total = count_faces(measured)
    whole = _Part(count_faces(faces), total, _publishable({"": total}, "", total))
    months = _parts(faces, measured, _month_of)
    kinds = _parts(faces, measured, lambda face: face.kind)
    return ModelFigures(
        version=faces[-1].model_version,
        sha256=faces[0].model_sha256,
        total=SampleFigures.model_validate(whole.figures()),
        months=[MonthOfModel.model_validate({"month": key, **part.figures()}) for key, part in months],
        kinds=[KindOfModel.model_validate({"kind": key, **part.figures()}) for key, part in kinds],
        tags=list(_tags(measured, tags)),
        changed_to_model=_changed(faces, labels),
    )


def _month_of(face: AuditedFace) -> str:
    return f"{face.analysed_at:%Y-%m}"


def _by(faces: Sequence[AuditedFace], key: Callable[[AuditedFace], str]) -> dict[str, list[AuditedFace]]:
    return {name: list(group) for name, group in groupby(sorted(faces, key=key), key)}


def _has_enough(counts: SampleCounts) -> bool:
    """Return True if of each class there are no faces, or as many as a share needs."""
    return all(count == 0 or count >= MIN_FACES for count in (counts.fakes, counts.reals))


def _without_small_months(faces: Sequence[AuditedFace]) -> Sequence[AuditedFace]:
    """Return the faces that the shares of all faces rest on.

    Months with few fakes or real faces are left out, as the present month at its beginning. Otherwise their
    share would follow by subtraction. They are included if they are many faces together.
    """
    small = [
        face
        for month in _by(faces, _month_of).values()
        if not _has_enough(count_faces(month))
        for face in month
    ]
    if len(small) == len(faces) or _has_enough(count_faces(small)):
        return faces
    months = {_month_of(face) for face in small}
    return [face for face in faces if _month_of(face) not in months]


def _parts(
    faces: Sequence[AuditedFace], measured: Sequence[AuditedFace], key: Callable[[AuditedFace], str]
) -> list[tuple[str, _Part]]:
    """Return the disjoint parts of `faces` by key, each with the rates that may be published.

    The shares of all faces rest on `measured`. A part without any of these faces is a month of its own.
    """
    total = count_faces(measured)
    groups = {name: count_faces(group) for name, group in _by(measured, key).items()}
    parts = []
    for name, group in _by(faces, key).items():
        drawn = count_faces(group)
        if name in groups:
            parts.append((name, _Part(drawn, groups[name], _publishable(groups, name, total))))
        else:
            parts.append((name, _Part(drawn, drawn, _publishable({name: drawn}, name, drawn))))
    return parts


def _publishable(groups: Mapping[str, SampleCounts], name: str, total: SampleCounts) -> frozenset[ModelRate]:
    """Return the rates that may be published of a group beside those of the other groups and the total.

    The precision would reveal recall and false alarm rate if these are withheld.
    """
    rates = set()
    if name in published_groups({key: group.fakes for key, group in groups.items()}, total=total.fakes):
        rates.add(ModelRate.RECALL)
    if name in published_groups({key: group.reals for key, group in groups.items()}, total=total.reals):
        rates.add(ModelRate.FALSE_ALARM_RATE)
    if len(rates) == 2 and groups[name].alarms >= MIN_FACES:
        rates.add(ModelRate.PRECISION)
    return frozenset(rates)


def _tags(faces: Sequence[AuditedFace], tags: Mapping[int, set[str]]) -> Iterable[TagOfModel]:
    fakes = [face for face in faces if face.decision == LabelValue.FAKE]
    total = count_faces(fakes).fakes
    for tag in sorted({tag for face in fakes for tag in tags.get(face.case_id, ())}):
        recall = count_faces(face for face in fakes if tag in tags.get(face.case_id, ())).rate(
            ModelRate.RECALL
        )
        is_published = bool(published_groups({tag: recall.count}, total=total))
        yield TagOfModel(tag=tag, recall=_shown(recall, None) if is_published else _too_few(recall.count))


def _changed(faces: Sequence[AuditedFace], labels: Mapping[int, list[LabelPair]]) -> RateFigures:
    """Return the share of labels that moderators changed to the model's verdict after they saw it."""
    hits = count = 0
    for face in faces:
        verdict = verdict_on(face)
        for pair in labels.get(face.case_id, ()):
            count += 1
            hits += pair.blind != pair.final == verdict
    return _shown(Proportion(hits, count), None) if count >= MIN_FACES else _too_few(count)


def _shown(proportion: Proportion, possible: Interval | None) -> RateFigures:
    return RateFigures(
        count=proportion.count,
        share=round(proportion.hits / proportion.count, 4),
        interval=_ends(proportion.interval),
        possible=_ends(possible),
        withheld=None,
        missing=0,
    )


def _too_few(count: int) -> RateFigures:
    """Return a withheld share: of too few faces, or one that would reveal the share of too few others."""
    missing = max(MIN_FACES - count, 0)
    return _withheld("too_few" if missing else "would_reveal", missing)


def _withheld(reason: Withheld, missing: int = 0) -> RateFigures:
    return RateFigures(count=None, share=None, interval=None, possible=None, withheld=reason, missing=missing)


def _ends(interval: Interval | None) -> Ends | None:
    return None if interval is None else (round(interval.low, 4), round(interval.high, 4))
