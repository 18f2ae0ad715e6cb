"""Dynamic batching: order of requests, sizes of batches, waiting, errors and interrupts."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from laanet_core.modeling.laanet import LAANet, LAANetOutput
from laanet_core.runtimes.base import Runtime
from laanet_core.runtimes.batching import BatchingRuntime
from laanet_core.runtimes.eager import EagerRuntime
from laanet_core.runtimes.openvino import OpenVINORuntime
from tests.core.runtimes.conftest import random_images, tiny_network


class BlockingRuntime(EagerRuntime):
    """Eager runtime that records the sizes of its batches and runs only while `unblocked` is set."""

    def __init__(
        self, *, batch_size: int = 4, gains_from_batching: bool = False, max_concurrent_calls: int = 1
    ) -> None:
        super().__init__(tiny_network())
        self.batch_size = batch_size
        self.gains_from_batching = gains_from_batching
        self.max_concurrent_calls = max_concurrent_calls
        self.unblocked = threading.Event()
        self.unblocked.set()
        self.batch_sizes: list[int] = []

    def __call__(self, images: Tensor) -> LAANetOutput:
        self.batch_sizes.append(len(images))
        assert self.unblocked.wait(60)
        return super().__call__(images)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


class Queue:
    """Callers that queue one after another while a first request of one image keeps the network busy."""

    def __init__(self, runtime: BlockingRuntime, pool: ThreadPoolExecutor) -> None:
        self.runtime = runtime
        self.batching = BatchingRuntime(runtime)
        self._pool = pool
        self._finished: list[str] = []
        runtime.unblocked.clear()
        self._callers = [pool.submit(self.batching, random_images(1))]
        wait_until(lambda: runtime.batch_sizes == [1])

    def add(self, name: str, count: int, *, patience: float = 0.0, requests: int = 1) -> None:
        """Add a caller that sends `requests` requests of `count` images one after another."""
        queued = self.batching.stats().queued_requests

        def send_requests() -> None:
            with self.batching.visit(patience=patience):
                for _ in range(requests):
                    self.batching(random_images(count))
            self._finished.append(name)

        self._callers.append(self._pool.submit(send_requests))
        wait_until(lambda: self.batching.stats().queued_requests == queued + 1)

    def drain(self) -> list[str]:
        """Unblock the network and return the callers' names in the order in which they finished."""
        self.runtime.unblocked.set()
        for caller in self._callers:
            caller.result(timeout=60)
        return self._finished


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(40) as threads:
        yield threads


@pytest.mark.parametrize("kind", [EagerRuntime, OpenVINORuntime])
def test_outputs_do_not_depend_on_the_batch(
    kind: Callable[[LAANet], Runtime], pool: ThreadPoolExecutor
) -> None:
    model = tiny_network()
    batching, eager = BatchingRuntime(kind(model)), EagerRuntime(model)
    requests = [random_images(1 + seed % 4, seed) for seed in range(40)]
    for images, output in zip(requests, pool.map(batching, requests), strict=True):
        expected = eager(images)
        assert (output.fake_logit - expected.fake_logit).abs().max() < 1e-4
        assert (output.heatmap_logits - expected.heatmap_logits).abs().max() < 1e-4


def test_requests_that_arrive_while_the_network_is_busy_share_the_next_batch(
    pool: ThreadPoolExecutor,
) -> None:
    queue = Queue(BlockingRuntime(batch_size=4), pool)
    for number in range(3):
        queue.add(str(number), 2)
    assert sorted(queue.drain()) == ["0", "1", "2"]
    assert queue.runtime.batch_sizes == [1, 4, 2]


def test_concurrent_calls_run_one_request_each(pool: ThreadPoolExecutor) -> None:
    runtime = BlockingRuntime(batch_size=4, max_concurrent_calls=2)
    batching = BatchingRuntime(runtime)
    runtime.unblocked.clear()
    callers = [pool.submit(batching, random_images(count)) for count in (1, 2)]
    wait_until(lambda: sorted(runtime.batch_sizes) == [1, 2])
    assert batching.stats().running_batches == 2
    callers += [pool.submit(batching, random_images(1)) for _ in range(2)]
    wait_until(lambda: batching.stats().queued_requests == 2)
    runtime.unblocked.set()
    assert [len(caller.result(timeout=60).fake_logit) for caller in callers] == [1, 2, 1, 1]
    assert sorted(runtime.batch_sizes) == [1, 1, 1, 2]


def test_many_concurrent_callers_get_their_own_outputs(pool: ThreadPoolExecutor) -> None:
    batching, eager = BatchingRuntime(BlockingRuntime(max_concurrent_calls=2)), EagerRuntime(tiny_network())
    requests = [random_images(1 + seed % 3, seed) for seed in range(120)]
    for images, output in zip(requests, pool.map(batching, requests), strict=True):
        assert torch.allclose(output.fake_logit, eager(images).fake_logit, atol=1e-5)


