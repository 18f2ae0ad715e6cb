"""README cards of published weights and data sets: origin, figures and warnings against misuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from webapp.domain.enums import Split
from webapp.services.model_registry.gate_report import GateReport
from webapp.services.training.snapshot_index import SnapshotIndex

_MODEL = """---
license: other
library_name: laanet-lens
tags: [deepfake-detection, face-forgery, laa-net]
---

# {name} {version}

Detects whether a face in a photograph shows traces of blending, and where (LAA-Net, CVPR 2024).
Fine-tuned with LAA-Net Lens. sha256 of the weights: `{sha256}`. Ancestry: {lineage}.{notice}

```python
Detector.from_weights("hf://{repository}@{version}")
```

## Data

{data}

The files of these weights contain no picture, file name or address of a visitor.

## Figures

{figures}

## Verdicts

Temperature {temperature:g}; *real* below {real_below:g}, *fake* above {fake_above:g}, inconclusive between.

Do not use these verdicts to decide anything about a person: not as evidence in a dispute, not to accuse,
not to identify. The model does not cover fully generated faces, lip-sync, or edits away from the face.
"""

_DATASET = """---
license: other
tags: [deepfake-detection]
---

# Faces from consenting visitors, labelled by moderators

{items} faces ({labels}). Each was cropped from a file that a visitor of an installation of LAA-Net Lens
uploaded, and labelled by moderators. Consent texts: {consents}.

| column of `metadata` | meaning |
|---|---|
| `label` | real or fake |
| `part` | train, val or gold |
| `group` | near-duplicates share one |
| `provenance` | agreement, majority or adjudication |
| `region` | mask that a moderator painted |

The gold part is for measuring. Do not train on it.
"""


def model_card(
    config: Mapping[str, Any], lineage: Sequence[str], report: GateReport | None, repository: str
) -> str:
    """Return the README card of weights.

    `config` is the content of their `config.json`. `lineage` names the version and its ancestors.
    `repository` is the name of the repository on the Hub that will contain them.
    """
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


def dataset_card(index: SnapshotIndex) -> str:
    """Return the card of a published snapshot."""
    counts = Counter(item.label for item in index.items)
    labels = ", ".join(f"{count} {label}" for label, count in sorted(counts.items()))
    return _DATASET.format(items=len(index.items), labels=labels, consents=", ".join(index.consents))


def _data(config: Mapping[str, Any]) -> str:
    snapshot = config.get("snapshot")
    if snapshot is None:
        return "These weights were not fine-tuned here; see their own card."
    replay_note = ""
    if config.get("run", {}).get("replay"):
        replay_note = (
            "\nAnother data set was replayed beside the snapshot; it is not part of this repository."
        )
    return (
        f"{_parts(snapshot)}\n"
        f"All faces are from snapshot `{snapshot['id']}` (sha256 `{snapshot['sha256']}`).\n"
        "Their visitors consented to storage and training. Moderators labelled each face blindly;\n"
        "agreement, a majority or an adjudicator decided. Visitors' votes were never learned from.\n"
        f"Near-duplicates are in one part.{replay_note}"
    )


def _parts(snapshot: Mapping[str, Any]) -> str:
    """Describe the use of each split. Older weights record only the totals of the whole snapshot."""
    parts = snapshot.get("parts")
    if parts is None:
        return (
            f"Learned from the train part of {_counts(snapshot)}; "
            "the gold part is for measuring, and was never learned from."
        )
    train, val, gold = (_counts(parts[part]) for part in Split)
    return (
        f"Learned from {train} (the train part). Thresholds were chosen on {val} (val). "
        f"Reserved for measuring, and never learned from: {gold} (gold)."
    )


def _counts(counts: Mapping[str, int]) -> str:
    return f"{counts['real']} real and {counts['fake']} fake faces"


def _figures(report: GateReport | None) -> str:
    if report is None:
        return "These weights did not go through the gate: its candidates are compared with them."
    rows = ["| criterion | this version | the one before | difference, 95 % |", "|---|---|---|---|"]
    for check in report.checks:
        interval = "" if check.low is None else f"{check.low:+.4f} to {check.high:+.4f}"
        rows.append(f"| {check.name} | {_figure(check.candidate)} | {_figure(check.champion)} | {interval} |")
    comparison = f"Compared with {report.champion.version} on the gold part of snapshot `{report.snapshot}`."
    return "\n".join([*rows, "", comparison])


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
