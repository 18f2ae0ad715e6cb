"""One network, many callers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from laanet_core.modeling.laanet import LAANet, LAANetOutput
from laanet_core.runtimes.batching import Shared
from laanet_core.runtimes.eager import Eager
from laanet_core.runtimes.openvino import OpenVINO
from tests.core.conftest import TINY


def images(count: int, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, 64, 64, generator=torch.Generator().manual_seed(seed)) * 2 - 1


class Slow(Eager):
    """The network itself; notes what it was given together, and waits where it is told to."""

    def __init__(self, *, batch_size: int = 4, company: bool = False, side_by_side: int = 1) -> None:
        torch.manual_seed(0)
        super().__init__(LAANet(TINY).eval())
        self.batch_size, self.company, self.side_by_side = batch_size, company, side_by_side
        self.free = threading.Event()
        self.free.set()
        self.given: list[int] = []

    def __call__(self, images: Tensor) -> LAANetOutput:
        self.given.append(len(images))
        assert self.free.wait(60)
        return super().__call__(images)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


class Line:
    """Callers who come one after the other while the network is kept busy by somebody with one image."""

    def __init__(self, slow: Slow, pool: ThreadPoolExecutor) -> None:
        self.slow, self.shared, self._pool = slow, Shared(slow), pool
        self.finished: list[str] = []
        slow.free.clear()
        self._callers = [pool.submit(self.shared, images(1))]
        until(lambda: slow.given == [1])

    def come(self, name: str, count: int, *, patience: float = 0.0, parts: int = 1) -> None:
        """Stand in line `parts` times one after the other, as who has more faces than a batch holds."""
        there = len(self.shared._line)

        def ask() -> None:
            with self.shared.visit(patience=patience):
                for _ in range(parts):
                    self.shared(images(count))
            self.finished.append(name)

        self._callers.append(self._pool.submit(ask))
        until(lambda: len(self.shared._line) == there + 1)

    def done(self) -> list[str]:
        self.slow.free.set()
        for caller in self._callers:
            caller.result(timeout=60)
        return self.finished


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(40) as threads:
        yield threads


@pytest.mark.parametrize("kind", [Eager, OpenVINO])
def test_an_answer_does_not_depend_on_the_company(kind: type, pool: ThreadPoolExecutor) -> None:
    torch.manual_seed(0)
    model = LAANet(TINY).eval()
    shared, alone = Shared(kind(model)), Eager(model)
    asked = [images(1 + seed % 4, seed) for seed in range(40)]
    for given, answer in zip(asked, pool.map(shared, asked), strict=True):
        expected = alone(given)
        assert (answer.fake_logit - expected.fake_logit).abs().max() < 1e-4
        assert (answer.heatmap_logits - expected.heatmap_logits).abs().max() < 1e-4


def test_who_comes_while_the_network_is_at_work_shares_the_next_batch(pool: ThreadPoolExecutor) -> None:
    line = Line(Slow(batch_size=4), pool)
    for number in range(3):
        line.come(str(number), 2)
    assert sorted(line.done()) == ["0", "1", "2"]
    assert line.slow.given == [1, 4, 2]


def test_a_network_that_can_judges_several_callers_side_by_side_each_for_himself(
    pool: ThreadPoolExecutor,
) -> None:
    slow = Slow(batch_size=4, side_by_side=2)
    shared = Shared(slow)
    slow.free.clear()
    callers = [pool.submit(shared, images(count)) for count in (1, 2)]
    until(lambda: sorted(slow.given) == [1, 2])  # both are at work
    callers += [pool.submit(shared, images(1)) for _ in range(2)]
    until(lambda: len(shared._line) == 2)
    slow.free.set()
    assert [len(caller.result(timeout=60).fake_logit) for caller in callers] == [1, 2, 1, 1]
    assert sorted(slow.given) == [1, 1, 1, 2]


def test_many_callers_side_by_side_all_get_their_own_answers(pool: ThreadPoolExecutor) -> None:
    slow = Slow(side_by_side=2)
    shared, alone = Shared(slow), Eager(slow._model)
    asked = [images(1 + seed % 3, seed) for seed in range(120)]
    for given, answer in zip(asked, pool.map(shared, asked), strict=True):
        assert torch.allclose(answer.fake_logit, alone(given).fake_logit, atol=1e-5)


@pytest.mark.parametrize("side_by_side", [1, 2])
def test_nobody_waits_for_who_was_interrupted_in_the_line(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, side_by_side: int
) -> None:
    shared = Shared(Slow(side_by_side=side_by_side))

    def interrupted(_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(shared, "_is_free", interrupted)
    with pytest.raises(KeyboardInterrupt):
        shared(images(1))
    monkeypatch.undo()
    assert len(pool.submit(shared, images(2)).result(timeout=60).fake_logit) == 2


def test_a_crowd_does_not_hold_a_face_up(pool: ThreadPoolExecutor) -> None:
    line = Line(Slow(batch_size=4), pool)
    line.come("crowd", 4, parts=10)
    line.come("face", 2)
    assert line.done() == ["face", "crowd"]
    assert line.slow.given[1:3] == [4, 2]
    assert sum(line.slow.given) == 1 + 40 + 2


def test_pictures_go_before_clips_that_have_not_waited_long(pool: ThreadPoolExecutor) -> None:
    line = Line(Slow(batch_size=2), pool)
    line.come("clip", 2, patience=60)
    line.come("picture", 2)
    assert line.done() == ["picture", "clip"]
    line = Line(Slow(batch_size=2), pool)
    line.come("clip", 2, patience=0.01)
    time.sleep(0.02)
    line.come("picture", 2)
    assert line.done() == ["clip", "picture"]


def test_nobody_waits_for_others_where_company_gains_nothing_or_nobody_is_there(
    pool: ThreadPoolExecutor,
) -> None:
    for slow, others in ((Slow(company=False), 1), (Slow(company=True), 0)):
        shared = Shared(slow, gather=60)
        with shared.visit():
            threads = [pool.submit(_present, shared, stop := threading.Event()) for _ in range(others)]
            until(lambda shared=shared, others=others: shared._present == 1 + others)  # type: ignore[misc]
            began = time.monotonic()
            shared(images(1))
            assert time.monotonic() - began < 30
            if others:
                stop.set()
                threads[0].result()


def test_a_batch_waits_a_moment_for_who_is_on_the_way(pool: ThreadPoolExecutor) -> None:
    slow = Slow(company=True)
    shared = Shared(slow, gather=60)
    ready = threading.Barrier(2)

    def late() -> None:
        with shared.visit():
            ready.wait()
            until(lambda: len(shared._line) == 1)
            shared(images(1))

    other = pool.submit(late)
    with shared.visit():
        ready.wait()
        shared(images(1))
    other.result(timeout=60)
    assert slow.given == [2]


def test_it_waits_no_longer_than_allowed(pool: ThreadPoolExecutor) -> None:
    shared = Shared(Slow(company=True), gather=0.05)
    stop = threading.Event()
    other = pool.submit(_present, shared, stop)
    until(lambda: shared._present == 1)
    began = time.monotonic()
    with shared.visit():
        shared(images(1))
    assert 0.05 <= time.monotonic() - began < 30
    stop.set()
    other.result()


def test_an_error_is_that_of_whoever_caused_it(pool: ThreadPoolExecutor) -> None:
    line = Line(Slow(batch_size=4), pool)
    spoiled: Sequence[Tensor] = [images(1), images(1)[:, :, :32], images(1)]
    answers = []
    for number, given in enumerate(spoiled):
        answers.append(pool.submit(line.shared, given))
        until(lambda number=number: len(line.shared._line) == number + 1)  # type: ignore[misc]
    assert line.done() == []
    assert torch.equal(answers[0].result().fake_logit, answers[2].result().fake_logit)
    with pytest.raises(ValueError, match="images must have shape"):
        answers[1].result()
    assert len(line.shared(images(2)).fake_logit) == 2


def _present(shared: Shared, stop: threading.Event) -> None:
    with shared.visit():
        assert stop.wait(60)
