"""Result dataclasses: heatmaps with their boxes, cautions and formatted numbers."""

from __future__ import annotations

import numpy as np
import pytest

from laanet_core.results import (
    CAUTIONS,
    NOT_JUDGED_REASONS,
    FaceResult,
    Heatmap,
    NotJudgedReason,
    Variant,
    clock_text,
    ordered_cautions,
    size_text,
)


def test_heatmap_is_an_array_that_keeps_its_box() -> None:
    values = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)
    heatmap = Heatmap(values, (1.0, 2.0, 5.0, 6.0))
    assert heatmap.dtype == np.float32
    assert (heatmap * 0.5).box == (1.0, 2.0, 5.0, 6.0)
    assert type(heatmap.values) is np.ndarray
    assert np.array_equal(heatmap.values, values)


def test_cautions_are_unique_and_in_fixed_order() -> None:
    assert ordered_cautions(["first_picture_only", "cut_short", "cut_short", ""]) == (
        "cut_short",
        "first_picture_only",
    )
    assert ordered_cautions(CAUTIONS) == CAUTIONS


def test_only_real_against_fake_is_opposite() -> None:
    assert Variant("jpeg_90", 1.0, 0.9, "fake", "real").opposite
    assert not Variant("jpeg_90", 0.0, 0.5, "inconclusive", "real").opposite
    assert not Variant("half_size", None, None, None, "real").opposite


def test_times_and_sizes_are_whole_numbers() -> None:
    assert [clock_text(seconds) for seconds in (0.0, 12.4, 59.6, 725.0)] == ["0:00", "0:12", "1:00", "12:05"]
    assert size_text((1.2, 2.0, 11.4, 22.6)) == "10 × 21"


@pytest.mark.parametrize("reason", NOT_JUDGED_REASONS)
def test_face_has_a_score_or_a_reason_but_not_both(reason: NotJudgedReason) -> None:
    assert FaceResult((0, 0, 50, 50), 0.99, 1.0, 0.7, "inconclusive").is_judged
    assert not FaceResult((0, 0, 50, 50), 0.99, None, None, None, not_judged=reason).is_judged
    with pytest.raises(ValueError, match=reason):
        FaceResult((0, 0, 50, 50), 0.99, 1.0, 0.7, "inconclusive", not_judged=reason)
