"""Published figures: withheld below MIN_OBSERVATIONS observations, rounded above."""

from __future__ import annotations

from laanet_core.evaluation.metrics import Interval
from webapp.services.label_quality.report import (
    MIN_OBSERVATIONS,
    HeatmapStats,
    LabelAgreement,
    LabelQualityReport,
    ModeratorStats,
    Proportion,
)


def report_of(count: int) -> LabelQualityReport:
    """Return a report in which every figure rests on `count` observations."""
    proportion = Proportion(count // 3, count)
    agreement = LabelAgreement("2026-01", count, 0.123456, Interval(-0.1, 0.55567))
    return LabelQualityReport(
        agreement=LabelAgreement("", count, 0.5, Interval(0.25, 0.75)),
        months=(agreement,),
        people=(ModeratorStats(7, "mia", count, proportion, proportion, proportion, 12.345),),
        heatmaps=(HeatmapStats("1.2", "f" * 64, proportion, 0.98765),),
        cases=count,
        switched=proportion,
        median_seconds=12.345,
        suggestions={"c" * 32: {"fake": 0.9, "real": 0.1}},
    )


def test_figures_of_few_observations_are_withheld() -> None:
    figures = report_of(MIN_OBSERVATIONS - 1).figures().model_dump(mode="json")
    withheld = {"hits": 3, "count": 9, "share": None, "interval": None}
    assert figures == {
        "fewest": 10,
        "agreement": {"cases": 9, "alpha": None, "interval": None},
        "months": [{"month": "2026-01", "cases": 9, "alpha": None, "interval": None}],
        "people": [
            {
                "name": "mia",
                "cases": 9,
                "decided_alike": withheld,
                "gold_right": withheld,
                "switched": withheld,
                "median_seconds": None,
            }
        ],
        "everybody": {"cases": 9, "switched": withheld, "median_seconds": None},
        "heatmaps": [{"version": "1.2", "sha256": "f" * 64, "pointing": withheld, "mean_iou": None}],
        "suggestions": None,
    }


def test_figures_of_enough_observations_are_rounded() -> None:
    figures = report_of(12).figures().model_dump(mode="json")
    assert figures["agreement"] == {"cases": 12, "alpha": 0.5, "interval": [0.25, 0.75]}
    assert figures["months"][0]["interval"] == [-0.1, 0.5557]
    assert figures["people"][0]["switched"]["share"] == 0.3333
    assert figures["everybody"]["median_seconds"] == 12.3
    assert figures["heatmaps"][0]["mean_iou"] == 0.9877
    assert figures["suggestions"] == [{"case": "c" * 32, "values": {"fake": 0.9, "real": 0.1}}]


def test_an_impossible_agreement_stays_unknown() -> None:
    figures = LabelAgreement("", 50, None, None).figures()
    assert (figures.cases, figures.alpha, figures.interval) == (50, None, None)
    assert Proportion(0, 0).interval is None
