"""Loss curves of a training run, drawn from its log."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.figure import Figure

PLOT = "losses.png"

# Lines of the log that are averaged to one point.
_WINDOW = 5


def draw_losses(log: Path, output: Path, names: tuple[str, ...]) -> None:
    """Draw the losses `names` of a log of JSON lines against the step, as a PNG file.

    Each point is the mean of up to five lines. A resumed run may have logged a step twice; its last line
    counts.
    """
    lines = filter(None, log.read_text(encoding="utf-8").splitlines())
    entries = {entry["step"]: entry for entry in map(json.loads, lines)}
    steps = sorted(entries)
    figure = Figure(figsize=(8, 2.4 * len(names)), layout="constrained")
    for axes, name in zip(figure.subplots(len(names), 1, squeeze=False)[:, 0], names, strict=True):
        values = [entries[step][name] for step in steps]
        averages = [
            sum(values[max(0, end - _WINDOW) : end]) / min(end, _WINDOW) for end in range(1, len(values) + 1)
        ]
        axes.plot(steps, averages)
        axes.set(title=name, xlabel="step")
    figure.savefig(output, dpi=120)
