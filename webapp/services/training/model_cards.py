"""What is said beside published weights and pictures: where they come from, how well they do, what they are not for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from webapp.domain.enums import Part

_MODEL = """---
license: other
library_name: laanet-lens
tags: [deepfake-detection, face-forgery, laa-net]
---

# {name} {version}

Tells whether a face in a photograph shows traces of having been blended into it, and where (LAA-Net, CVPR 2024). Fine-tuned with
LAA-Net Lens. sha256 of the weights `{sha256}`; ancestry: {lineage}.{notice}

```python
Detector.from_weights("hf://{repository}@{version}")
```

## Data

{data}

No picture, file name or address of a visitor is part of these weights' files.

## Figures

{figures}

## Verdicts

Temperature {temperature:g}; *real* below {real_below:g}, *fake* above {fake_above:g}, inconclusive between. Not for deciding
anything about a person: no evidence in a dispute, no accusation, no identification. Whole faces drawn by a generator, lip-sync and edits
away from the face are outside what it sees.
"""

_DATASET = """---
license: other
tags: [deepfake-detection]
---

# Faces whose visitors agreed, as moderators decided

{items} faces ({labels}), cut out of what visitors of an installation of LAA-Net Lens gave, each decided by moderators; texts of
consent: {consents}.
`metadata` has a row for each: `label`, `part` (train, val, gold), `group` (near-duplicates share one), `provenance` (agreement, majority or
adjudication), `region` (a mask that a moderator painted). The gold part is for measuring: please never learn from it.
"""


def model_card(
    config: Mapping[str, Any], lineage: Sequence[str], report: Mapping[str, Any] | None, repository: str
) -> str:
    """Of weights whose config.json this is, for the repository where they will lie; `report` is the gate's, if it went through it."""
    decision = config["decision"]
    return _MODEL.format(
        repository=repository,
        name=config["model"]["name"],
        version=config["version"],
        sha256=config["sha256"],
        lineage=" < ".join(lineage),
        notice=f" {config['notice']}" if config.get("notice") else "",
        data=_data(config),
        figures=_figures(report),
        temperature=decision["temperature"],
        real_below=decision["real_below"],
        fake_above=decision["fake_above"],
    )


def dataset_card(seal: Mapping[str, Any]) -> str:
    counts = Counter(item["label"] for item in seal["items"])
    labels = ", ".join(f"{count} {label}" for label, count in sorted(counts.items()))
    return _DATASET.format(items=len(seal["items"]), labels=labels, consents=", ".join(seal["consents"]))


def _data(config: Mapping[str, Any]) -> str:
    snapshot = config.get("snapshot")
    if snapshot is None:
        return "The weights are as their host named them; see their own card."
    replayed = config.get("run", {}).get("replay")
    beside = "; replayed beside them was a data set that is not part of this repository" if replayed else ""
    return (
        f"{_parts(snapshot)} All are of snapshot `{snapshot['id']}` (sha256 `{snapshot['sha256']}`): pictures whose visitors agreed that "
        "they are kept and learned from, each labelled blindly by moderators and decided by their agreement, majority or an adjudicator; "
        f"votes of visitors alone were never learned from{beside}. Near-duplicates lie in one part."
    )


def _parts(snapshot: Mapping[str, Any]) -> str:
    """What each part was for; weights of before the parts were counted by label know the sums alone."""
    parts = snapshot.get("parts")
    if parts is None:
        return f"Learned from the train part of {_counted(snapshot)}; the gold part is for measuring, and was never learned from."
    train, val, gold = (_counted(parts[part]) for part in Part)
    return (
        f"Learned from {train} (the train part). Thresholds were chosen on {val} (val). "
        f"Kept apart for measuring, and never learned from: {gold} (gold)."
    )


def _counted(counts: Mapping[str, int]) -> str:
    return f"{counts['real']} real and {counts['fake']} fake faces"


def _figures(report: Mapping[str, Any] | None) -> str:
    if report is None:
        return "These weights did not go through the gate: they are what its champions are measured against."
    rows = ["| what | this version | the one before | difference, 95 % |", "|---|---|---|---|"]
    for check in report["checks"]:
        interval = "" if check["low"] is None else f"{check['low']:+.4f} to {check['high']:+.4f}"
        figures = [
            ("-" if check[which] is None else f"{check[which]:.4f}") for which in ("candidate", "champion")
        ]
        rows.append(f"| {check['name']} | {figures[0]} | {figures[1]} | {interval} |")
    before = report["champion"].get("version", "")
    return "\n".join(
        [*rows, "", f"Measured against {before} on the gold part of snapshot `{report['snapshot']}`."]
    )
