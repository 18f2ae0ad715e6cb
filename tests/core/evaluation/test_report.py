from __future__ import annotations

import pytest

from laanet_core.decision import DecisionConfig
from laanet_core.evaluation.predictions import Prediction
from laanet_core.evaluation.report import frame_auc, report_set


def prediction(
    number: int, label: int, logit: float, *, video: str | None = None, hit: bool | None = None
) -> Prediction:
    return Prediction(
        name=f"{number}",
        label=label,
        pack="photos",
        person=f"person-{number}",
        video=video or f"{number}",
        fake_logit=logit,
        sharpness=10.0 * number,
        peak_on_boundary=hit,
        peak_in_altered=None,
        face_size=100.0 + number,
        brightness=50.0,
        skin_tone=30.0,
    )


def six_predictions() -> list[Prediction]:
    logits = [-2.0, -1.0, 1.0, -0.5, 2.0, 3.0]
    labels = [0, 0, 0, 1, 1, 1]
    return [
        prediction(number, label, logit, hit=bool(number % 2) if label else None)
        for number, (label, logit) in enumerate(zip(labels, logits, strict=True))
    ]


def test_report_of_a_case_worked_by_hand() -> None:
    decision = DecisionConfig(real_below=0.3, fake_above=0.8)
    report = report_set(six_predictions(), decision, title="six", bootstrap=50)
    assert (report.real, report.fake, report.people, report.videos) == (3, 3, 6, 6)
    assert report.frame_level.auc.value == pytest.approx(8 / 9, abs=1e-4)
    assert report.frame_level.ar.value == pytest.approx(2 / 3, abs=1e-4)
    # The fakes have the greater sharpness.
    assert report.sharpness_auc.value == 0.0
    assert report.peak_on_boundary is not None
    assert report.peak_on_boundary.share == pytest.approx(0.6667)
    assert report.peak_on_boundary.fakes == 3
    assert report.peak_in_altered is None
    verdicts = report.frame_verdicts.of_real
    assert (verdicts.real, verdicts.inconclusive, verdicts.fake) == (0.6667, 0.3333, 0.0)
    auc = report.frame_level.auc
    assert auc.low <= auc.value <= auc.high
    assert frame_auc(six_predictions()) == auc.value
    assert all(row.auc is None for row in report.subgroups)


def test_json_keeps_the_keys_that_other_programs_read() -> None:
    values = report_set(six_predictions(), DecisionConfig(), title="six", bootstrap=20).to_json()
    assert list(values) == [
        "real", "fake", "people", "frame_level", "video_level", "sharpness_baseline", "calibration",
        "verdicts", "peak_on_boundary", "peak_in_altered", "auc_by_pack", "slices", "title",
    ]  # fmt: skip
    assert list(values["frame_level"]) == ["auc", "ap", "ar", "mf1"]
    assert list(values["video_level"]) == ["videos", "auc", "ap", "ar", "mf1", "verdicts"]
    assert set(values["frame_level"]["auc"]) == {"value", "low", "high"}
    assert values["peak_on_boundary"] == {"share": 0.6667, "fakes": 3}
    assert set(values["slices"][0]) == {"measure", "slice", "real", "fake", "auc"}
    assert set(values["verdicts"]["of_fake"]) == {"real", "inconclusive", "fake"}


def test_video_level_averages_logits() -> None:
    frames = [
        prediction(0, 0, 3.0, video="a"),
        prediction(1, 0, -5.0, video="a"),
        prediction(2, 1, 1.0, video="b"),
        prediction(3, 1, -0.5, video="b"),
    ]
    report = report_set(frames, DecisionConfig(), bootstrap=20)
    assert report.frame_level.auc.value == 0.5
    assert report.videos == 2
    assert report.video_level.auc.value == 1.0
