"""Progress of a visit's analyses as text for the visitor."""

from __future__ import annotations

import time
from typing import Any

from laanet_core.results import AnalysisResult
from webapp.services.analysis.progress import VisitProgress
from webapp.texts import Texts
from webapp.texts.sentences import percent_text
from webapp.ui.pages.analyse.eta import TimeEstimate


class ProgressText:
    """Display of phase, queue position, remaining time and a clip's interim verdict for `count` files.

    The analysis calls it with the progress of the present file. It calls `display` as one calls
    `gradio.Progress`: with the finished fraction of all files, and with the text as `desc`.
    """

    def __init__(self, texts: Texts, count: int, display: Any) -> None:
        self._texts = texts
        self._count = count
        self._display = display
        self._estimate = TimeEstimate(time.monotonic)
        self._index = 0
        self._interim_verdict = ""

    def start_file(self, index: int) -> None:
        """Start to display the file at `index`, which counts from 0."""
        self._index = index
        self._interim_verdict = ""

    def show_interim(self, result: AnalysisResult) -> None:
        """Set the interim verdict, over the frames judged so far. The next call displays it."""
        if result.verdict is not None and result.fake_prob is not None:
            self._interim_verdict = self._texts.interim_verdict.format(
                verdict=self._texts.verdicts[result.verdict],
                number=percent_text(result.fake_prob, self._texts),
            )

    def __call__(self, progress: VisitProgress) -> None:
        """Display the progress of the present file."""
        texts = self._texts
        fraction = (self._index + progress.fraction) / self._count
        parts = []
        if self._count > 1:
            parts.append(texts.file_position.format(number=self._index + 1, count=self._count))
        parts.append(texts.stages.get(progress.phase, progress.phase))
        if progress.ahead:
            parts.append(texts.queue_position.format(count=progress.ahead))
        seconds = self._estimate.update(fraction, is_waiting=progress.is_waiting)
        if seconds is not None:
            parts.append(_remaining_text(seconds, texts))
        parts.append(self._interim_verdict)
        # Each text brings its own punctuation.
        self._display(fraction, desc="".join(parts))


def _remaining_text(seconds: int, texts: Texts) -> str:
    if seconds < 60:
        return texts.left_seconds.format(count=seconds)
    return texts.left_minutes.format(count=round(seconds / 60))
