"""Dynamic batching: one runtime shared by many threads, whose images are judged in common batches.

Requests that arrive while the network is busy wait in a queue. The first waiting thread takes as many of
them as fit into one batch, runs it and distributes the results. A thread that is alone never waits, and
batches grow with the load. A runtime that takes several calls at the same time gets one request per call
instead.
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

from laanet_core.errors import CapturedError
from laanet_core.modeling.laanet import LAANetOutput
from laanet_core.runtimes.base import Runtime

# Seconds for which a batch waits for threads that are about to send a request.
GATHER_SECONDS = 0.003

# Seconds for which requests of photos overtake a waiting request of a clip.
CLIP_PATIENCE = 0.5


@dataclass(eq=False)
class _Request:
    """Request of one thread: images (N, 3, S, S), then their output or the error.

    `due` is a time of the monotonic clock; requests are run in the order of these times.
    """

    images: Tensor
    due: float
    output: LAANetOutput | None = None
    error: BaseException | None = None

    @property
    def is_done(self) -> bool:
        return self.output is not None or self.error is not None


@dataclass(frozen=True)
class BatchingStats:
    """Load of a `BatchingRuntime`: threads inside `visit`, queued requests and running batches."""

    visitors: int
    queued_requests: int
    running_batches: int


class BatchingRuntime:
    """Thread-safe `Runtime` that batches the requests of its callers.

    `gather` is the time in seconds for which a batch waits for threads that are inside `visit` but have no
    request in the queue; runtimes that do not gain from batching ignore it.

    A caller sends at most `batch_size` images per request, as `score_crops` does, and queues again for the
    next ones. A caller with many images therefore delays a single face by at most one batch per concurrent
    call. The other requests of a batch change a caller's output by rounding errors only. An error is raised
    only in the thread whose images caused it.
    """

    def __init__(self, runtime: Runtime, *, gather: float = GATHER_SECONDS) -> None:
        self.config = runtime.config
        self.device = runtime.device
        self.info = runtime.info
        self.batch_size = runtime.batch_size
        self.gains_from_batching = runtime.gains_from_batching
        self.max_concurrent_calls = runtime.max_concurrent_calls
        self._runtime = runtime
        self._gather = gather if runtime.gains_from_batching else 0.0
        self._changed = threading.Condition()
        self._queue: list[_Request] = []
        self._this_thread = threading.local()
        self._visitors = 0
        self._running = 0

    @contextlib.contextmanager
    def visit(self, *, patience: float = 0.0) -> Iterator[None]:
        """Announce that this thread is about to send requests, so that batches wait for it.

        Later requests of other threads overtake this thread's for up to `patience` seconds.
        """
        outer_patience = self._patience()
        self._this_thread.patience = patience
        with self._changed:
            self._visitors += 1
        try:
            yield
        finally:
            self._this_thread.patience = outer_patience
            with self._changed:
                self._visitors -= 1
                self._changed.notify_all()

    def __call__(self, images: Tensor) -> LAANetOutput:
        """Run the network on images (N, 3, S, S) float32 in [-1, 1], batched with those of other threads."""
        request = _Request(images, due=time.monotonic() + self._patience())
        with self._changed:
            self._queue.append(request)
            self._changed.notify_all()
        try:
            while batch := self._wait_for_batch(request):
                try:
                    self._run(batch)
                finally:
                    with self._changed:
                        self._running -= 1
                        self._changed.notify_all()
        finally:
            self._withdraw(request)
        if request.output is None:
            raise request.error or AssertionError("a finished request has neither output nor error")
        return request.output

    def stats(self) -> BatchingStats:
        """Return the present load."""
        with self._changed:
            return BatchingStats(
                visitors=self._visitors,
                queued_requests=len(self._queue),
                running_batches=self._running,
            )

    def _patience(self) -> float:
        """Return this thread's patience in seconds, 0 outside `visit`."""
        patience: float = getattr(self._this_thread, "patience", 0.0)
        return patience

    def _wait_for_batch(self, request: _Request) -> list[_Request]:
        """Wait until the network is free, then return the batch this thread must run.

        The batch is empty if another thread has completed the request.
        """
        with self._changed:
            self._changed.wait_for(lambda: request.is_done or self._may_run(request))
            if request.is_done:
                return []
            self._running += 1
            if self.max_concurrent_calls == 1:
                return self._take_batch()
            self._queue.remove(request)
            # The next request is first in the queue now, and the runtime may take one more call.
            self._changed.notify_all()
            return [request]

    def _withdraw(self, request: _Request) -> None:
        """Remove the request of an interrupted thread. Later requests would wait for it forever."""
        with self._changed:
            if request in self._queue:
                self._queue.remove(request)
                self._changed.notify_all()

    def _may_run(self, request: _Request) -> bool:
        """Return whether this request's thread may run a batch now."""
        if self.max_concurrent_calls == 1:
            return not self._running
        first = min(self._queue, key=lambda queued: queued.due)
        return self._running < self.max_concurrent_calls and request is first

    def _take_batch(self) -> list[_Request]:
        """Remove a batch from the queue: the request that is due first, then those that fit beside it.

        The others are considered in the order of their due times.
        """
        if self._gather:
            self._changed.wait_for(self._is_complete, self._gather)
        batch: list[_Request] = []
        free_places = self.batch_size
        for request in sorted(self._queue, key=lambda queued: queued.due):
            is_first = not batch
            if is_first or len(request.images) <= free_places:
                batch.append(request)
                free_places -= len(request.images)
        self._queue = [request for request in self._queue if request not in batch]
        return batch

    def _is_complete(self) -> bool:
        """Return whether waiting cannot enlarge the batch."""
        queued_images = sum(len(request.images) for request in self._queue)
        is_full = queued_images >= self.batch_size
        every_visitor_has_queued = len(self._queue) >= self._visitors
        return is_full or every_visitor_has_queued

    def _run(self, batch: Sequence[_Request]) -> None:
        """Run a batch; if it fails, run each request alone, so that only the faulty one gets the error."""
        with CapturedError() as captured:
            output = self._runtime(_concatenate([request.images for request in batch]))
        if captured.error is not None:
            if len(batch) == 1:
                batch[0].error = captured.error
                return
            for request in batch:
                self._run([request])
            return
        start = 0
        for request in batch:
            end = start + len(request.images)
            request.output = LAANetOutput(
                output.fake_logit[start:end], output.heatmap_logits[start:end], None
            )
            start = end


def _concatenate(parts: Sequence[Tensor]) -> Tensor:
    """Concatenate images (N_i, 3, S, S) of one device to (N, 3, S, S), channels last in memory."""
    if len(parts) == 1:
        return parts[0]
    if parts[0].device.type != "cpu":
        return torch.cat(list(parts))
    # torch would wake all its threads for this small copy; NumPy runs it in the calling thread.
    channels_last = np.concatenate([part.permute(0, 2, 3, 1).numpy() for part in parts])
    return torch.from_numpy(channels_last).permute(0, 3, 1, 2)