@pytest.mark.parametrize("max_concurrent_calls", [1, 2])
def test_the_request_of_an_interrupted_thread_leaves_the_queue(
    pool: ThreadPoolExecutor, max_concurrent_calls: int
) -> None:
    runtime = BlockingRuntime(max_concurrent_calls=max_concurrent_calls)
    batching = BatchingRuntime(runtime)
    runtime.unblocked.clear()
    running = [pool.submit(batching, random_images(1)) for _ in range(max_concurrent_calls)]
    wait_until(lambda: len(runtime.batch_sizes) == max_concurrent_calls)

    def interrupt_main_thread() -> None:
        wait_until(lambda: batching.stats().queued_requests == 1)
        # Time in which the main thread goes from the queue into its wait, which signals interrupt.
        time.sleep(0.1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    interrupter = pool.submit(interrupt_main_thread)
    with pytest.raises(KeyboardInterrupt):
        batching(random_images(3))
    interrupter.result(timeout=60)
    assert batching.stats().queued_requests == 0

    later = pool.submit(batching, random_images(2))
    runtime.unblocked.set()
    assert [len(caller.result(timeout=60).fake_logit) for caller in running] == [1] * max_concurrent_calls
    assert len(later.result(timeout=60).fake_logit) == 2


def test_many_requests_of_one_caller_do_not_delay_a_single_face(pool: ThreadPoolExecutor) -> None:
    queue = Queue(BlockingRuntime(batch_size=4), pool)
    queue.add("crowd", 4, requests=10)
    queue.add("face", 2)
    assert queue.drain() == ["face", "crowd"]
    assert queue.runtime.batch_sizes[1:3] == [4, 2]
    assert sum(queue.runtime.batch_sizes) == 1 + 40 + 2


def test_photos_overtake_clips_that_have_not_waited_long(pool: ThreadPoolExecutor) -> None:
    queue = Queue(BlockingRuntime(batch_size=2), pool)
    queue.add("clip", 2, patience=60)
    queue.add("photo", 1)
    queue.drain()
    assert queue.runtime.batch_sizes == [1, 1, 2]
    queue = Queue(BlockingRuntime(batch_size=2), pool)
    queue.add("clip", 2, patience=0.01)
    time.sleep(0.02)
    queue.add("photo", 1)
    queue.drain()
    assert queue.runtime.batch_sizes == [1, 2, 1]


@pytest.mark.parametrize(("gains_from_batching", "other_visitors"), [(False, 1), (True, 0)])
def test_a_batch_does_not_wait_if_waiting_gains_nothing(
    pool: ThreadPoolExecutor, gains_from_batching: bool, other_visitors: int
) -> None:
    batching = BatchingRuntime(BlockingRuntime(gains_from_batching=gains_from_batching), gather=60)
    stop = threading.Event()
    with batching.visit():
        others = [pool.submit(visit, batching, stop) for _ in range(other_visitors)]
        wait_until(lambda: batching.stats().visitors == 1 + other_visitors)
        started = time.monotonic()
        batching(random_images(1))
        assert time.monotonic() - started < 30
        stop.set()
        for other in others:
            other.result(timeout=60)


def test_a_batch_waits_for_visitors_that_have_not_queued_yet(pool: ThreadPoolExecutor) -> None:
    runtime = BlockingRuntime(gains_from_batching=True)
    batching = BatchingRuntime(runtime, gather=60)
    both_visit = threading.Barrier(2)

    def send_late_request() -> None:
        with batching.visit():
            both_visit.wait()
            wait_until(lambda: batching.stats().queued_requests == 1)
            batching(random_images(1))

    other = pool.submit(send_late_request)
    with batching.visit():
        both_visit.wait()
        batching(random_images(1))
    other.result(timeout=60)
    assert runtime.batch_sizes == [2]


def test_a_batch_waits_at_most_for_the_gather_time(pool: ThreadPoolExecutor) -> None:
    batching = BatchingRuntime(BlockingRuntime(gains_from_batching=True), gather=0.05)
    stop = threading.Event()
    other = pool.submit(visit, batching, stop)
    wait_until(lambda: batching.stats().visitors == 1)
    started = time.monotonic()
    with batching.visit():
        batching(random_images(1))
    assert 0.05 <= time.monotonic() - started < 30
    stop.set()
    other.result(timeout=60)


def test_an_error_is_raised_only_for_the_request_that_caused_it(pool: ThreadPoolExecutor) -> None:
    queue = Queue(BlockingRuntime(batch_size=4), pool)
    misshapen = random_images(1)[:, :, :32]
    callers = []
    for images in [random_images(1), misshapen, random_images(1)]:
        callers.append(pool.submit(queue.batching, images))
        wait_until(lambda: queue.batching.stats().queued_requests == len(callers))
    assert queue.drain() == []
    assert torch.equal(callers[0].result().fake_logit, callers[2].result().fake_logit)
    with pytest.raises(ValueError, match="images must have shape"):
        callers[1].result()
    assert len(queue.batching(random_images(2)).fake_logit) == 2


def visit(batching: BatchingRuntime, stop: threading.Event) -> None:
    with batching.visit():
        assert stop.wait(60)
