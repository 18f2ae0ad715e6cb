from __future__ import annotations

from laanet_core.cli.report_text import as_text
from laanet_core.evaluation.metrics import VerdictShares
from laanet_core.evaluation.public_benchmarks import PublishedResult
from laanet_core.evaluation.report import (
    CorruptionAuc,
    CrossAuc,
    Estimate,
    EvaluationReport,
    FalseAlarms,
    ForgerSummary,
    MetricEstimates,
    PeakShare,
    SetReport,
    SubgroupAuc,
    VerdictsByClass,
)
from laanet_core.results import ModelInfo

AUC = Estimate(0.9, 0.85, 0.95)
METRICS = MetricEstimates(auc=AUC, ap=AUC, ar=AUC, mf1=AUC)
VERDICTS = VerdictsByClass(VerdictShares(0.8, 0.15, 0.05), VerdictShares(0.1, 0.2, 0.7))


def test_the_text_has_every_part_of_the_report() -> None:
    figures = SetReport(
        title="a set",
        real=6,
        fake=7,
        people=5,
        videos=4,
        frame_level=METRICS,
        video_level=METRICS,
        frame_verdicts=VERDICTS,
        video_verdicts=VERDICTS,
        sharpness_auc=AUC,
        ece=0.031,
        brier=0.12,
        peak_on_boundary=PeakShare(0.75, 4),
        peak_in_altered=None,
        auc_by_pack={"photos": 0.9},
        subgroups=[SubgroupAuc("face size", "10 to 20", 3, 3, None)],
        published=[PublishedResult("SBI", 95.4, None)],
        robustness=[CorruptionAuc("jpeg", 50.0, "quality", 0.8, 0.1)],
        equal_sharpness_auc=Estimate(0.66, 0.6, 0.7),
    )
    model = ModelInfo(name="tiny", version="1", sha256="0123456789abcdef")
    cross = CrossAuc(mean=0.7, worst=0.6, worst_pair=("a", "b"), table={})
    forgers = ForgerSummary(["a", "b"], AUC, AUC, AUC, cross)
    alarms = FalseAlarms("pack", "album", 40, Estimate(0.05, 0.01, 0.17))
    text = as_text(EvaluationReport(model, "val", 0, True, {"set": figures}, forgers, [alarms]))
    for expected in (
        "tiny 1 (0123456789ab), val split, flip test on",
        "mean AUC over 2 sets of forgers (a, b):",
        "Cross-AUC: mean 0.700, worst 0.600 (real faces of a, fakes of b)",
        "a set: 6 real, 7 fake, 5 people",
        "0.900 [0.850, 0.950]",
        "0.660 [0.600, 0.700]",
        "real faces called fake, by pack:",
        "0.050 [0.010, 0.170]   40 real",
        "published, SBI",
        "0.9540",
        "calibration: ECE 0.031, Brier 0.120",
        "frames of real: 80.0% called real, 15.0% called inconclusive, 5.0% called fake",
        "heatmap's peak on the blending boundary: 75.0% of 4 fakes",
        "too few faces   3 real, 3 fake",
        "AUC at jpeg (quality): 50: 0.800 (-0.100)",
    ):
        assert expected in text
    assert "altered region" not in text
