"""Published figures: what they say, and that they reveal no share of few faces."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from laanet_core.evaluation.metrics import wilson_interval
from webapp.db.audit_sample_queries import AuditedFace, LabelPair
from webapp.domain.enums import ModelRate
from webapp.services.label_quality.audit_sample import MIN_FACES
from webapp.services.label_quality.model_figures import ModelMeasures, measure_models

AS_OF = datetime(2026, 10, 1, tzinfo=UTC)
Row = tuple[int, str, str | None]


def faces_of(*rows: Row, month: int = 7, kind: str = "image", model: str = "f" * 64) -> list[AuditedFace]:
    """Return faces with numbers of their own; a row is count, verdict and decision."""
    at = datetime(2026, month, 9, tzinfo=UTC)
    return [
        AuditedFace(0, model[:3], model, kind, at, verdict, None, None, None, decision)
        for count, verdict, decision in rows
        for _ in range(count)
    ]


def measured(faces: list[AuditedFace], **cases_by_tag: Iterable[int]) -> ModelMeasures:
    """Measure faces that each have a case of their own, numbered from 0."""
    tags: dict[int, set[str]] = {}
    for tag, cases in cases_by_tag.items():
        for case in cases:
            tags.setdefault(case, set()).add(tag)
    numbered = [dataclasses.replace(face, case_id=number) for number, face in enumerate(faces)]
    return measure_models(numbered, tags, [], AS_OF)


def test_rates_have_wilson_intervals_and_bounds() -> None:
    faces = faces_of(
        (40, "fake", "fake"),
        (10, "real", "fake"),
        (10, "fake", "real"),
        (90, "real", "real"),
        (6, "fake", None),
    )
    (model,) = measured(faces).models
    assert (model.total.drawn, model.total.decided, model.total.open) == (156, 150, 6)
    rates = model.total.rates
    interval = wilson_interval(40, 50)
    assert (rates.recall.count, rates.recall.share) == (50, 0.8)
    assert rates.recall.interval == (round(interval.low, 4), round(interval.high, 4))
    assert rates.recall.possible == (0.8, round(46 / 56, 4))
    assert rates.precision.possible == (round(40 / 56, 4), round(46 / 56, 4))
    assert rates.false_alarm_rate.share == 0.1


@pytest.mark.parametrize(
    ("fakes", "reals", "published"),
    [
        (29, 29, set()),
        (29, 60, {"false_alarm_rate"}),
        (60, 29, {"recall"}),
        (60, 60, {"recall", "false_alarm_rate", "precision"}),
    ],
)
def test_the_precision_waits_for_both_classes(fakes: int, reals: int, published: set[str]) -> None:
    (model,) = measured(faces_of((fakes, "fake", "fake"), (reals, "fake", "real"))).models
    rates = model.total.rates.by_rate()
    assert {str(rate) for rate, figures in rates.items() if figures.share is not None} == published
    assert rates[ModelRate.RECALL].missing == max(0, MIN_FACES - fakes)
    if "precision" not in published:
        assert rates[ModelRate.PRECISION].withheld == "would_reveal"


def test_few_alarms_are_too_few() -> None:
    faces = faces_of((20, "fake", "fake"), (20, "real", "fake"), (50, "real", "real"))
    precision = measured(faces).models[0].total.rates.precision
    assert (precision.withheld, precision.missing, precision.count) == ("too_few", 10, None)


def test_models_months_and_kinds_are_apart() -> None:
    faces = [
        *faces_of((40, "fake", "fake"), (40, "real", "real"), month=7, model="a" * 64),
        *faces_of((35, "fake", "fake"), (40, "real", "real"), month=8),
        *faces_of((10, "real", "fake"), (32, "fake", "real"), month=9, kind="video"),
        *faces_of((31, "fake", "fake"), month=9),
    ]
    new, old = measured(faces).models
    assert (new.version, old.version) == ("fff", "aaa")
    assert old.total.rates.recall.share == 1.0
    august, september = new.months
    assert (august.month, august.rates.recall.share) == ("2026-08", 1.0)
    assert september.rates.recall.share == round(31 / 41, 4)
    image, video = new.kinds
    # Ten fakes of clips are too few, and the image's share beside the total would tell theirs.
    assert (image.rates.recall.withheld, video.rates.recall.withheld) == ("would_reveal", "too_few")
    assert (image.rates.false_alarm_rate.share, video.rates.false_alarm_rate.share) == (0.0, 1.0)


def test_a_tag_that_leaves_few_other_fakes_is_withheld() -> None:
    faces = faces_of((60, "fake", "fake"), (40, "real", "fake"))
    named = measured(faces, teeth=range(10, 50), eyes=range(50, 79), texture=[*range(10), *range(79, 100)])
    tags = {tag.tag: tag.recall for tag in named.models[0].tags}
    assert (tags["eyes"].withheld, tags["eyes"].missing) == ("too_few", 1)
    assert (tags["teeth"].count, tags["teeth"].share) == (40, 1.0)
    most = measured(faces, teeth=range(75)).models[0].tags
    assert [tag.recall.withheld for tag in most] == ["would_reveal"]


def test_changes_to_the_models_verdict_are_counted() -> None:
    faces = [AuditedFace(1, "1", "f", "image", AS_OF, "fake", None, None, None, None)]
    pairs = [
        *[LabelPair(1, "real", "fake")] * 3,
        *[LabelPair(1, "fake", "fake")] * 24,
        LabelPair(1, "fake", "real"),
        *[LabelPair(2, "real", "fake")] * 9,
    ]
    assert measure_models(faces, {}, pairs, AS_OF).models[0].changed_to_model.missing == 2
    pairs += [LabelPair(1, "fake", "fake")] * 2
    assert measure_models(faces, {}, pairs, AS_OF).models[0].changed_to_model.share == 0.1


def test_a_new_month_does_not_withhold_earlier_ones() -> None:
    september = faces_of((40, "fake", "fake"), (40, "real", "real"), month=9)
    october = faces_of((8, "real", "fake"), (12, "real", "real"), month=10, kind="video")
    (model,) = measured([*september, *october]).models
    assert [month.rates.recall.share for month in model.months] == [1.0, None]
    assert model.months[1].rates.recall.missing == 22
    # All faces are counted, but the shares leave October out.
    assert (model.total.drawn, model.total.rates.recall.count, model.total.rates.recall.share) == (
        100,
        40,
        1.0,
    )
    # Two small months are enough together.
    (model,) = measured(
        [*september, *october, *faces_of((28, "real", "fake"), (25, "real", "real"), month=11)]
    ).models
    assert model.total.rates.recall.count == 76


def test_no_published_figures_tell_a_share_of_few_faces() -> None:
    """Months are subtracted from all faces, and kinds from each other, as a reader could do."""
    chance = random.Random(7)
    shown = 0
    for _ in range(40):
        drawn = [
            faces_of(
                *(
                    (chance.randrange(30), verdict, value)
                    for verdict in ("fake", "real")
                    for value in ("fake", "real")
                ),
                month=month,
                kind=kind,
            )
            for month in (7, 8, 9)
            for kind in ("image", "video")
        ]
        model = measured([face for part in drawn for face in part]).models[0]
        for rate, value in ((ModelRate.RECALL, "fake"), (ModelRate.FALSE_ALARM_RATE, "real")):
            count = model.total.rates.by_rate()[rate].count or 0
            months = {month.month: month.rates.by_rate()[rate].count or 0 for month in model.months}
            kinds = [kind.rates.by_rate()[rate].count or 0 for kind in model.kinds]
            shown += sum(bool(number) for number in (*months.values(), *kinds))
            present = sum(face.decision == value for part in drawn for face in part)
            in_total = dict(months)
            if count < present:
                # Small months are left out.
                in_total = {
                    month: number
                    for month, number in months.items()
                    if all(
                        sum(
                            face.decision == decision
                            for part in drawn
                            for face in part
                            if f"{face.analysed_at:%Y-%m}" == month
                        )
                        >= MIN_FACES
                        for decision in ("fake", "real")
                    )
                }
            for rest in (count - sum(in_total.values()), count - sum(kinds)):
                assert not count or rest == 0 or rest >= MIN_FACES
    assert shown > 60


def test_an_empty_sample_has_no_models() -> None:
    assert measured([]).models == []
