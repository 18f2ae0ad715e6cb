"""`measures`: agreement of moderators with each other, with decisions and gold cases, and of heatmaps.

`--json` prints one object. Its keys are stable:

    fewest       least number of cases, labels or regions for a figure; below it `alpha`, `share`, `interval`,
                 `mean_iou`, `median_seconds` and `suggestions` are null
    agreement    {cases, alpha, interval}: faces with two blind labels or more; Krippendorff's alpha, null if
                 all labels are the same; [low, high] of 95 %
    months       [{month, cases, alpha, interval}]: the same by month (YYYY-MM) of a face's first label
    people       [{name, cases, decided_alike, gold_right, switched, median_seconds}]: finished
                 cases; shares of blind labels that equal the decision and the known answer; share of labels
                 changed after the reveal; seconds from the claim to the final label
    everybody    {cases, switched, median_seconds}
    heatmaps     [{version, sha256, pointing, mean_iou}]: regions with the heatmap's peak; overlap
    suggestions  [{case, values: {value: probability}}] of disputed cases, by Dawid and Skene

A share is {hits, count, share, interval}.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from webapp.settings import Settings

# Suggestions with a lower probability are left out, because they would be printed as 0 %.
_LEAST_PROBABILITY = 0.005
_TOO_FEW = "too few to tell"
# Stands for a figure that rests on too few observations, in a row with others.
_DASH = "–"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "measures",
        help="print how well moderators agree with each other and with the heatmaps",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print the measures as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records
    from webapp.bootstrap.commands import label_quality_service
    from webapp.services.accounts import HOST

    with open_records(settings, upgrade=False) as records:
        figures = label_quality_service(records).report(HOST).figures().model_dump(mode="json")
    print(json.dumps(figures) if args.json else as_text(figures))
    return 0


def as_text(figures: Mapping[str, Any]) -> str:
    """Return the figures, in the JSON form of the module's docstring, as lines of text."""
    return "\n".join([*_agreements(figures), *_people(figures), *_heatmaps(figures), *_suggestions(figures)])


def _agreements(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "Krippendorff's alpha of blind labels, 95 % interval, faces with two labels or more"
    all_months = {"month": "all", **figures["agreement"]}
    yield _agreement_line(all_months, figures["fewest"])
    for month in figures["months"]:
        if month["cases"] >= figures["fewest"]:
            yield _agreement_line(month, figures["fewest"])
    yield from _few(((month["month"], month["cases"]) for month in figures["months"]), figures)


def _agreement_line(month: Mapping[str, Any], fewest: int) -> str:
    return f"  {month['month']:9} {_alpha(month, fewest)}, {month['cases']}"


def _few(rows: Iterable[tuple[str, int]], figures: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line about those rows with too few observations, if there are any."""
    names = [f"{name} ({count})" for name, count in rows if count < figures["fewest"]]
    if names:
        yield f"  {_TOO_FEW}, fewer than {figures['fewest']}: {', '.join(names)}"


def _alpha(agreement: Mapping[str, Any], fewest: int) -> str:
    if agreement["cases"] < fewest:
        return _TOO_FEW
    if agreement["alpha"] is None:
        return "all labels are the same"
    return f"{agreement['alpha']:.2f}{_interval(agreement['interval'])}"


def _people(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "Moderators: cases; as decided; gold cases right; changed after the reveal; median time"
    counts = {person["name"]: _observations(person) for person in figures["people"]}
    for person in figures["people"]:
        if counts[person["name"]] < figures["fewest"]:
            continue
        shares = "; ".join(_share(person[name]) for name in ("decided_alike", "gold_right", "switched"))
        yield f"  {person['name']}: {person['cases']}; {shares}; {_seconds(person)}"
    yield from _few(counts.items(), figures)
    everybody = figures["everybody"]
    switched = _share(everybody["switched"])
    yield f"  everybody: {everybody['cases']}; changed after the reveal {switched}; {_seconds(everybody)}"


def _heatmaps(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "Heatmaps: peak inside the painted place; mean overlap (IoU)"
    for model in figures["heatmaps"]:
        if model["pointing"]["count"] < figures["fewest"]:
            continue
        iou = _DASH if model["mean_iou"] is None else f"{model['mean_iou']:.2f}"
        yield f"  {model['version']} ({model['sha256'][:8]}): {_share(model['pointing'])}; {iou}"
    yield from _few(
        ((model["version"], model["pointing"]["count"]) for model in figures["heatmaps"]), figures
    )


def _suggestions(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "Suggestions for disputed cases (Dawid and Skene); they decide nothing"
    if figures["suggestions"] is None:
        yield f"  {_TOO_FEW}"
        return
    for suggestion in figures["suggestions"]:
        by_probability = sorted(suggestion["values"].items(), key=lambda value: -value[1])
        texts = []
        for name, probability in by_probability:
            if probability >= _LEAST_PROBABILITY:
                texts.append(f"{name} {probability:.0%}")
        yield f"  {suggestion['case']}: {', '.join(texts)}"


def _share(share: Mapping[str, Any]) -> str:
    if share["share"] is None:
        return _DASH
    percentage = f"{share['share']:.0%}{_interval(share['interval'], '.0%')}"
    return f"{share['hits']} of {share['count']}: {percentage}"


def _observations(person: Mapping[str, Any]) -> int:
    """Return the number of observations of a moderator's best founded figure."""
    shares = (person[name]["count"] for name in ("decided_alike", "gold_right", "switched"))
    return int(max(person["cases"], *shares))


def _seconds(row: Mapping[str, Any]) -> str:
    """Return the median time of a row of `people` or of `everybody`."""
    return _DASH if row["median_seconds"] is None else f"{row['median_seconds']:.0f} s"


def _interval(ends: list[float] | None, number_format: str = ".2f") -> str:
    if ends is None:
        return ""
    low, high = ends
    return f" ({low:{number_format}} to {high:{number_format}})"
