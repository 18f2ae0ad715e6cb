from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from laanet_core.media.prefetch import prefetch


def test_all_items_come_in_order() -> None:
    assert list(prefetch(range(100), 3)) == list(range(100))
    assert list(prefetch([], 1)) == []


def test_producer_runs_ahead_by_the_given_number_only() -> None:
    produced: list[int] = []

    def work() -> Generator[int]:
        for number in range(50):
            produced.append(number)
            yield number

    items = prefetch(work(), 2)
    next(items)
    deadline = time.monotonic() + 5
    while len(produced) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(produced) == 4  # one given, two ready, one in hand
    items.close()


def test_error_is_raised_after_the_items_before_it() -> None:
    def work() -> Generator[int]:
        yield 1
        raise LookupError("lost")

    items = prefetch(work(), 4)
    assert next(items) == 1
    with pytest.raises(LookupError, match="lost"):
        next(items)


def test_closing_the_iterator_ends_the_work_and_closes_its_source() -> None:
    closed: list[str] = []

    def work() -> Generator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append(threading.current_thread().name)

    items = prefetch(prefetch(work(), 1), 1)
    assert next(items) == 1
    items.close()
    assert closed == ["prefetch"]
    assert not [thread for thread in threading.enumerate() if thread.name == "prefetch"]
