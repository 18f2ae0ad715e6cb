"""Evaluation report as plain text."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laanet_core.evaluation.report import Estimate, EvaluationReport, MetricEstimates, SetReport

METRICS = ("auc", "ap", "ar", "mf1")

# Column widths in characters.
_LABEL, _CELL = 24, 24


def as_text(report: EvaluationReport) -> str:
    """Return the output of `evaluate` without --json."""
    model = report.model
    flip = "on" if report.flip_test else "off"
    lines = [
        f"{model.name} {model.version} ({model.sha256[:12]}), {report.split} split, flip test {flip}",
    ]
    for figures in report.sets.values():
        counts = f"{figures.real} real, {figures.fake} fake, {figures.people} people"
        lines += ["", f"{figures.title}: {counts}"]
        lines += _metric_lines(figures)
        lines += _peak_lines(figures)
        lines += _subgroup_lines(figures)
        lines += _robustness_lines(figures)
    return "\n".join(lines)


def _metric_lines(figures: SetReport) -> Iterator[str]:
    yield f"  {'':{_LABEL}}" + "".join(f"{metric.upper():>{_CELL}}" for metric in METRICS)
    yield _estimate_line("frame level", figures.frame_level)
    yield _estimate_line("video level", figures.video_level)
    for row in figures.published or ():
        shares = [None if value is None else value / 100 for value in (row.auc, row.ap)]
        cells = "".join(f"{'-' if share is None else f'{share:.4f}':>{_CELL}}" for share in shares)
        yield f"  {'published, ' + row.training:{_LABEL}}{cells}"
    yield f"  {'sharpness only':{_LABEL}}{_interval(figures.sharpness_auc):>{_CELL}}"
    yield "  AUC by pack: " + ", ".join(f"{pack} {auc:.3f}" for pack, auc in figures.auc_by_pack.items())
    yield f"  calibration: ECE {figures.ece:.3f}, Brier {figures.brier:.3f}"
    for level, verdicts in (("frames", figures.frame_verdicts), ("videos", figures.video_verdicts)):
        for group, shares_of in (("of real", verdicts.of_real), ("of fake", verdicts.of_fake)):
            yield (
                f"  {level} {group}: {shares_of.real:.1%} called real, "
                f"{shares_of.inconclusive:.1%} called inconclusive, {shares_of.fake:.1%} called fake"
            )


def _estimate_line(label: str, estimates: MetricEstimates) -> str:
    cells = [f"{_interval(getattr(estimates, metric)):>{_CELL}}" for metric in METRICS]
    return f"  {label:{_LABEL}}" + "".join(cells)


def _peak_lines(figures: SetReport) -> Iterator[str]:
    for peaks, place in (
        (figures.peak_on_boundary, "on the blending boundary"),
        (figures.peak_in_altered, "in the altered region"),
    ):
        if peaks is not None:
            yield f"  heatmap's peak {place}: {peaks.share:.1%} of {peaks.fakes} fakes"


def _subgroup_lines(figures: SetReport) -> Iterator[str]:
    for measure, rows in itertools.groupby(figures.subgroups, key=lambda row: row.measure):
        yield f"  AUC by {measure}:"
        for row in rows:
            auc = "too few faces" if row.auc is None else _interval(row.auc)
            yield f"    {row.name:20}{auc:>{_CELL}}   {row.real} real, {row.fake} fake"


def _robustness_lines(figures: SetReport) -> Iterator[str]:
    for (name, unit), rows in itertools.groupby(
        figures.robustness, key=lambda row: (row.corruption, row.unit)
    ):
        cells = [f"{row.level:g}: {row.auc:.3f} ({-row.drop:+.3f})" for row in rows]
        yield f"  AUC at {name} ({unit}): " + ", ".join(cells)


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
