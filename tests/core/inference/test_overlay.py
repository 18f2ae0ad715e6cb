from __future__ import annotations

import numpy as np
import pytest

from laanet_core.inference.overlay import draw_overlay, heat_layer
from laanet_core.results import FaceResult, Heatmap, Verdict


def face(verdict: Verdict | None, *, heat: float = 1.0) -> FaceResult:
    values = np.zeros((56, 56), np.float32)
    values[20:30, 20:30] = heat
    return FaceResult(
        (100, 100, 200, 200), 1.0, 0.0, 0.5, verdict, heatmap=Heatmap(values, (80, 80, 220, 220))
    )


def test_overlay_changes_a_copy_and_only_at_the_face() -> None:
    rgb = np.full((300, 400, 3), 128, np.uint8)
    drawn = draw_overlay(rgb, [face("fake")])
    assert (rgb == 128).all()
    changed = (drawn != rgb).any(axis=2)
    assert changed.any()
    rows, columns = np.nonzero(changed)
    assert rows.min() > 70
    assert rows.max() < 230
    assert columns.min() > 70
    assert columns.max() < 230


@pytest.mark.parametrize("skin", [(40, 26, 20), (110, 72, 52), (198, 150, 120), (250, 224, 205)])
def test_heat_is_visible_on_every_skin_colour(skin: tuple[int, int, int]) -> None:
    rgb = np.empty((300, 400, 3), np.uint8)
    rgb[:] = skin
    drawn = draw_overlay(rgb, [face(None)], opacity=0.6)
    assert np.linalg.norm(drawn[142, 142].astype(float) - skin) > 80
    assert np.array_equal(draw_overlay(rgb, [face(None)], opacity=0)[142, 142], rgb[142, 142])


def test_faint_heat_stays_clear() -> None:
    assert heat_layer((300, 400), [face("real", heat=0.04)])[..., 3].max() == 0
    layer = heat_layer((300, 400), [face("fake")])
    assert layer.shape == (300, 400, 4)
    assert layer[142, 142, 3] == 255
    assert layer[250, 300, 3] == 0


def test_faces_at_the_edge_and_scaled_pictures() -> None:
    values = np.ones((56, 56), np.float32)
    outside = FaceResult((0, 0, 50, 50), 1.0, 0.0, 0.5, "fake", heatmap=Heatmap(values, (-30, -30, 80, 80)))
    assert draw_overlay(np.zeros((60, 60, 3), np.uint8), [outside]).shape == (60, 60, 3)
    half = heat_layer((150, 200), [face("fake")], scale=0.5)
    assert half[71, 71, 3] == 255
    gone = FaceResult((0, 0, 50, 50), 1.0, 0.0, 0.5, "fake", heatmap=Heatmap(values, (500, 500, 600, 600)))
    assert heat_layer((60, 60), [gone])[..., 3].max() == 0


def test_verdicts_look_different() -> None:
    rgb = np.full((300, 400, 3), 128, np.uint8)
    verdicts: list[Verdict | None] = ["fake", "real", "inconclusive", None]
    drawn = [draw_overlay(rgb, [face(verdict)]) for verdict in verdicts]
    assert all(not np.array_equal(a, b) for number, a in enumerate(drawn) for b in drawn[:number])


def test_impossible_opacities_are_refused() -> None:
    with pytest.raises(ValueError, match="opacity"):
        draw_overlay(np.zeros((10, 10, 3), np.uint8), [], opacity=1.5)
