"""Evaluation report as plain text."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laanet_core.evaluation.metrics import VerdictShares
    from laanet_core.evaluation.report import (
        Estimate,
        EvaluationReport,
        FalseAlarms,
        ForgerSummary,
        MetricEstimates,
        SetReport,
    )

METRICS = ("auc", "ap", "ar", "mf1")

# Widths of the column of row labels and of each column of numbers, in characters.
_LABEL = 24
_CELL = 24


def as_text(report: EvaluationReport) -> str:
    """Return the output of `evaluate` without --json."""
    model = report.model
    flip = "on" if report.flip_test else "off"
    lines = [
        f"{model.name} {model.version} ({model.sha256[:12]}), {report.split} split, flip test {flip}",
    ]
    if report.forgers is not None:
        lines += ["", *_forger_lines(report.forgers)]
    if report.false_alarms:
        lines += ["", *_false_alarm_lines(report.false_alarms)]
    for figures in report.sets.values():
        counts = f"{figures.real} real, {figures.fake} fake, {figures.people} people"
        lines += ["", f"{figures.title}: {counts}"]
        lines += _metric_lines(figures)
        lines += _peak_lines(figures)
        lines += _subgroup_lines(figures)
        lines += _robustness_lines(figures)
    return "\n".join(lines)


def _forger_lines(summary: ForgerSummary) -> Iterator[str]:
    yield f"mean AUC over {len(summary.forgers)} sets of forgers ({', '.join(summary.forgers)}):"
    yield f"  {'frame level':{_LABEL}}{_interval(summary.frame_auc):>{_CELL}}"
    yield f"  {'video level':{_LABEL}}{_interval(summary.video_auc):>{_CELL}}"
    yield f"  {'sharpness only':{_LABEL}}{_interval(summary.sharpness_auc):>{_CELL}}"
    if summary.cross_auc is not None:
        cross = summary.cross_auc
        real, fake = cross.worst_pair
        yield (
            f"  Cross-AUC: mean {cross.mean:.3f}, "
            f"worst {cross.worst:.3f} (real faces of {real}, fakes of {fake})"
        )


def _false_alarm_lines(rows: Iterable[FalseAlarms]) -> Iterator[str]:
    for measure, group in itertools.groupby(rows, key=lambda row: row.measure):
        yield f"real faces called fake, by {measure}:"
        for row in group:
            yield f"  {row.name:{_LABEL}}{_interval(row.share):>{_CELL}}   {row.real} real"


def _metric_lines(figures: SetReport) -> Iterator[str]:
    yield _row("", [metric.upper() for metric in METRICS])
    yield _estimate_line("frame level", figures.frame_level)
    yield _estimate_line("video level", figures.video_level)
    for result in figures.published or ():
        cells = [_published_value(result.auc), _published_value(result.ap)]
        yield _row(f"published, {result.training}", cells)
    yield _row("sharpness only", [_interval(figures.sharpness_auc)])
    if figures.equal_sharpness_auc is not None:
        yield _row("equal sharpness", [_interval(figures.equal_sharpness_auc)])
    yield "  AUC by pack: " + ", ".join(f"{pack} {auc:.3f}" for pack, auc in figures.auc_by_pack.items())
    yield f"  calibration: ECE {figures.ece:.3f}, Brier {figures.brier:.3f}"
    yield _verdict_line("frames of real", figures.frame_verdicts.of_real)
    yield _verdict_line("frames of fake", figures.frame_verdicts.of_fake)
    yield _verdict_line("videos of real", figures.video_verdicts.of_real)
    yield _verdict_line("videos of fake", figures.video_verdicts.of_fake)


def _estimate_line(label: str, estimates: MetricEstimates) -> str:
    return _row(label, [_interval(getattr(estimates, metric)) for metric in METRICS])


def _published_value(per_cent: float | None) -> str:
    """Return a published metric as a share of 1, like the measured ones; `-` if the paper reports none."""
    return "-" if per_cent is None else f"{per_cent / 100:.4f}"


def _verdict_line(group: str, shares: VerdictShares) -> str:
    return (
        f"  {group}: {shares.real:.1%} called real, "
        f"{shares.inconclusive:.1%} called inconclusive, {shares.fake:.1%} called fake"
    )


def _peak_lines(figures: SetReport) -> Iterator[str]:
    places = {
        "on the blending boundary": figures.peak_on_boundary,
        "in the altered region": figures.peak_in_altered,
    }
    for place, peaks in places.items():
        if peaks is not None:
            yield f"  heatmap's peak {place}: {peaks.share:.1%} of {peaks.fakes} fakes"


def _subgroup_lines(figures: SetReport) -> Iterator[str]:
    for measure, rows in itertools.groupby(figures.subgroups, key=lambda row: row.measure):
        yield f"  AUC by {measure}:"
        for row in rows:
            auc = "too few faces" if row.auc is None else _interval(row.auc)
            yield f"    {row.name:20}{auc:>{_CELL}}   {row.real} real, {row.fake} fake"


def _robustness_lines(figures: SetReport) -> Iterator[str]:
    by_corruption = itertools.groupby(figures.robustness, key=lambda row: (row.corruption, row.unit))
    for (name, unit), rows in by_corruption:
        # A drop of the AUC is printed as a negative change.
        cells = [f"{row.level:g}: {row.auc:.3f} ({-row.drop:+.3f})" for row in rows]
        yield f"  AUC at {name} ({unit}): " + ", ".join(cells)


def _row(label: str, cells: Iterable[str]) -> str:
    """Return one row of the table: a label aligned to the left, cells aligned to the right."""
    return f"  {label:{_LABEL}}" + "".join(f"{cell:>{_CELL}}" for cell in cells)


def _interval(estimate: Estimate) -> str:
    """Return a metric's value with the ends of its 95 % interval."""
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
