"""What a visitor is told while files are analysed."""

from __future__ import annotations

import time
from typing import Any

from laanet_core.results import AnalysisResult, number_text
from webapp.texts import Texts
from webapp.ui.pages.analyse.eta import Remaining


class Telling:
    """Tells the visitor how far the analysis of several files is, how long the rest will take, and what is known of a clip already."""

    def __init__(self, texts: Texts, count: int, progress: Any) -> None:
        self._texts, self._count, self._progress = texts, count, progress
        self._remaining = Remaining(time.monotonic)
        self._number, self._so_far = 0, ""

    def begin(self, number: int) -> None:
        """The file of that number, from 0 on, is next."""
        self._number, self._so_far = number, ""

    def early(self, result: AnalysisResult) -> None:
        if result.verdict is not None and result.fake_prob is not None:
            verdict = self._texts.verdicts[result.verdict]
            self._so_far = self._texts.interim_verdict.format(
                verdict=verdict, number=number_text(result.fake_prob)
            )

    def __call__(self, done: float, stage: str) -> None:
        texts, fraction = self._texts, (self._number + done) / self._count
        place = (
            texts.file_position.format(number=self._number + 1, count=self._count) if self._count > 1 else ""
        )
        phase, _, before = stage.partition(" ")
        left = self._remaining.left(fraction, waiting=phase == "waiting")
        first = texts.queue_position.format(count=before) if before not in ("", "0") else ""
        self._progress(
            fraction, desc=place + texts.stages.get(phase, phase) + first + _left(left, texts) + self._so_far
        )


def _left(seconds: int | None, texts: Texts) -> str:
    if seconds is None:
        return ""
    return (
        texts.left_seconds.format(count=seconds)
        if seconds < 60
        else texts.left_minutes.format(count=round(seconds / 60))
    )
