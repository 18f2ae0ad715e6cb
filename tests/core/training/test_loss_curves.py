from __future__ import annotations

import json
from pathlib import Path

from laanet_core.media.images import read_image
from laanet_core.training.loss_curves import draw_losses


def test_the_last_line_of_a_step_is_drawn(tmp_path: Path) -> None:
    plots = []
    for number, last in enumerate((0.2, 0.2, 0.9)):
        log = tmp_path / f"{number}.jsonl"
        values = [(10, 0.7 if number else 0.3), (20, 0.5), (10, 0.3), (30, last)]
        log.write_text("\n".join(json.dumps({"step": step, "total": value}) for step, value in values))
        draw_losses(log, tmp_path / f"{number}.png", ("total",))
        plots.append(read_image(tmp_path / f"{number}.png"))
    assert (plots[0] == plots[1]).all()
    assert (plots[0] != plots[2]).any()
