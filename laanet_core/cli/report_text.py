"""The figures of an evaluation as text for people."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

METRICS = ("auc", "ap", "ar", "mf1")


def as_text(outcome: Mapping[str, Any]) -> str:
    """What `evaluate` prints without --json."""
    model = outcome["model"]
    flip = "on" if outcome["flip_test"] else "off"
    lines = [
        f"{model['name']} {model['version']} ({model['sha256'][:12]}), {outcome['split']} split, flip test {flip}"
    ]
    for figures in outcome["sets"].values():
        lines += [
            "",
            f"{figures['title']}: {figures['real']} real, {figures['fake']} fake, {figures['people']} people",
        ]
        lines += _scores(figures)
        lines += _heatmaps(figures)
        lines += _slices(figures)
        lines += _robustness(figures)
    return "\n".join(lines)


def _scores(figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {'':24}" + "".join(f"{metric.upper():>24}" for metric in METRICS)
    for level in ("frame_level", "video_level"):
        yield f"  {level.replace('_', ' '):24}" + "".join(
            f"{_interval(figures[level][metric]):>24}" for metric in METRICS
        )
    for row in figures.get("published", ()):
        cells = "".join(
            f"{'-' if value is None else f'{value / 100:.4f}':>24}" for value in (row["auc"], row["ap"])
        )
        yield f"  {'published, ' + row['training']:24}{cells}"
    yield f"  {'sharpness only':24}{_interval(figures['sharpness_baseline']['auc']):>24}"
    yield "  AUC by pack: " + ", ".join(f"{pack} {auc:.3f}" for pack, auc in figures["auc_by_pack"].items())
    yield f"  calibration: ECE {figures['calibration']['ece']:.3f}, Brier {figures['calibration']['brier']:.3f}"
    for level, verdicts in (("frames", figures["verdicts"]), ("videos", figures["video_level"]["verdicts"])):
        for group, shares in verdicts.items():
            called = ", ".join(f"{share:.1%} called {verdict}" for verdict, share in shares.items())
            yield f"  {level} {group.replace('_', ' ')}: {called}"


def _heatmaps(figures: Mapping[str, Any]) -> Iterator[str]:
    for key, words in (
        ("peak_on_boundary", "on the blending boundary"),
        ("peak_in_altered", "in the altered region"),
    ):
        if figures[key]:
            yield f"  heatmap's peak {words}: {figures[key]['share']:.1%} of {figures[key]['fakes']} fakes"


def _slices(figures: Mapping[str, Any]) -> Iterator[str]:
    for measure, rows in itertools.groupby(figures["slices"], key=lambda row: row["measure"]):
        yield f"  AUC by {measure}:"
        for row in rows:
            auc = _interval(row["auc"]) if row["auc"] else "too few to say"
            yield f"    {row['slice']:20}{auc:>24}   {row['real']} real, {row['fake']} fake"


def _robustness(figures: Mapping[str, Any]) -> Iterator[str]:
    for name, rows in itertools.groupby(
        figures.get("robustness", ()), key=lambda row: f"{row['corruption']} ({row['unit']})"
    ):
        yield f"  AUC at {name}: " + ", ".join(
            f"{row['level']:g}: {row['auc']:.3f} ({-row['drop']:+.3f})" for row in rows
        )


def _interval(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"
