"""Analyses on a GPU that is lent, refused or fails; `tests/spaces/test_zerogpu.py` forks real processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from laanet_core.inference.detector import Detector
from webapp import zerogpu
from webapp.zerogpu import GpuFailed, LendingDetector, seconds_for


@pytest.fixture(scope="module")
def lending() -> LendingDetector:
    return LendingDetector.from_weights("starter", "cpu")


def failing(title: str, monkeypatch: pytest.MonkeyPatch, after: int = 0) -> list[int]:
    calls: list[int] = []
    lent: Callable[..., Any] = zerogpu.lent

    def ask(crops: Any, flip: bool) -> Any:
        calls.append(len(crops))
        if len(calls) > after:
            raise gr.Error("words", title=title, print_exception=False)
        return lent(crops, flip)

    monkeypatch.setattr(zerogpu, "lent", ask)
    return calls


def test_a_lent_gpu_and_the_processor_say_the_same(
    lending: LendingDetector, detector: Detector, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phases: list[str] = []
    expected = detector.analyse_file(samples / "two_people.jpg")
    lent = lending.analyse_file(
        samples / "two_people.jpg", progress=lambda report: phases.append(report.phase)
    )
    assert lent.fake_prob == pytest.approx(expected.fake_prob, abs=1e-4)
    assert "without_gpu" not in phases
    calls = failing("ZeroGPU quota exceeded", monkeypatch)
    alone = lending.analyse_file(
        samples / "two_people.jpg", progress=lambda report: phases.append(report.phase)
    )
    assert alone.fake_prob == pytest.approx(expected.fake_prob, abs=1e-4)
    assert (calls, phases[-1]) == ([2], "without_gpu")


def test_many_crops_are_asked_for_in_parts_and_the_rest_is_done_here(
    lending: LendingDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zerogpu, "CROPS_PER_CALL", 2)
    size = lending.config.input_size
    crops = list(np.random.default_rng(0).integers(0, 256, (5, size, size, 3), np.uint8))
    expected = Detector.score_crops(lending, crops, flip=False)
    calls = failing("ZeroGPU queue timeout", monkeypatch, after=1)
    found = lending.score_crops(crops, flip=False)
    assert calls == [2, 2]
    np.testing.assert_allclose(found.fake_logit, expected.fake_logit, atol=1e-4)
    assert found.heatmap.shape == expected.heatmap.shape
    assert len(lending.score_crops([]).fake_logit) == 0


def test_a_process_that_died_is_an_error(
    lending: LendingDetector, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing("ZeroGPU worker error", monkeypatch)
    with pytest.raises(GpuFailed):
        lending.analyse_file(samples / "two_people.jpg")


def test_a_call_asks_for_what_it_needs() -> None:
    few, many = (np.zeros((count, 1, 1, 3), np.uint8) for count in (1, zerogpu.CROPS_PER_CALL))
    assert (seconds_for(few, True), seconds_for(many, False), seconds_for(many, True)) == (5, 6, 7)
