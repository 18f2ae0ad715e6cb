"""One network for many callers: what several of them ask at a time is judged together.

Whoever comes while the network is at work stands in line; whoever comes first once it is free takes what fits into one batch, judges it,
and hands the answers out. So nobody who is alone waits for anything, and the batches grow by themselves where many come. A network that
takes several calls side by side is given one caller's images each.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from laanet_core.modeling.laanet import LAANetOutput
from laanet_core.runtimes.base import Runtime

GATHER_SECONDS = 0.003  # that a batch waits for others who are on their way
CLIP_PATIENCE = 0.5  # seconds for which pictures that come later go before a clip's frames; then the clip has waited long enough


@dataclass(eq=False)
class _Asked:
    """Images of one caller, in line by `due`; then their answer, or what went wrong."""

    images: Tensor
    due: float
    answer: LAANetOutput | None = None
    error: BaseException | None = None

    @property
    def settled(self) -> bool:
        return self.answer is not None or self.error is not None


class Shared:
    """A runtime that is safe between threads (see `Runtime`). `gather`: seconds that a batch waits for callers who are present but not in
    line yet, where the runtime gains by company.

    Callers come with at most `batch_size` images at a time, as `score_crops` does, and with the next ones stand in line again: so a crowd
    holds a single face up by one batch at most, or by one of each of those who are judged side by side. An answer does not depend on the
    company beyond rounding, an error is that of whoever caused it.
    """

    def __init__(self, runtime: Runtime, *, gather: float = GATHER_SECONDS) -> None:
        self.config, self.device, self.info = runtime.config, runtime.device, runtime.info
        self.batch_size, self.company = runtime.batch_size, runtime.company
        self.side_by_side = runtime.side_by_side
        self._runtime = runtime
        self._gather = gather if runtime.company else 0.0
        self._changed = threading.Condition()
        self._line: list[_Asked] = []
        self._own = threading.local()
        self._present = 0
        self._at_work = 0

    @contextlib.contextmanager
    def visit(self, *, patience: float = 0.0) -> Iterator[None]:
        """For as long as this thread will want to ask: others may be kept waiting for it, as long as `gather` allows. `patience`: seconds
        for which others who come later go first.
        """
        before = self._patience()
        self._own.patience = patience
        with self._changed:
            self._present += 1
        try:
            yield
        finally:
            self._own.patience = before
            with self._changed:
                self._present -= 1
                self._changed.notify_all()

    def __call__(self, images: Tensor) -> LAANetOutput:
        asked = _Asked(images, time.monotonic() + self._patience())
        with self._changed:
            self._line.append(asked)
            self._changed.notify_all()
        try:
            while batch := self._turn(asked):
                try:
                    self._judge(batch)
                finally:
                    with self._changed:
                        self._at_work -= 1
                        self._changed.notify_all()
        finally:
            self._leave(asked)
        if asked.answer is None:
            raise asked.error or AssertionError("settled without an answer")
        return asked.answer

    def _patience(self) -> float:
        patience: float = getattr(self._own, "patience", 0.0)
        return patience

    def _turn(self, asked: _Asked) -> list[_Asked]:
        """Waits until the network is free for this caller; whom he is to judge then, nobody where somebody else has answered him."""
        with self._changed:
            self._changed.wait_for(lambda: asked.settled or self._is_free(asked))
            if asked.settled:
                return []
            self._at_work += 1
            if self.side_by_side == 1:
                return self._batch()
            self._line.remove(asked)
            self._changed.notify_all()  # another is first in line now, and there may be room
            return [asked]

    def _leave(self, asked: _Asked) -> None:
        """Whoever was interrupted in the line: those behind him would wait for him."""
        with self._changed:
            if asked in self._line:
                self._line.remove(asked)
                self._changed.notify_all()

    def _is_free(self, asked: _Asked) -> bool:
        if self.side_by_side == 1:
            return not self._at_work
        return self._at_work < self.side_by_side and asked is min(self._line, key=lambda one: one.due)

    def _batch(self) -> list[_Asked]:
        """Who was due first, and of the others in their order those who fit in beside him; they leave the line."""
        if self._gather:
            self._changed.wait_for(self._all_there, self._gather)
        batch: list[_Asked] = []
        room = self.batch_size
        for asked in sorted(self._line, key=lambda one: one.due):
            if not batch or len(asked.images) <= room:
                batch.append(asked)
                room -= len(asked.images)
        self._line = [asked for asked in self._line if asked not in batch]
        return batch

    def _all_there(self) -> bool:
        return (
            len(self._line) >= self._present
            or sum(len(asked.images) for asked in self._line) >= self.batch_size
        )

    def _judge(self, batch: Sequence[_Asked]) -> None:
        try:
            output = self._runtime(_joined([asked.images for asked in batch]))
        except BaseException as error:  # noqa: BLE001 (raised again by whoever asked)
            if len(batch) == 1:
                batch[0].error = error
                return
            for asked in batch:
                self._judge([asked])
            return
        start = 0
        for asked in batch:
            end = start + len(asked.images)
            asked.answer = LAANetOutput(output.fake_logit[start:end], output.heatmap_logits[start:end], None)
            start = end


def _joined(parts: Sequence[Tensor]) -> Tensor:
    """All images of some (N, 3, S, S) on one device, channels last in memory."""
    if len(parts) == 1:
        return parts[0]
    if parts[0].device.type != "cpu":
        return torch.cat(list(parts))
    # torch would share this little work among all threads
    return torch.from_numpy(np.concatenate([part.permute(0, 2, 3, 1).numpy() for part in parts])).permute(
        0, 3, 1, 2
    )
