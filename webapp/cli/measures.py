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
from collections.abc import Iterator, Mapping
from typing import Any

from webapp.settings import Settings

# Suggestions with a lower probability are left out.
_LEAST = 0.005
_TOO_FEW = "too few to tell"


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
        found = label_quality_service(records).report(HOST).figures().model_dump(mode="json")
    print(json.dumps(found) if args.json else as_text(found))
    return 0


def as_text(found: Mapping[str, Any]) -> str:
    return "\n".join([*_agreements(found), *_people(found), *_heatmaps(found), *_suggestions(found)])


def _agreements(found: Mapping[str, Any]) -> Iterator[str]:
    yield "Krippendorff's alpha of blind labels, 95 % interval, faces with two labels or more"
    for month in ({"month": "all", **found["agreement"]}, *found["months"]):
        yield f"  {month['month']:9} {_alpha(month, found['fewest'])}, {month['cases']}"


def _alpha(agreement: Mapping[str, Any], fewest: int) -> str:
    if agreement["cases"] < fewest:
        return _TOO_FEW
    if agreement["alpha"] is None:
        return "all labels are the same"
    return f"{agreement['alpha']:.2f}{_interval(agreement['interval'])}"


def _people(found: Mapping[str, Any]) -> Iterator[str]:
    yield "Moderators: cases; as decided; gold cases right; changed after the reveal; median time"
    for person in found["people"]:
        shares = "; ".join(_share(person[name]) for name in ("decided_alike", "gold_right", "switched"))
        yield f"  {person['name']}: {person['cases']}; {shares}; {_seconds(person)}"
    everybody = found["everybody"]
    switched = _share(everybody["switched"])
    yield f"  everybody: {everybody['cases']}; changed after the reveal {switched}; {_seconds(everybody)}"


def _heatmaps(found: Mapping[str, Any]) -> Iterator[str]:
    yield "Heatmaps: peak inside the painted place; mean overlap (IoU)"
    for model in found["heatmaps"]:
        iou = _TOO_FEW if model["mean_iou"] is None else f"{model['mean_iou']:.2f}"
        yield f"  {model['version']} ({model['sha256'][:8]}): {_share(model['pointing'])}; {iou}"


def _suggestions(found: Mapping[str, Any]) -> Iterator[str]:
    yield "Suggestions for disputed cases (Dawid and Skene); they decide nothing"
    if found["suggestions"] is None:
        yield f"  {_TOO_FEW}"
    for suggestion in found["suggestions"] or ():
        values = sorted(suggestion["values"].items(), key=lambda value: -value[1])
        texts = (f"{name} {chance:.0%}" for name, chance in values if chance >= _LEAST)
        yield f"  {suggestion['case']}: {', '.join(texts)}"


def _share(share: Mapping[str, Any]) -> str:
    told = (
        _TOO_FEW if share["share"] is None else f"{share['share']:.0%}{_interval(share['interval'], '.0%')}"
    )
    return f"{share['hits']} of {share['count']}: {told}"


def _seconds(of: Mapping[str, Any]) -> str:
    return _TOO_FEW if of["median_seconds"] is None else f"{of['median_seconds']:.0f} s"


def _interval(ends: list[float] | None, form: str = ".2f") -> str:
    return "" if ends is None else f" ({ends[0]:{form}} to {ends[1]:{form}})"
